// RequestMeter: asks for addresses on an Ethernet link, and takes the time to
// each answer.
//
// ARP requests or neighbour solicitations, broadcast or multicast, as clients
// send them. Its thread spins, so that it measures the answerer and not the
// time until its own thread wakes up. Every request has another asker, so that
// each answer shows its request.
#ifndef TESTS_NETNS_REQUEST_METER_H_
#define TESTS_NETNS_REQUEST_METER_H_

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lb/net/ip_address.h"
#include "tests/netns/raw_socket.h"

namespace lb::netns {

struct Timing {
  std::vector<absl::Duration> answers;
  uint64_t unanswered = 0;  // Within kAnswerMax.

  void Add(const Timing& other);
  absl::Duration Percentile(double percent) const;
};

struct Throughput {
  uint64_t sent = 0;
  uint64_t answered = 0;
  uint64_t unread = 0;  // Answers that the meter was too slow to take.
  absl::Duration time;
};

inline constexpr absl::Duration kAnswerMax = absl::Milliseconds(10);

class RequestMeter {
 public:
  static absl::StatusOr<RequestMeter> Create(const std::string& interface,
                                             net::IpFamily family);

  // Sends a request, waits for its answer and for `gap`, and repeats.
  Timing AskOneByOne(const net::IpAddress& target, int count,
                     absl::Duration gap);
  // Sends `count` requests at `rate` per second, without waiting for answers.
  Timing AskAtRate(const net::IpAddress& target, int count, int rate);
  // Sends requests for all targets in turn, at `rate` per second, and counts
  // the answers.
  Throughput Flood(absl::Span<const net::IpAddress> targets, int rate,
                   absl::Duration time);

 private:
  static constexpr size_t kAskers = 200;

  RequestMeter(RawSocket socket, net::IpFamily family)
      : socket_(std::move(socket)), family_(family) {}

  std::vector<uint8_t> Request(const net::IpAddress& target,
                               size_t asker) const;
  void Ask(absl::Span<const uint8_t> request, size_t asker);
  // Takes the answers that have come, and returns their number.
  size_t TakeAnswers(Timing* timing);
  void GiveUp(Timing* timing);

  RawSocket socket_;
  const net::IpFamily family_;
  std::array<absl::Time, kAskers> asked_ = {};  // Epoch: not waiting.
};

}  // namespace lb::netns

#endif  // TESTS_NETNS_REQUEST_METER_H_

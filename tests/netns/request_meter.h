// RequestMeter: asks for addresses on an Ethernet link, and takes the time to
// each answer.
//
// ARP requests or neighbour solicitations, broadcast or multicast, as clients
// send them. Its thread spins: what it measures is the answerer, not how long
// its own thread takes to wake up. Every request is from another asker, so that
// its answer is known by whom it is for.
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

  // One request, its answer, `gap`, the next.
  Timing AskOneByOne(const net::IpAddress& target, int count,
                     absl::Duration gap);
  // `count` requests at `rate` per second, whatever the answers do.
  Timing AskAtRate(const net::IpAddress& target, int count, int rate);
  // For all targets in turn, at `rate` per second, and counts the answers.
  Throughput Flood(absl::Span<const net::IpAddress> targets, int rate,
                   absl::Duration time);

 private:
  static constexpr size_t kAskers = 200;

  RequestMeter(RawSocket socket, net::IpFamily family)
      : socket_(std::move(socket)), family_(family) {}

  std::vector<uint8_t> Request(const net::IpAddress& target,
                               size_t asker) const;
  void Ask(absl::Span<const uint8_t> request, size_t asker);
  // Takes the answers that have come; how many.
  size_t TakeAnswers(Timing* timing);
  void GiveUp(Timing* timing);

  RawSocket socket_;
  const net::IpFamily family_;
  std::array<absl::Time, kAskers> asked_ = {};  // Epoch: not waiting.
};

}  // namespace lb::netns

#endif  // TESTS_NETNS_REQUEST_METER_H_

// AnswerBudget: bounds the bytes and answers that one address can cause.
//
// A node answers pings and indirect pings of any sender, and a sender can forge
// its address. One of each is answered per datagram: a real sender never puts
// two into one, an attacker puts hundreds. The bytes sent because of an address
// are at most kBytesPerByte times the bytes that came from it, whatever their
// destination, so the node is no amplifier. There are at most kAnswersPerSecond
// answers, each of which costs some ten microseconds. A real member is far
// below both bounds: its pings and gossip are larger than the acks.
//
// Plain state; no clock.
#ifndef LB_GOSSIP_ANSWER_BUDGET_H_
#define LB_GOSSIP_ANSWER_BUDGET_H_

#include <cstddef>
#include <utility>

#include "absl/time/time.h"
#include "lb/gossip/source_buckets.h"
#include "lb/net/ip_address.h"

namespace lb::gossip {

class AnswerBudget {
 public:
  static constexpr double kBytesPerByte = 1.5;
  static constexpr double kAnswersPerSecond = 1000;
  static constexpr double kBytesMax = 16384;  // Saved up.

  // A datagram came.
  void OnReceived(absl::Time now, const net::IpAddress& from, size_t bytes) {
    bytes_.Give(now, from, kBytesPerByte * static_cast<double>(bytes));
    is_ping_begun_ = false;
    is_relay_begun_ = false;
  }
  // False: the datagram has had one.
  bool BeginPing() { return !std::exchange(is_ping_begun_, true); }
  bool BeginRelay() { return !std::exchange(is_relay_begun_, true); }
  // False: what `from` asks for, of `bytes` in all, is not to be sent.
  bool Take(absl::Time now, const net::IpAddress& from, size_t bytes) {
    return answers_.Take(now, from, 1) &&
           bytes_.Take(now, from, static_cast<double>(bytes));
  }

 private:
  bool is_ping_begun_ = false;
  bool is_relay_begun_ = false;
  SourceBuckets answers_{{.per_second = kAnswersPerSecond,
                          .most = kAnswersPerSecond,
                          .at_first = kAnswersPerSecond}};
  SourceBuckets bytes_{{.per_second = 0, .most = kBytesMax, .at_first = 0}};
};

}  // namespace lb::gossip

#endif  // LB_GOSSIP_ANSWER_BUDGET_H_

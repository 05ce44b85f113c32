// Relocation: the messages by which a node tells that it changed its address,
// their receivers, and their number.
//
// Members refuse another address of a node that is up; memberlist accepts one
// of a node that left. So the node leaves under an incarnation of its own, the
// goodbye, and comes back at the new address under the next one. A member that
// gets both together sees a move, not a failure. A member that knows the next
// incarnation ignores the goodbye, so it may be repeated without end.
//
// Part of the core: no I/O; see Roster.
#ifndef LB_GOSSIP_RELOCATION_H_
#define LB_GOSSIP_RELOCATION_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "lb/net/endpoint.h"

namespace lb::gossip {

class Relocation {
 public:
  // Addresses that are remembered; the oldest go first.
  static constexpr size_t kFormerMax = 8;
  // How often each member is told unasked: datagrams are lost, and memberlist
  // looks at nodes that came back before it looks at those that left.
  static constexpr int kTellings = 5;

  explicit Relocation(std::vector<net::Endpoint> former)
      : former_(std::move(former)) {}

  // Was `endpoint` ours before?
  bool IsFormer(const net::Endpoint& endpoint) const {
    return std::find(former_.begin(), former_.end(), endpoint) != former_.end();
  }
  // True if there is an address at which the node has not left yet.
  bool owes_goodbye() const {
    return !held_ && goodbye_ == 0 && !former_.empty();
  }
  // While another host may have this node's name there (NameCheck), the node
  // does not tell its move. `claimed`: the incarnation that others know.
  void Hold() { held_ = true; }
  void Release() { held_ = false; }
  bool held() const { return held_; }
  void NoteClaim(uint32_t claimed) { claimed_ = std::max(claimed_, claimed); }
  uint32_t claimed() const { return claimed_; }  // 0: none.
  // The incarnation of the goodbye; 0: there was none.
  uint32_t goodbye() const { return goodbye_; }

  void OnMoved(const net::Endpoint& from, const net::Endpoint& to) {
    held_ = false;
    std::erase(former_, to);
    std::erase(former_, from);
    former_.push_back(from);
    if (former_.size() > kFormerMax) former_.erase(former_.begin());
  }
  void SayGoodbye(absl::Time now, uint32_t incarnation) {
    goodbye_ = incarnation;
    tellings_left_ = kTellings;
    due_ = now;
  }

  // When all are to be told.
  absl::Time due() const { return due_; }
  // They are told now, and again after `interval`.
  void OnTold(absl::Time now, absl::Duration interval) {
    --tellings_left_;
    due_ = tellings_left_ > 0 ? now + interval : absl::InfiniteFuture();
  }

 private:
  std::vector<net::Endpoint> former_;
  bool held_ = false;
  uint32_t claimed_ = 0;
  uint32_t goodbye_ = 0;
  int tellings_left_ = 0;
  absl::Time due_ = absl::InfiniteFuture();
};

}  // namespace lb::gossip

#endif  // LB_GOSSIP_RELOCATION_H_

// FrameOutbox: the frames that wait to be sent, and what was sent and received
// for each address.
//
// Replies beyond the maximum are refused; for frames that are sent unasked the
// caller asks is_full() first. Pure bookkeeping.
#ifndef LB_ANNOUNCE_FRAME_OUTBOX_H_
#define LB_ANNOUNCE_FRAME_OUTBOX_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "lb/announce/announcement_plan.h"
#include "lb/announce/announcer_output.h"
#include "lb/announce/segment.h"
#include "lb/net/ip_address.h"

namespace lb::announce {

class FrameOutbox {
 public:
  explicit FrameOutbox(size_t frames_max) : frames_max_(frames_max) {}

  // Counts for the address from now on; no effect if it does already.
  void Hold(const net::IpAddress& vip) { counters_.try_emplace(vip); }
  // Forgets its counters.
  void Release(const net::IpAddress& vip) { counters_.erase(vip); }

  bool is_full() const { return frames_.size() >= frames_max_; }
  // Queues the answer to a question. False: there is no room.
  // REQUIRES: the address is held.
  bool AddReply(const std::string& interface, const net::IpAddress& vip,
                std::vector<uint8_t> reply);
  // Queues a frame, and counts it if the address is held: no decoy is.
  void AddUnasked(const std::string& interface, UnaskedFrame frame);
  // Counts a conflict. REQUIRES: the address is held.
  void CountConflict(const net::IpAddress& vip) {
    ++counters_.at(vip).conflicts_seen;
  }

  // Takes off what waits for the announcement, or for all.
  void Drop(const Announcement& announcement);
  void Clear() { frames_.clear(); }
  // In the order to send them.
  std::vector<OutgoingFrame> Take() { return std::exchange(frames_, {}); }

  // The counters of the held addresses.
  const absl::btree_map<net::IpAddress, AddressCounters>& counters() const {
    return counters_;
  }

 private:
  const size_t frames_max_;
  std::vector<OutgoingFrame> frames_;  // At most frames_max_ and one burst.
  absl::btree_map<net::IpAddress, AddressCounters> counters_;
};

}  // namespace lb::announce

#endif  // LB_ANNOUNCE_FRAME_OUTBOX_H_

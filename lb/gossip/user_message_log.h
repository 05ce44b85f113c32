// UserMessageLog: user messages that every member is to be sent.
//
// A log with one cursor per member: each message is sent to each member once,
// in order, as packets have room; when all have got it, it goes to the end of
// the log again until it was sent `copies` times. Unlike random gossip no
// member is left out by chance, and no receiver needs to pass anything on.
//
// Bounded by messages; a full log refuses.
#ifndef LB_GOSSIP_USER_MESSAGE_LOG_H_
#define LB_GOSSIP_USER_MESSAGE_LOG_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "lb/gossip/broadcast_queue.h"
#include "lb/gossip/wire/messages.h"

namespace lb::gossip {

class UserMessageLog {
 public:
  // REQUIRES: copies >= 1.
  UserMessageLog(size_t messages_max, int copies)
      : messages_max_(messages_max), copies_(copies) {}

  // `message` is ready for a packet. False: the log is full.
  bool Append(wire::Bytes message);

  // The messages after `cursor` that fit into `room`; moves both on.
  std::vector<wire::Bytes> Take(uint64_t& cursor, PacketRoom& room) const;

  // Every member is at `cursor` or further.
  void AllReached(uint64_t cursor);

  // The cursor of a member that has got everything.
  uint64_t end() const { return end_; }
  bool empty() const { return messages_.empty(); }
  size_t size() const { return messages_.size(); }

 private:
  struct Entry {
    wire::Bytes message;
    int copies_left = 0;  // This one included.
  };

  const size_t messages_max_;
  const int copies_;
  std::deque<Entry> messages_;  // Numbers end_ - size() + 1 .. end_.
  uint64_t end_ = 0;
};

}  // namespace lb::gossip

#endif  // LB_GOSSIP_USER_MESSAGE_LOG_H_

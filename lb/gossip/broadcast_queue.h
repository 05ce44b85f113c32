// BroadcastQueue: membership messages on their way to everybody.
//
// Each message rides on packets until it was sent a given number of times. The
// least sent go first, among them the largest that fits, among equals the
// newest. A message about a node replaces the older one about it.
//
// Bounded: a message too many drops the one that was sent most.
#ifndef LB_GOSSIP_BROADCAST_QUEUE_H_
#define LB_GOSSIP_BROADCAST_QUEUE_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "lb/gossip/wire/messages.h"

namespace lb::gossip {

// The room in one packet.
struct PacketRoom {
  size_t bytes = 0;
  size_t parts = 0;
};

// What each message in a compound costs besides its own bytes.
inline constexpr size_t kPartOverhead = 2;

class BroadcastQueue {
 public:
  explicit BroadcastQueue(size_t items_max) : items_max_(items_max) {}

  // Queues `message`, which is about the node `name`. False: another message
  // was dropped for it.
  bool Push(std::string_view name, wire::Bytes message);

  // The messages for one packet, counted as sent once; out of the queue after
  // `transmit_limit` times. Takes what they need from `room`.
  std::vector<wire::Bytes> Take(PacketRoom& room, int transmit_limit);

  bool Contains(std::string_view name) const {
    return keys_.find(name) != keys_.end();
  }
  bool empty() const { return items_.empty(); }
  size_t size() const { return items_.size(); }

 private:
  struct Key {  // In the order of sending.
    int transmits = 0;
    size_t size = 0;
    uint64_t id = 0;

    friend bool operator<(const Key& a, const Key& b) {
      if (a.transmits != b.transmits) return a.transmits < b.transmits;
      if (a.size != b.size) return a.size > b.size;
      return a.id > b.id;
    }
  };
  struct Item {
    std::string name;
    wire::Bytes message;
  };

  const size_t items_max_;
  uint64_t last_id_ = 0;
  std::map<Key, Item> items_;
  std::map<std::string, Key, std::less<>> keys_;  // Of `items_`, by name.
};

}  // namespace lb::gossip

#endif  // LB_GOSSIP_BROADCAST_QUEUE_H_

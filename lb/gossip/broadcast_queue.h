// BroadcastQueue: membership messages on their way to all members.
//
// Each message rides on packets until it was sent a given number of times. The
// least sent go first, among them the largest that fits, among equals the
// newest. A message about a node replaces the older one about it. Hearsay is
// gossip about unverified nodes. It is taken by itself, so that it can go
// behind all other messages: thousands of invented nodes then delay nothing.
//
// Bounded: a message too many drops the one that was sent most, hearsay first.
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

// Bytes that each message in a compound costs besides its own.
inline constexpr size_t kPartOverhead = 2;

enum class Weight { kNews, kHearsay };

class BroadcastQueue {
 public:
  explicit BroadcastQueue(size_t items_max) : items_max_(items_max) {}

  // Queues `message`, which is about the node `name`. False: another message
  // was dropped for it.
  bool Push(std::string_view name, wire::Bytes message,
            Weight weight = Weight::kNews);
  // Makes news of the hearsay about `name`, if there is any.
  void Confirm(std::string_view name);

  // The messages of that weight for one packet, counted as sent once; out of
  // the queue after `transmit_limit` times. Takes what they need from `room`.
  std::vector<wire::Bytes> Take(PacketRoom& room, int transmit_limit,
                                Weight weight);

  bool Contains(std::string_view name) const {
    return keys_.find(name) != keys_.end();
  }
  bool empty() const { return items_.empty(); }
  size_t size() const { return items_.size(); }

 private:
  // Hearsay's tiers come after all others.
  static constexpr int kFirstHearsayTier = 1 << 20;
  static constexpr int FirstTier(Weight weight) {
    return weight == Weight::kNews ? 0 : kFirstHearsayTier;
  }
  struct Key {     // In the order of sending.
    int tier = 0;  // How often it was sent, from the first tier of its weight.
    size_t size = 0;
    uint64_t id = 0;

    int transmits() const { return tier % kFirstHearsayTier; }
    Weight weight() const {
      return tier < kFirstHearsayTier ? Weight::kNews : Weight::kHearsay;
    }
    friend bool operator<(const Key& a, const Key& b) {
      if (a.tier != b.tier) return a.tier < b.tier;
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
  std::map<std::string, Key, std::less<>> keys_;  // Keys of `items_`, by name.
};

}  // namespace lb::gossip

#endif  // LB_GOSSIP_BROADCAST_QUEUE_H_

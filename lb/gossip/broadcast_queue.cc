#include "lb/gossip/broadcast_queue.h"

#include <iterator>
#include <limits>
#include <utility>

namespace lb::gossip {

bool BroadcastQueue::Push(std::string_view name, wire::Bytes message,
                          Weight weight) {
  if (const auto old = keys_.find(name); old != keys_.end()) {
    items_.erase(old->second);
    keys_.erase(old);
  }
  const Key key{
      .tier = FirstTier(weight), .size = message.size(), .id = ++last_id_};
  items_.emplace(key, Item{std::string(name), std::move(message)});
  keys_.emplace(name, key);
  if (items_.size() <= items_max_) return true;
  const auto most_sent = std::prev(items_.end());
  keys_.erase(most_sent->second.name);
  items_.erase(most_sent);
  return false;
}

void BroadcastQueue::Confirm(std::string_view name) {
  const auto found = keys_.find(name);
  if (found == keys_.end()) return;
  auto node = items_.extract(found->second);
  found->second.tier = found->second.transmits();
  node.key() = found->second;
  items_.insert(std::move(node));
}

std::vector<wire::Bytes> BroadcastQueue::Take(PacketRoom& room,
                                              int transmit_limit,
                                              Weight weight) {
  std::vector<wire::Bytes> taken;
  std::vector<std::pair<Key, Item>> again;
  int tier = FirstTier(weight);
  while (room.parts > 0 && room.bytes > kPartOverhead) {
    // The first item of this tier that fits, or any of a later one.
    const auto found =
        items_.lower_bound({.tier = tier,
                            .size = room.bytes - kPartOverhead,
                            .id = std::numeric_limits<uint64_t>::max()});
    if (found == items_.end() || found->first.weight() != weight) break;
    if (found->first.tier != tier) {
      tier = found->first.tier;
      continue;
    }
    auto node = items_.extract(found);
    Key key = node.key();
    taken.push_back(node.mapped().message);
    room.bytes -= key.size + kPartOverhead;
    --room.parts;
    ++key.tier;
    if (key.transmits() >= transmit_limit) {
      keys_.erase(node.mapped().name);
    } else {
      again.emplace_back(key, std::move(node.mapped()));
    }
  }
  for (auto& [key, item] : again) {
    keys_.find(item.name)->second = key;
    items_.emplace(key, std::move(item));
  }
  return taken;
}

}  // namespace lb::gossip

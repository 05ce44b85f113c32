#include "lb/gossip/user_message_log.h"

#include <algorithm>
#include <utility>

namespace lb::gossip {

bool UserMessageLog::Append(wire::Bytes message) {
  if (messages_.size() >= messages_max_) return false;
  messages_.push_back({std::move(message), copies_});
  ++end_;
  return true;
}

std::vector<wire::Bytes> UserMessageLog::Take(uint64_t& cursor,
                                              PacketRoom& room) const {
  std::vector<wire::Bytes> taken;
  const uint64_t before_first = end_ - messages_.size();
  cursor = std::max(cursor, before_first);
  while (cursor < end_ && room.parts > 0) {
    const wire::Bytes& message = messages_[cursor - before_first].message;
    if (message.size() + kPartOverhead > room.bytes) break;
    room.bytes -= message.size() + kPartOverhead;
    --room.parts;
    taken.push_back(message);
    ++cursor;
  }
  return taken;
}

void UserMessageLog::AllReached(uint64_t cursor) {
  while (!messages_.empty() && end_ - messages_.size() < cursor) {
    Entry entry = std::move(messages_.front());
    messages_.pop_front();
    if (--entry.copies_left < 1) continue;
    messages_.push_back(std::move(entry));
    ++end_;
  }
}

}  // namespace lb::gossip

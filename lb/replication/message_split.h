// SplitIntoMessages: puts records, in their order, into as few messages as hold
// them.
//
// `Draft` is a message that is being filled:
//
//   struct Draft {
//     // False: the message would be larger than `size_max`; nothing was added.
//     bool Add(std::string_view item, size_t size_max);
//     bool is_empty() const;
//     std::string Serialize();
//   };
#ifndef LB_REPLICATION_MESSAGE_SPLIT_H_
#define LB_REPLICATION_MESSAGE_SPLIT_H_

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace lb::replication {

struct SplitMessages {
  std::vector<std::string> messages;  // Each at most `size_max` bytes long.
  size_t left_out = 0;                // Items that alone exceed `size_max`.
};

template <typename Draft, typename Items>
SplitMessages SplitIntoMessages(const Items& items, size_t size_max) {
  SplitMessages split;
  Draft draft;
  for (const auto& item : items) {
    if (draft.Add(item, size_max)) continue;
    Draft next;
    if (!next.Add(item, size_max)) {
      ++split.left_out;
      continue;
    }
    split.messages.push_back(draft.Serialize());
    draft = std::move(next);
  }
  if (!draft.is_empty()) split.messages.push_back(draft.Serialize());
  return split;
}

}  // namespace lb::replication

#endif  // LB_REPLICATION_MESSAGE_SPLIT_H_

#include "lb/announce/cross_hearing.h"

#include <algorithm>

namespace lb::announce {

void CrossHearing::OnHeard(absl::Time now, const std::string& sender,
                           const std::string& receiver) {
  const auto [it, is_new] = heard_.try_emplace(std::minmax(sender, receiver));
  it->second.sender = sender;
  it->second.at = now;
  if (is_new) it->second.ask_at = now + kAskAgain;
}

void CrossHearing::KeepOnly(const absl::btree_set<std::string>& usable) {
  std::erase_if(heard_, [&](const auto& known) {
    return !usable.contains(known.first.first) ||
           !usable.contains(known.first.second);
  });
}

absl::btree_set<std::string> CrossHearing::TakeDue(absl::Time now) {
  std::erase_if(heard_, [now](const auto& known) {
    return now - known.second.at >= kOver;
  });
  absl::btree_set<std::string> due;
  for (auto& [pair, heard] : heard_) {
    if (now < heard.ask_at) continue;
    heard.ask_at = now + kAskAgain;
    due.insert(heard.sender);
  }
  return due;
}

absl::Time CrossHearing::NextDeadline() const {
  absl::Time next = absl::InfiniteFuture();
  for (const auto& [pair, heard] : heard_) next = std::min(next, heard.ask_at);
  return next;
}

std::vector<InterfacePair> CrossHearing::PairsAt(absl::Time now) const {
  std::vector<InterfacePair> pairs;
  for (const auto& [pair, heard] : heard_) {
    if (now - heard.at < kOver) pairs.push_back(pair);
  }
  return pairs;
}

}  // namespace lb::announce

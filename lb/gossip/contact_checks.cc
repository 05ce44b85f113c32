#include "lb/gossip/contact_checks.h"

#include <algorithm>

namespace lb::gossip {

void ContactChecks::Begin(absl::Time now, const Member& member) {
  if (!state_.options.probe.contact_checks) return;
  if (running_.size() + lost_.size() >= kMax) return;
  running_.try_emplace(member.name, Check{member.endpoint, now, {}});
}

void ContactChecks::End(std::string_view member) {
  if (const auto check = running_.find(member); check != running_.end()) {
    running_.erase(check);
  }
  if (const auto name = lost_.find(member); name != lost_.end()) {
    lost_.erase(name);
    state_.events.push_back(ContactEvent{std::string(member), true});
  }
}

bool ContactChecks::OnAck(uint32_t sequence) {
  const auto check = std::find_if(
      running_.begin(), running_.end(), [sequence](const auto& one) {
        const std::vector<uint32_t>& sent = one.second.sent;
        return std::find(sent.begin(), sent.end(), sequence) != sent.end();
      });
  if (check == running_.end()) return false;
  running_.erase(check);
  return true;
}

void ContactChecks::OnTimer(absl::Time now) {
  const absl::Duration timeout = state_.options.probe.timeout;
  for (auto check = running_.begin(); check != running_.end();) {
    auto& [name, state] = *check;
    if (state.due > now) {
      ++check;
      continue;
    }
    if (state.sent.size() == kPings) {
      lost_.insert(name);
      state_.events.push_back(ContactEvent{name, false});
      check = running_.erase(check);
      continue;
    }
    state.sent.push_back(state_.numbers.Next());
    state_.outbox.SendPlain(state.endpoint,
                            state_.outbox.PingFor(name, state.sent.back()));
    const bool is_last = state.sent.size() == kPings;
    state.due = now + (is_last ? 2 * timeout : timeout);
    ++check;
  }
}

absl::Time ContactChecks::NextDeadline() const {
  absl::Time next = absl::InfiniteFuture();
  for (const auto& [name, check] : running_) next = std::min(next, check.due);
  return next;
}

void ContactChecks::Shift(absl::Duration by) {
  for (auto& [name, check] : running_) check.due += by;
}

}  // namespace lb::gossip

#include "lb/gossip/gossip_rounds.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/types/span.h"
#include "fmt/format.h"
#include "lb/base/status_macros.h"
#include "lb/gossip/member_table.h"
#include "lb/gossip/skip_past.h"

namespace lb::gossip {
namespace {

// Members that are sent user messages in one gossip interval: a tenth of those
// that wait, between gossip_nodes and this maximum.
constexpr size_t kUserFanoutMax = 64;

}  // namespace

GossipRounds::GossipRounds(SharedState& state, absl::Time now)
    : state_(state),
      user_messages_(state.options.dissemination.user_messages_max,
                     state.options.dissemination.user_transmits),
      next_(now +
            state.prng.UniformDuration(state.options.dissemination.interval)) {}

absl::Status GossipRounds::QueueUserMessage(absl::Time now,
                                            wire::Bytes payload) {
  LB_ASSIGN_OR_RETURN(wire::Bytes message,
                      state_.outbox.EncodeUserMessage(std::move(payload)));
  CatchUp(now);
  if (!user_messages_.Append(std::move(message))) {
    ++state_.counters.overflow.user_messages;
    return absl::ResourceExhaustedError(
        fmt::format("user messages: {} wait, want less",
                    state_.options.dissemination.user_messages_max));
  }
  RunAtOnce(now);
  return absl::OkStatus();
}

// Further messages within the same interval wait for the clock.
void GossipRounds::RunAtOnce(absl::Time now) {
  if (now - ran_at_once_ < state_.options.dissemination.interval) return;
  ran_at_once_ = now;
  Run(now);
}

void GossipRounds::OnTimer(absl::Time now) {
  if (next_ > now) return;
  SkipPast(now, state_.options.dissemination.interval, next_);
  Run(now);
}

void GossipRounds::CatchUp(absl::Time now) {
  if (!HasGossip()) SkipPast(now, state_.options.dissemination.interval, next_);
}

absl::Time GossipRounds::NextDeadline() const {
  return HasGossip() ? next_ : absl::InfiniteFuture();
}

bool GossipRounds::HasGossip() const {
  // Messages about this node wait for the first receiver; user messages are for
  // verified members.
  return !user_messages_.empty() || (state_.roster.table().size() > 1 &&
                                     !state_.roster.broadcasts().empty());
}

void GossipRounds::Run(absl::Time now) {
  if (!state_.roster.broadcasts().empty()) {
    const auto targets = state_.roster.table().SampleOthers(
        state_.options.dissemination.nodes, state_.roster.self().name,
        [&](const NodeRecord& record) {
          return record.is_up() ||
                 (record.state == wire::NodeState::kDead &&
                  now - record.since <=
                      state_.options.dissemination.to_the_dead_time);
        });
    for (NodeRecord* const target : targets) {
      state_.outbox.GossipTo(*target, user_messages_);
    }
  }
  SendUserMessages();
}

void GossipRounds::SendUserMessages() {
  if (user_messages_.empty()) return;
  uint64_t reached_by_all = user_messages_.end();
  std::vector<NodeRecord*> behind;
  for (NodeRecord* const record : state_.roster.table().verified()) {
    if (!record->is_up() || state_.roster.IsSelf(record->name())) continue;
    reached_by_all = std::min(reached_by_all, record->user_cursor);
    if (record->user_cursor < user_messages_.end()) behind.push_back(record);
  }
  user_messages_.AllReached(reached_by_all);
  state_.prng.Shuffle(absl::MakeSpan(behind));
  const size_t fanout = std::clamp<size_t>(
      behind.size() / 10, state_.options.dissemination.nodes,
      std::max<size_t>(kUserFanoutMax, state_.options.dissemination.nodes));
  if (behind.size() > fanout) behind.resize(fanout);
  for (NodeRecord* const record : behind) {
    state_.outbox.GossipTo(*record, user_messages_);
  }
}

}  // namespace lb::gossip

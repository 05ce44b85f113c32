#include "lb/gossip/exchange_schedule.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "lb/gossip/dissemination.h"
#include "lb/gossip/member_table.h"
#include "lb/gossip/own_requests.h"
#include "lb/gossip/skip_past.h"

namespace lb::gossip {

ExchangeSchedule::ExchangeSchedule(SharedState& state, const Prng& root,
                                   absl::Time now)
    : state_(state), reconnects_(state.options, root.Fork("rejoin")) {
  const absl::Duration interval = state.options.streams.push_pull_interval;
  next_push_pull_ = interval > absl::ZeroDuration()
                        ? now + state.prng.UniformDuration(interval)
                        : absl::InfiniteFuture();
}

void ExchangeSchedule::OnTimer(absl::Time now) {
  RunPushPull(now);
  GoOnWithBurst(now);
  RunRejoin(now);
}

absl::Time ExchangeSchedule::NextDeadline() const {
  const absl::Time next = std::min(next_push_pull_, burst_.due());
  if (state_.roster.leaving() || !state_.requests.HasRoomForJoin()) return next;
  return std::min(next, reconnects_.NextDeadline());
}

int ExchangeSchedule::scale() const {
  return PushPullScale(state_.roster.table().verified().size());
}

void ExchangeSchedule::Open(absl::Time now, const net::Endpoint& peer,
                            bool join) {
  state_.OpenRequest(
      now, now + state_.options.streams.tcp_timeout,
      {.kind = OwnRequest::Kind::kPushPull, .to = peer, .join = join});
}

void ExchangeSchedule::RunPushPull(absl::Time now) {
  const bool joined = reconnects_.TakeSettling(now);
  if (next_push_pull_ > now && !joined) return;
  SkipPast(now, state_.options.streams.push_pull_interval * scale(),
           next_push_pull_);
  if (state_.roster.leaving()) return;
  const auto peers = state_.roster.table().SampleOthers(
      1, state_.roster.self().name, [](const NodeRecord& record) {
        return record.state == wire::NodeState::kAlive;
      });
  if (!peers.empty()) Open(now, peers[0]->endpoint(), /*join=*/false);
}

void ExchangeSchedule::AskForBurst(absl::Time now) {
  burst_.Ask(now);
  GoOnWithBurst(now);
}

// Takes a quarter of the streams at most, so that some are left for others.
void ExchangeSchedule::GoOnWithBurst(absl::Time now) {
  if (burst_.due() <= now) {
    std::vector<net::Endpoint> peers;
    for (const NodeRecord* const record : state_.roster.table().SampleOthers(
             state_.outbox.TransmitLimit(), state_.roster.self().name,
             [this](const NodeRecord& record) {
               return record.state == wire::NodeState::kAlive &&
                      !state_.roster.leaving();
             })) {
      peers.push_back(record->endpoint());
    }
    burst_.Begin(now, std::move(peers));
  }
  while (state_.requests.HasRoomForBurst()) {
    const auto peer = burst_.TakePeer();
    if (!peer) return;
    Open(now, *peer, /*join=*/false);
  }
}

void ExchangeSchedule::RunRejoin(absl::Time now) {
  while (!state_.roster.leaving() && state_.requests.HasRoomForJoin()) {
    const auto target = reconnects_.TakeDue(now, scale());
    if (!target) return;
    if (state_.requests.Exchanges(*target)) continue;
    Open(now, *target, /*join=*/true);
  }
}

}  // namespace lb::gossip

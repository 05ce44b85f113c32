// Membership's timers: probes, relays, gossip, exchanges.
#include <algorithm>
#include <utility>
#include <vector>

#include "lb/gossip/dissemination.h"
#include "lb/gossip/membership.h"

namespace lb::gossip {
namespace {

// Moves `due` past `now` in whole steps of `interval`.
void SkipPast(absl::Time now, absl::Duration interval, absl::Time& due) {
  if (due > now) return;
  due += interval * ((now - due) / interval + 1);
}

}  // namespace

void Membership::OnTimer(absl::Time now) {
  ForgiveLateness(now);
  CatchUpGossipClock(now);
  RunRelays(now);
  RunNameCheck(now);
  RunProbe(now);
  RunGreetings(now);
  roster_.OnTimer(now);
  Settle(now);
  RunGossip(now);
  RunPushPull(now);
  RunSpread(now);
  RunRejoin(now);
  Settle(now);
}

// The next deadline that judges another member by its silence.
absl::Time Membership::NextVerdict() const {
  return std::min({next_probe_, prober_.NextDeadline(), greeter_.NextVerdict(),
                   relay_.NextDeadline(), roster_.NextDeadline()});
}

absl::Time Membership::NextDeadline() const {
  absl::Time next =
      std::min({NextVerdict(), next_push_pull_, greeter_.NextDeadline(),
                spread_.due(), name_check_.due()});
  if (HasGossip()) next = std::min(next, next_gossip_);
  if (!roster_.leaving() && requests_.HasRoomForJoin()) {
    next = std::min(next, rejoin_.NextDeadline());
  }
  return next;
}

// A process that was not run could not hear the answers it waits for: what it
// missed is no reason to accuse others, and one to doubt itself.
void Membership::ForgiveLateness(absl::Time now) {
  const absl::Duration grace = options_.probe_timeout / 2;
  const absl::Duration late = now - NextVerdict();
  if (late <= grace || !options_.forgive_lateness) return;
  ++counters_.late_wakeups;
  roster_.awareness().Apply(1);
  // The grace is for what waits in the socket.
  prober_.Shift(late + grace);
  greeter_.Shift(late + grace);
  relay_.Shift(late + grace);
  roster_.Shift(late + grace);
  next_probe_ += late + grace;
}

void Membership::RunRelays(absl::Time now) {
  for (const RelayRequest& request : relay_.TakeNacks(now)) {
    SendPlain(request.requester, wire::Nack{.sequence = request.sequence});
  }
}

void Membership::RunProbe(absl::Time now) {
  ApplyProbe(now, prober_.OnTimer(now));
  if (next_probe_ > now) return;
  SkipPast(now, options_.probe_interval, next_probe_);
  if (!prober_.running()) BeginProbe(now);
}

void Membership::BeginProbe(absl::Time now) {
  const NodeRecord* const record = roster_.table().NextToProbe(
      now, self().name, options_.gossip_to_the_dead_time);
  // With no member to ask, no answer can lower the health score.
  if (record == nullptr) return roster_.awareness().Apply(-1);
  ++counters_.probes;
  const uint32_t sequence = NextSequence();
  prober_.Begin(now, {.name = record->name(), .sequence = sequence},
                options_.probe_timeout,
                roster_.awareness().Scale(options_.probe_interval));
  SendPing(*record, sequence);
}

void Membership::AskOthers(absl::Time now, Prober& prober) {
  const ProbeTarget& target = prober.target();
  const NodeRecord* const record = roster_.table().Find(target.name);
  if (record == nullptr || !record->is_up()) return prober.Cancel();
  const auto helpers = roster_.table().Sample(
      options_.indirect_checks, [&](const NodeRecord& helper) {
        return helper.state == wire::NodeState::kAlive &&
               helper.name() != target.name && !roster_.IsSelf(helper.name());
      });
  int nacks_expected = 0;
  std::vector<net::Endpoint> asked;
  for (const NodeRecord* const helper : helpers) {
    // Nacks tell of this node's own health; greetings do not count for it.
    const bool nack = helper->knows_nacks() && record->heard;
    if (nack) ++nacks_expected;
    ++counters_.indirect_probes;
    asked.push_back(helper->endpoint());
    SendWithPiggyback(helper->endpoint(),
                      wire::IndirectPing{.sequence = target.sequence,
                                         .target = record->node->address,
                                         .port = record->node->port,
                                         .node = record->name(),
                                         .nack = nack,
                                         .source = OwnSource()});
  }
  prober.OnAsked(nacks_expected, std::move(asked));
  const bool has_stream = record->heard || requests_.HasRoomForUnheard();
  if (options_.stream_pings && record->knows_stream_pings() && has_stream) {
    ++counters_.stream_pings;
    OpenRequest(now, prober.deadline(),
                {.kind = OwnRequest::Kind::kPing,
                 .to = record->endpoint(),
                 .sequence = target.sequence,
                 .node = record->name()});
  }
}

void Membership::ApplyProbe(absl::Time now, Prober::Step step) {
  switch (step) {
    case Prober::Step::kNone:
      return;
    case Prober::Step::kAskOthers:
      return AskOthers(now, prober_);
    case Prober::Step::kSucceeded:
      roster_.awareness().Apply(prober_.health_delta());
      return;
    case Prober::Step::kFailed:
      break;
  }
  ++counters_.probes_failed;
  roster_.awareness().Apply(prober_.health_delta());
  const NodeRecord* const record = roster_.table().Find(prober_.target().name);
  if (record == nullptr || !record->is_up()) return;
  roster_.OnSuspect(now, {.incarnation = record->incarnation,
                          .node = record->name(),
                          .from = self().name});
}

void Membership::OnSendFailed(absl::Time now, const net::Endpoint& to) {
  ++counters_.send_failures;
  const auto goes_there = [&](const Prober& prober) {
    if (!prober.running()) return false;
    const NodeRecord* const record = roster_.table().Find(prober.target().name);
    return record != nullptr && record->endpoint() == to;
  };
  if (goes_there(prober_)) ApplyProbe(now, prober_.OnSendFailed());
  for (Prober& lane : greeter_.lanes()) {
    if (goes_there(lane)) ApplyGreeting(now, lane, lane.OnSendFailed());
  }
}

void Membership::RunGossip(absl::Time now) {
  if (next_gossip_ > now) return;
  SkipPast(now, options_.gossip_interval, next_gossip_);
  Gossip(now);
}

// Messages of the user do not wait for the gossip clock, as failover depends on
// them. Further ones within the same interval do.
void Membership::GossipAtOnce(absl::Time now) {
  if (now - gossiped_at_once_ < options_.gossip_interval) return;
  gossiped_at_once_ = now;
  Gossip(now);
}

// Uses unverified members only if no verified one matches; thousands of
// invented members would otherwise absorb all gossip.
std::vector<NodeRecord*> Membership::SampleOthers(
    size_t count, const MemberTable::Wanted& wanted) {
  const auto wanted_other = [&](const NodeRecord& record) {
    return !roster_.IsSelf(record.name()) && wanted(record);
  };
  auto sample = roster_.table().Sample(count, wanted_other);
  if (!sample.empty()) return sample;
  return roster_.table().SampleUnheard(count, wanted_other);
}

void Membership::Gossip(absl::Time now) {
  if (!roster_.broadcasts().empty()) {
    const auto targets =
        SampleOthers(options_.gossip_nodes, [&](const NodeRecord& record) {
          return record.is_up() ||
                 (record.state == wire::NodeState::kDead &&
                  now - record.since <= options_.gossip_to_the_dead_time);
        });
    for (NodeRecord* const target : targets) GossipTo(*target);
  }
  GossipUserMessages();
}

void Membership::RunPushPull(absl::Time now) {
  const bool joined = rejoin_.TakeSettling(now);
  if (next_push_pull_ > now && !joined) return;
  SkipPast(now,
           options_.push_pull_interval *
               PushPullScale(roster_.table().heard().size()),
           next_push_pull_);
  if (roster_.leaving()) return;
  const auto peers = SampleOthers(1, [](const NodeRecord& record) {
    return record.state == wire::NodeState::kAlive;
  });
  if (peers.empty()) return;
  OpenRequest(
      now, now + options_.tcp_timeout,
      {.kind = OwnRequest::Kind::kPushPull, .to = peers[0]->endpoint()});
}

void Membership::SpreadUserState(absl::Time now) {
  spread_.Ask(now);
  RunSpread(now);
}

// Goes on as streams end: a quarter of them, so that some are left for others.
void Membership::RunSpread(absl::Time now) {
  if (spread_.due() <= now) {
    std::vector<net::Endpoint> peers;
    for (const NodeRecord* const record :
         SampleOthers(TransmitLimit(), [this](const NodeRecord& record) {
           return record.state == wire::NodeState::kAlive && !roster_.leaving();
         })) {
      peers.push_back(record->endpoint());
    }
    spread_.Begin(now, std::move(peers));
  }
  while (requests_.HasRoomForSpread()) {
    const auto peer = spread_.TakePeer();
    if (!peer) return;
    OpenRequest(now, now + options_.tcp_timeout,
                {.kind = OwnRequest::Kind::kPushPull, .to = *peer});
  }
}

void Membership::RunRejoin(absl::Time now) {
  const int scale = PushPullScale(roster_.table().heard().size());
  while (!roster_.leaving() && requests_.HasRoomForJoin()) {
    const auto target = rejoin_.TakeDue(now, scale);
    if (!target) return;
    if (requests_.Exchanges(*target)) continue;
    OpenRequest(
        now, now + options_.tcp_timeout,
        {.kind = OwnRequest::Kind::kPushPull, .to = *target, .join = true});
  }
}

bool Membership::HasGossip() const {
  // Messages about this node wait for the first receiver; user messages are for
  // verified members.
  return !user_log_.empty() ||
         (roster_.table().size() > 1 && !roster_.broadcasts().empty());
}

// The gossip clock stands while there is nothing to say; it goes on in step.
void Membership::CatchUpGossipClock(absl::Time now) {
  if (!HasGossip()) SkipPast(now, options_.gossip_interval, next_gossip_);
}

}  // namespace lb::gossip

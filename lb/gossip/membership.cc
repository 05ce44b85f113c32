#include "lb/gossip/membership.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "fmt/format.h"
#include "lb/base/check.h"
#include "lb/base/status_macros.h"
#include "lb/gossip/dissemination.h"
#include "lb/net/ip_address.h"

namespace lb::gossip {

Membership::Membership(const GossipOptions& options, NodeIdentity self,
                       const Prng& prng, absl::Time now, uint32_t first_number)
    : options_(options),
      prng_(prng.Fork("membership")),
      roster_(options_, std::move(self), prng.Fork("roster"), now, &counters_),
      greeter_(options_, prng.Fork("greeter")),
      relay_(options_.probe_timeout, options_.relays_max),
      rejoin_(options_, prng.Fork("rejoin")),
      stream_only_(options_.probe_interval / 2),
      name_check_(roster_.self().former, now),
      user_log_(options_.user_messages_max, options_.user_transmits),
      last_sequence_(first_number),
      requests_(options_.requests_max) {
  if (name_check_.running()) roster_.HoldMove();
  // Random phases: nodes that start together do not probe together.
  next_probe_ = now + prng_.UniformDuration(options_.probe_interval);
  next_gossip_ = now + prng_.UniformDuration(options_.gossip_interval);
  next_push_pull_ =
      options_.push_pull_interval > absl::ZeroDuration()
          ? now + prng_.UniformDuration(options_.push_pull_interval)
          : absl::InfiniteFuture();
}

absl::Status Membership::Join(absl::Time now,
                              absl::Span<const net::Endpoint> seeds) {
  CatchUpGossipClock(now);
  size_t dropped = 0;
  for (const net::Endpoint& seed : seeds) {
    if (seed == self().endpoint) continue;
    if (!rejoin_.AddSeed(now, seed)) ++dropped;
  }
  RunRejoin(now);
  Settle(now);
  if (dropped == 0) return absl::OkStatus();
  counters_.rejoin_overflow += dropped;
  return absl::ResourceExhaustedError(
      fmt::format("seeds: {} of {} dropped, want at most {} targets", dropped,
                  seeds.size(), options_.rejoin_targets_max));
}

void Membership::Leave(absl::Time now) {
  if (roster_.leaving()) return;
  CatchUpGossipClock(now);
  roster_.Leave(now);
  leave_pending_ = true;
  GossipAtOnce(now);
  Settle(now);
}

absl::Status Membership::SetMeta(absl::Time now, wire::Bytes meta) {
  if (meta.size() > kMetaSizeMax) {
    return absl::InvalidArgumentError(fmt::format(
        "meta: {} bytes, want {} or less", meta.size(), kMetaSizeMax));
  }
  CatchUpGossipClock(now);
  roster_.SetMeta(std::move(meta));
  GossipAtOnce(now);
  Settle(now);
  return absl::OkStatus();
}

void Membership::MoveTo(absl::Time now, const net::Endpoint& endpoint) {
  CatchUpGossipClock(now);
  name_check_.End();
  roster_.MoveTo(now, endpoint);
  rejoin_.OnMemberUp(endpoint);  // If it was a seed, it is none any more.
  spread_.Ask(now);              // Exchanges reach members that datagrams miss.
  RunSpread(now);
  Settle(now);
}

absl::Status Membership::SendUserMessage(absl::Time now, std::string_view name,
                                         wire::Bytes payload) {
  LB_ASSIGN_OR_RETURN(const NodeRecord* const record, FindUp(name));
  if (payload.size() > wire::kStreamSizeMax) {
    return absl::InvalidArgumentError(
        fmt::format("user message: {} bytes, want {} or less", payload.size(),
                    wire::kStreamSizeMax));
  }
  if (!OpenRequest(now, now + options_.tcp_timeout,
                   {.kind = OwnRequest::Kind::kUser,
                    .to = record->endpoint(),
                    .payload = std::move(payload)})) {
    return absl::ResourceExhaustedError(
        fmt::format("streams: {} are open, want less", options_.requests_max));
  }
  return absl::OkStatus();
}

absl::StatusOr<const NodeRecord*> Membership::FindUp(
    std::string_view name) const {
  const NodeRecord* const record = roster_.table().Find(name);
  if (record != nullptr && record->is_up()) return record;
  return absl::NotFoundError(
      fmt::format("member {}: unknown or down, want one that is up", name));
}

void Membership::SetDelegates(Delegates delegates) {
  ack_payload_ = delegates.ack_payload;
  roster_.SetDelegates(std::move(delegates));
}

std::optional<Member> Membership::Find(std::string_view name) const {
  const NodeRecord* const record = roster_.table().Find(name);
  if (record == nullptr) return std::nullopt;
  return record->ToMember();
}

void Membership::OnPacket(absl::Time now, const net::Endpoint& from,
                          absl::Span<const wire::Message> messages,
                          size_t bytes) {
  CatchUpGossipClock(now);
  answer_budget_.OnReceived(now, from.address, bytes);
  for (const wire::Message& message : messages) {
    ++counters_.messages_in;
    OnMessage(now, from, message);
  }
  Settle(now);
}

void Membership::OnMessage(absl::Time now, const net::Endpoint& from,
                           const wire::Message& message) {
  if (const auto* ping = std::get_if<wire::Ping>(&message)) {
    OnPing(now, from, *ping);
  } else if (const auto* ask = std::get_if<wire::IndirectPing>(&message)) {
    OnIndirectPing(now, from, *ask);
  } else if (const auto* ack = std::get_if<wire::Ack>(&message)) {
    stream_only_.Forget(from);
    if (name_check_.OnAck(now, ack->sequence)) {
      return roster_.OnNamesake(now, name_check_.former().back());
    }
    OnAck(now, from, *ack);
  } else if (const auto* nack = std::get_if<wire::Nack>(&message)) {
    prober_.OnNack(nack->sequence);  // Greetings do not ask for any.
  } else if (const auto* suspect = std::get_if<wire::Suspect>(&message)) {
    roster_.OnSuspect(now, *suspect);
  } else if (const auto* alive = std::get_if<wire::Alive>(&message)) {
    roster_.OnAlive(now, *alive);
  } else if (const auto* dead = std::get_if<wire::Dead>(&message)) {
    roster_.OnDead(now, *dead);
  } else if (const auto* user = std::get_if<wire::User>(&message)) {
    events_.push_back(UserMessageEvent{from, user->payload});
  }
  // An Error over UDP means nothing.
}

// Greetings have the upper half of the numbers to themselves.
uint32_t Membership::NextSequence() {
  return last_sequence_ = (last_sequence_ + 1) % Greeter::kSequenceMin;
}

// The target, or one that was asked to ping it.
bool Membership::IsFromAsked(const net::Endpoint& from) const {
  const NodeRecord* const record = roster_.table().Find(prober_.target().name);
  if (record != nullptr && answer_places_.Matches(record->endpoint(), from)) {
    return true;
  }
  const auto& helpers = prober_.helpers();
  return std::any_of(helpers.begin(), helpers.end(), [&](const auto& helper) {
    return answer_places_.Matches(helper, from);
  });
}

void Membership::OnAck(absl::Time now, const net::Endpoint& from,
                       const wire::Ack& ack) {
  if (OnGreetingAck(from, ack.sequence)) return;
  if (prober_.Expects(ack.sequence) && !IsFromAsked(from)) {
    ++counters_.refused_acks;
    return;
  }
  if (prober_.IsDirectAck(ack.sequence)) {
    const NodeRecord* const record =
        roster_.table().Find(prober_.target().name);
    if (record != nullptr) stream_only_.Forget(record->endpoint());
    events_.push_back(PingEvent{prober_.target().name, now - prober_.started(),
                                ack.payload.value_or(wire::Bytes())});
  }
  if (const Prober::Step step = prober_.OnAck(ack.sequence);
      step != Prober::Step::kNone) {
    ApplyProbe(now, step);
  } else if (const RelayRequest* const asked = relay_.Find(ack.sequence)) {
    if (!answer_places_.Matches(asked->target, from)) {
      ++counters_.refused_acks;
      return;
    }
    SendPlain(asked->requester, wire::Ack{.sequence = asked->sequence});
    relay_.End(ack.sequence);
  }
}

std::optional<wire::StreamMessage> Membership::OnStreamRequest(
    absl::Time now, const net::Endpoint& from,
    const wire::StreamMessage& request) {
  CatchUpGossipClock(now);
  std::optional<wire::StreamMessage> reply;
  if (const auto* ping = std::get_if<wire::Ping>(&request)) {
    if (ping->node.empty() || roster_.IsSelf(ping->node)) {
      reply = wire::Ack{.sequence = ping->sequence};
    } else {
      ++counters_.refused_name;
    }
  } else if (const auto* remote = std::get_if<wire::PushPull>(&request)) {
    // Ours is made first: the peer gets it also if we refuse the peer's.
    wire::PushPull own = roster_.Snapshot(remote->join);
    own.user_state = user_state_;
    reply = std::move(own);
    MergeExchange(now, from, *remote, /*initiated_by_us=*/false);
  } else if (const auto* user = std::get_if<wire::User>(&request)) {
    if (!user->payload.empty()) {
      events_.push_back(UserMessageEvent{from, user->payload});
    }
  } else {
    ++counters_.refused_undecodable;
  }
  Settle(now);
  return reply;
}

bool Membership::OpenRequest(absl::Time now, absl::Time deadline,
                             OwnRequest request) {
  const bool opened = requests_.Open(now, deadline, std::move(request));
  if (!opened) ++counters_.streams_overflow;
  return opened;
}

wire::StreamMessage Membership::OpeningMessage(uint64_t id) const {
  const OwnRequest* const request = requests_.Find(id);
  LB_CHECK(request != nullptr);
  switch (request->kind) {
    case OwnRequest::Kind::kPushPull: {
      wire::PushPull own = roster_.Snapshot(request->join);
      own.user_state = user_state_;
      return own;
    }
    case OwnRequest::Kind::kPing:
      return wire::Ping{.sequence = request->sequence,
                        .node = request->node,
                        .source = OwnSource()};
    case OwnRequest::Kind::kUser:
      return wire::User{.payload = request->payload};
  }
  LB_UNREACHABLE();
}

bool Membership::ExpectsReply(uint64_t id) const {
  const OwnRequest* const request = requests_.Find(id);
  return request != nullptr && request->kind != OwnRequest::Kind::kUser;
}

void Membership::OnReply(absl::Time now, uint64_t id,
                         const wire::StreamMessage& reply) {
  const std::optional<OwnRequest> ended = requests_.End(id);
  if (!ended) return;
  CatchUpGossipClock(now);
  const OwnRequest& request = *ended;
  const auto* remote = std::get_if<wire::PushPull>(&reply);
  const auto* ack = std::get_if<wire::Ack>(&reply);
  if (request.kind == OwnRequest::Kind::kPushPull && remote != nullptr) {
    NoteStreamAnswer(now, request);
    MergeExchange(now, request.to, *remote, /*initiated_by_us=*/true);
    if (request.join) rejoin_.OnJoined(now);
  } else if (request.kind == OwnRequest::Kind::kPing && ack != nullptr) {
    if (ack->sequence == request.sequence) {
      NoteStreamAnswer(now, request);
      OnAck(now, request.to, *ack);
    }
  } else if (request.kind == OwnRequest::Kind::kPushPull) {
    ++counters_.exchanges_failed;
    const auto* error = std::get_if<wire::Error>(&reply);
    events_.push_back(ExchangeFailedEvent{
        request.to, request.join,
        absl::UnavailableError(error != nullptr
                                   ? "it answers: " + error->message
                                   : "it answers something else")});
  }
  RunSpread(now);
  Settle(now);
}

void Membership::OnSent(uint64_t id) { requests_.End(id); }

void Membership::OnRequestFailed(absl::Time now, uint64_t id,
                                 absl::Status why) {
  const std::optional<OwnRequest> request = requests_.End(id);
  if (!request) return;
  stream_only_.Forget(request->to);
  if (request->kind == OwnRequest::Kind::kPushPull) {
    ++counters_.exchanges_failed;
    events_.push_back(
        ExchangeFailedEvent{request->to, request->join, std::move(why)});
  }
  RunSpread(now);
  Settle(now);
}

void Membership::MergeExchange(absl::Time now, const net::Endpoint& peer,
                               const wire::PushPull& remote,
                               bool initiated_by_us) {
  if (!roster_.Admit(now, remote).ok()) {
    ++counters_.exchanges_failed;
    return;
  }
  ++counters_.exchanges;
  OnMembers(now, peer, remote.nodes, initiated_by_us);
  const auto& records = roster_.table().records();
  if (initiated_by_us &&
      std::any_of(records.begin(), records.end(), [&](const auto& record) {
        return record->is_up() && record->heard && record->endpoint() == peer;
      })) {
    rejoin_.OnMemberUp(peer);  // A seed may have been a member before.
  }
  if (!remote.user_state.empty()) {
    events_.push_back(UserStateEvent{peer, remote.user_state, remote.join});
  }
  events_.push_back(ExchangeEvent{peer, remote.join, initiated_by_us});
}

bool Membership::Admits(absl::Time now, const wire::PushPull& exchange) {
  return roster_.Admit(now, exchange).ok();
}

void Membership::OnMembers(absl::Time now, const net::Endpoint& peer,
                           absl::Span<const wire::PushNodeState> members,
                           bool initiated_by_us) {
  CatchUpGossipClock(now);
  const uint64_t refuted = counters_.refutations;
  roster_.Merge(now, members);
  Settle(now);  // The members come before the user state.
  GreetPeer(now, peer, members);
  // Our gossip may not reach a peer that holds us for dead.
  if (options_.direct_answers && initiated_by_us &&
      counters_.refutations != refuted) {
    SendPlain(peer, roster_.OwnAlive());
  }
}

}  // namespace lb::gossip

#include "lb/gossip/membership.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "fmt/format.h"
#include "lb/base/check.h"
#include "lb/base/status_macros.h"

namespace lb::gossip {

Membership::Membership(const GossipOptions& options, NodeIdentity self,
                       const Prng& prng, absl::Time now, uint32_t first_number)
    : state_(options, std::move(self), prng, now, first_number),
      detector_(state_, now),
      rounds_(state_, now),
      schedule_(state_, prng, now),
      verifier_(state_, prng),
      responder_(state_),
      stream_only_(state_),
      contacts_(state_),
      changes_(state_, detector_, verifier_, schedule_,
               {stream_only_, contacts_}),
      exchange_(state_, verifier_, schedule_, changes_),
      own_name_(state_, now) {}

absl::Status Membership::Join(absl::Time now,
                              absl::Span<const net::Endpoint> seeds) {
  rounds_.CatchUp(now);
  size_t dropped = 0;
  for (const net::Endpoint& seed : seeds) {
    if (seed == state_.roster.self().endpoint) continue;
    if (!schedule_.reconnects().AddSeed(now, seed)) ++dropped;
  }
  schedule_.RunRejoin(now);
  changes_.Settle(now);
  if (dropped == 0) return absl::OkStatus();
  state_.counters.overflow.reconnect += dropped;
  return absl::ResourceExhaustedError(
      fmt::format("seeds: {} of {} dropped, want at most {} targets", dropped,
                  seeds.size(), state_.options.reconnect.targets_max));
}

void Membership::Leave(absl::Time now) {
  if (state_.roster.leaving()) return;
  rounds_.CatchUp(now);
  state_.roster.Leave(now);
  changes_.OnLeave();
  rounds_.RunAtOnce(now);
  changes_.Settle(now);
}

absl::Status Membership::SetMeta(absl::Time now, wire::Bytes meta) {
  if (meta.size() > kMetaSizeMax) {
    return absl::InvalidArgumentError(fmt::format(
        "meta: {} bytes, want {} or less", meta.size(), kMetaSizeMax));
  }
  rounds_.CatchUp(now);
  state_.roster.SetMeta(std::move(meta));
  rounds_.RunAtOnce(now);
  changes_.Settle(now);
  return absl::OkStatus();
}

void Membership::MoveTo(absl::Time now, const net::Endpoint& endpoint) {
  rounds_.CatchUp(now);
  own_name_.EndCheck();
  state_.roster.MoveTo(now, endpoint);
  // If it was a seed, it is none any more.
  schedule_.reconnects().OnMemberUp(endpoint);
  schedule_.AskForBurst(now);  // Exchanges reach members that datagrams miss.
  changes_.Settle(now);
}

absl::Status Membership::SendUserDatagram(std::string_view name,
                                          wire::Bytes payload) {
  LB_ASSIGN_OR_RETURN(wire::Bytes message,
                      state_.outbox.EncodeUserMessage(std::move(payload)));
  LB_ASSIGN_OR_RETURN(const NodeRecord* const record, FindUp(name));
  state_.outbox.SendUserMessage(*record, std::move(message));
  return absl::OkStatus();
}

absl::Status Membership::SendUserMessage(absl::Time now, std::string_view name,
                                         wire::Bytes payload) {
  LB_ASSIGN_OR_RETURN(const NodeRecord* const record, FindUp(name));
  if (payload.size() > wire::kStreamSizeMax) {
    return absl::InvalidArgumentError(
        fmt::format("user message: {} bytes, want {} or less", payload.size(),
                    wire::kStreamSizeMax));
  }
  if (!state_.OpenRequest(now, now + state_.options.streams.tcp_timeout,
                          {.kind = OwnRequest::Kind::kUser,
                           .to = record->endpoint(),
                           .payload = std::move(payload)})) {
    return absl::ResourceExhaustedError(
        fmt::format("streams: {} are open, want less",
                    state_.options.streams.requests_max));
  }
  return absl::OkStatus();
}

absl::StatusOr<const NodeRecord*> Membership::FindUp(
    std::string_view name) const {
  const NodeRecord* const record = state_.roster.table().Find(name);
  if (record != nullptr && record->is_up()) return record;
  return absl::NotFoundError(
      fmt::format("member {}: unknown or down, want one that is up", name));
}

void Membership::SetDelegates(Delegates delegates) {
  responder_.SetAckPayload(delegates.ack_payload);
  state_.roster.SetDelegates(std::move(delegates));
}

std::optional<Member> Membership::Find(std::string_view name) const {
  const NodeRecord* const record = state_.roster.table().Find(name);
  if (record == nullptr) return std::nullopt;
  return record->ToMember();
}

void Membership::OnPacket(absl::Time now, const net::Endpoint& from,
                          absl::Span<const wire::Message> messages,
                          size_t bytes) {
  rounds_.CatchUp(now);
  responder_.OnReceived(now, from, bytes);
  for (const wire::Message& message : messages) {
    ++state_.counters.traffic.messages_in;
    OnMessage(now, from, message);
  }
  changes_.Settle(now);
}

void Membership::OnMessage(absl::Time now, const net::Endpoint& from,
                           const wire::Message& message) {
  if (const auto* ping = std::get_if<wire::Ping>(&message)) {
    OnPing(now, from, *ping);
  } else if (const auto* ask = std::get_if<wire::IndirectPing>(&message)) {
    responder_.OnIndirectPing(now, from, *ask);
  } else if (const auto* ack = std::get_if<wire::Ack>(&message)) {
    stream_only_.Forget(from);
    if (own_name_.OnAck(now, ack->sequence)) return;
    OnAck(now, from, *ack);
  } else if (const auto* nack = std::get_if<wire::Nack>(&message)) {
    detector_.OnNack(nack->sequence);  // Pings of newcomers ask for none.
  } else if (const auto* suspect = std::get_if<wire::Suspect>(&message)) {
    state_.roster.OnSuspect(now, *suspect);
  } else if (const auto* alive = std::get_if<wire::Alive>(&message)) {
    state_.roster.OnAlive(now, *alive);
  } else if (const auto* dead = std::get_if<wire::Dead>(&message)) {
    state_.roster.OnDead(now, *dead);
  } else if (const auto* user = std::get_if<wire::User>(&message)) {
    state_.events.push_back(UserMessageEvent{from, user->payload});
  }
  // An Error over UDP means nothing.
}

void Membership::OnPing(absl::Time now, const net::Endpoint& from,
                        const wire::Ping& ping) {
  if (!responder_.Accepts(ping) || own_name_.OnPing(now, ping)) return;
  if (!responder_.Ack(now, from, ping)) return;
  const NodeRecord* const pinger = state_.roster.table().Find(ping.source.node);
  // It is there: our first ping, if it left at all, may have been lost.
  if (pinger != nullptr && !pinger->verified && pinger->endpoint() == from) {
    verifier_.PingAtOnce(now, pinger->name());
  }
}

void Membership::OnAck(absl::Time now, const net::Endpoint& from,
                       const wire::Ack& ack) {
  if (verifier_.OnAck(from, ack.sequence)) return;
  if (contacts_.OnAck(ack.sequence)) return;
  switch (detector_.OnAck(now, from, ack)) {
    case FailureDetector::AckVerdict::kOther:
      return responder_.OnAck(from, ack);
    case FailureDetector::AckVerdict::kDirect:
      return stream_only_.OnPingAnswer(detector_.target().name);
    case FailureDetector::AckVerdict::kIndirect:
    case FailureDetector::AckVerdict::kRefused:
      return;
  }
}

std::optional<wire::StreamMessage> Membership::OnStreamRequest(
    absl::Time now, const net::Endpoint& from,
    const wire::StreamMessage& request) {
  rounds_.CatchUp(now);
  std::optional<wire::StreamMessage> reply;
  if (const auto* ping = std::get_if<wire::Ping>(&request)) {
    if (ping->node.empty() || state_.roster.IsSelf(ping->node)) {
      reply = wire::Ack{.sequence = ping->sequence};
    } else {
      ++state_.counters.refused.name;
    }
  } else if (const auto* remote = std::get_if<wire::PushPull>(&request)) {
    // Ours is made first: the peer gets it also if we refuse the peer's.
    reply = exchange_.OwnState(remote->join);
    exchange_.Merge(now, from, *remote, /*initiated_by_us=*/false);
  } else if (const auto* user = std::get_if<wire::User>(&request)) {
    if (!user->payload.empty()) {
      state_.events.push_back(UserMessageEvent{from, user->payload});
    }
  } else {
    ++state_.counters.refused.undecodable;
  }
  changes_.Settle(now);
  return reply;
}

wire::StreamMessage Membership::OpeningMessage(uint64_t id) const {
  const OwnRequest* const request = state_.requests.Find(id);
  LB_CHECK(request != nullptr);
  switch (request->kind) {
    case OwnRequest::Kind::kPushPull:
      return exchange_.OwnState(request->join);
    case OwnRequest::Kind::kPing:
      return state_.outbox.PingFor(request->node, request->sequence);
    case OwnRequest::Kind::kUser:
      return wire::User{.payload = request->payload};
  }
  LB_UNREACHABLE();
}

bool Membership::ExpectsReply(uint64_t id) const {
  const OwnRequest* const request = state_.requests.Find(id);
  return request != nullptr && request->kind != OwnRequest::Kind::kUser;
}

void Membership::OnReply(absl::Time now, uint64_t id,
                         const wire::StreamMessage& reply) {
  const std::optional<OwnRequest> ended = state_.requests.End(id);
  if (!ended) return;
  rounds_.CatchUp(now);
  const OwnRequest& request = *ended;
  const auto* remote = std::get_if<wire::PushPull>(&reply);
  const auto* ack = std::get_if<wire::Ack>(&reply);
  if (request.kind == OwnRequest::Kind::kPushPull && remote != nullptr) {
    stream_only_.OnStreamAnswer(now, request);
    exchange_.Merge(now, request.to, *remote, /*initiated_by_us=*/true);
    if (request.join) schedule_.reconnects().OnJoined(now);
  } else if (request.kind == OwnRequest::Kind::kPing && ack != nullptr) {
    if (ack->sequence == request.sequence) {
      stream_only_.OnStreamAnswer(now, request);
      OnAck(now, request.to, *ack);
    }
  } else if (request.kind == OwnRequest::Kind::kPushPull) {
    ++state_.counters.exchanges.failed;
    const auto* error = std::get_if<wire::Error>(&reply);
    state_.events.push_back(ExchangeFailedEvent{
        request.to, request.join,
        absl::UnavailableError(error != nullptr
                                   ? "it answers: " + error->message
                                   : "it answers something else")});
  }
  schedule_.GoOnWithBurst(now);
  changes_.Settle(now);
}

void Membership::OnSent(uint64_t id) { state_.requests.End(id); }

void Membership::OnRequestFailed(absl::Time now, uint64_t id,
                                 absl::Status why) {
  const std::optional<OwnRequest> request = state_.requests.End(id);
  if (!request) return;
  stream_only_.Forget(request->to);
  if (request->kind == OwnRequest::Kind::kPushPull) {
    ++state_.counters.exchanges.failed;
    state_.events.push_back(
        ExchangeFailedEvent{request->to, request->join, std::move(why)});
  }
  schedule_.GoOnWithBurst(now);
  changes_.Settle(now);
}

void Membership::OnMembers(absl::Time now, const net::Endpoint& peer,
                           absl::Span<const wire::PushNodeState> members,
                           bool initiated_by_us) {
  rounds_.CatchUp(now);
  exchange_.MergeMembers(now, peer, members, initiated_by_us);
}

bool Membership::Admits(absl::Time now, const wire::PushPull& exchange) {
  return state_.roster.Admit(now, exchange).ok();
}

void Membership::OnSendFailed(absl::Time now, const net::Endpoint& to) {
  ++state_.counters.traffic.send_failures;
  detector_.OnSendFailed(now, to);
  verifier_.OnSendFailed(now, to);
}

void Membership::OnTimer(absl::Time now) {
  ForgiveLateness(now);
  rounds_.CatchUp(now);
  responder_.OnTimer(now);
  own_name_.OnTimer(now);
  detector_.OnTimer(now);
  verifier_.OnTimer(now);
  contacts_.OnTimer(now);
  state_.roster.OnTimer(now);
  changes_.Settle(now);
  rounds_.OnTimer(now);
  schedule_.OnTimer(now);
  changes_.Settle(now);
}

// The next deadline that judges another member by its silence.
absl::Time Membership::NextVerdict() const {
  return std::min({detector_.NextDeadline(), verifier_.NextVerdict(),
                   responder_.NextDeadline(), state_.roster.NextDeadline(),
                   contacts_.NextDeadline()});
}

absl::Time Membership::NextDeadline() const {
  return std::min({NextVerdict(), rounds_.NextDeadline(),
                   schedule_.NextDeadline(), verifier_.NextDeadline(),
                   own_name_.NextDeadline()});
}

// A process that was not run could not hear the answers it waits for: what it
// missed is no reason to accuse others, and one to doubt itself.
void Membership::ForgiveLateness(absl::Time now) {
  const absl::Duration grace = state_.options.probe.timeout / 2;
  const absl::Duration late = now - NextVerdict();
  if (late <= grace || !state_.options.probe.forgive_lateness) return;
  ++state_.counters.detection.late_wakeups;
  state_.roster.awareness().Apply(1);
  // The grace is for what waits in the socket.
  detector_.Shift(late + grace);
  verifier_.Shift(late + grace);
  responder_.Shift(late + grace);
  state_.roster.Shift(late + grace);
  contacts_.Shift(late + grace);
}

std::vector<OutgoingPacket> Membership::TakeOutgoing() {
  std::vector<OutgoingPacket> packets = state_.outbox.Take();
  state_.counters.traffic.datagrams_out += packets.size();
  return packets;
}

std::vector<StreamRequest> Membership::TakeRequests() {
  return state_.requests.TakeNew();
}

std::vector<GossipEvent> Membership::TakeEvents() {
  return std::exchange(state_.events, {});
}

}  // namespace lb::gossip

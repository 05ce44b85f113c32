#include "lb/bgp/speaker_node.h"

#include <string>
#include <utility>

#include "lb/bgp/dial_schedule.h"
#include "lb/bgp/local_addresses.h"
#include "lb/bgp/peer_sockets.h"
#include "lb/io/turn_cause.h"

namespace lb::bgp {
namespace {

constexpr Side kSides[] = {Side::kDialled, Side::kAccepted};

size_t IndexOf(Side side) { return static_cast<size_t>(side); }

std::string_view ReasonOf(SessionNews::Kind kind) {
  switch (kind) {
    case SessionNews::Kind::kUp:
      return "PeerUp";
    case SessionNews::Kind::kDown:
      return "PeerDown";
    case SessionNews::Kind::kFailed:
      return "PeerFailed";
  }
  return "";
}

}  // namespace

SpeakerNode::SpeakerNode(const SpeakerNodeOptions& options, const Ports& ports)
    : ports_(ports),
      speaker_(options.speaker, ports.prng.Fork("bgp")),
      listener_(
          ports, options.listen,
          {.on_accepted =
               [this](std::unique_ptr<io::Stream> stream) {
                 OnAccepted(std::move(stream));
               },
           .on_failed =
               [this, at = options.listen](const absl::Status& why) {
                 ports_.log->Record({.time = ports_.loop->CivilNow(),
                                     .type = EventType::kWarning,
                                     .reason = "ListenFailed",
                                     .object = {"BgpListener", at.ToString()},
                                     .message = std::string(why.message())});
               }}),
      timer_(ports.loop->NewTimer([this] {
        const io::TurnCause cause(ports_.loop, "speaks BGP");
        NoteUnacknowledged();
        speaker_.OnTimer(ports_.loop->Now());
        Settle();
      })) {}

SpeakerNode::~SpeakerNode() = default;

PeersChange SpeakerNode::SetPeers(const std::vector<PeerOptions>& peers) {
  PeersChange change = speaker_.SetPeers(ports_.loop->Now(), peers);
  if (!change.empty()) {
    Settle();
    FollowListener();
  }
  return change;
}

absl::Status SpeakerNode::SetRoutes(std::string_view peer,
                                    const RouteSet& routes) {
  absl::Status status = speaker_.SetRoutes(peer, routes);
  SettleSoon();
  return status;
}

absl::Status SpeakerNode::ChangeRoutes(std::string_view peer,
                                       const RoutesChange& change) {
  absl::Status status = speaker_.ChangeRoutes(peer, change);
  SettleSoon();
  return status;
}

bool SpeakerNode::EndBatch() {
  const bool was_batch = speaker_.EndBatch();
  if (was_batch) SettleSoon();
  return was_batch;
}

absl::Status SpeakerNode::PeerFailed(std::string_view peer) {
  absl::Status status = speaker_.PeerFailed(ports_.loop->Now(), peer);
  Settle();
  return status;
}

absl::Status SpeakerNode::ResetPeer(std::string_view peer,
                                    std::string_view text) {
  absl::Status status = speaker_.ResetPeer(ports_.loop->Now(), peer, text);
  Settle();
  return status;
}

void SpeakerNode::Stop(std::string_view text) {
  speaker_.Stop(ports_.loop->Now(), text);
  Settle();
  FollowListener();
}

void SpeakerNode::Leave() {
  speaker_.Leave(ports_.loop->Now());
  Settle();
  FollowListener();
}

void SpeakerNode::OnLinks() {
  const std::vector<io::Link> links = ports_.links->Links();
  for (const SessionId id : speaker_.Sessions()) {
    Session* const session = speaker_.Find(id);
    for (const Side side : kSides) {
      const Socket& socket = sockets_[id].of_side[IndexOf(side)];
      if (socket.stream == nullptr || !socket.is_on_link) continue;
      session->OnLocalAddresses(
          ports_.loop->Now(), side,
          LocalAddressesOf({.local = socket.stream->local().address,
                            .remote = socket.stream->remote().address,
                            .interface = session->options().interface},
                           links));
    }
  }
  Settle();
}

void SpeakerNode::Perform(const SpeakerOutput& output) {
  const auto& [id, what] = output;
  switch (what.kind) {
    case SessionOutput::Kind::kDial:
      return Dial(id);
    case SessionOutput::Kind::kAbandon:
      sockets_[id].dialer = nullptr;
      return;
    case SessionOutput::Kind::kSend:
      // A stream that broke says so by itself, on a later turn.
      (void)sockets_[id].of_side[IndexOf(what.side)].stream->Send(what.bytes);
      return;
    case SessionOutput::Kind::kClose:
      return Close(id, what.side);
    case SessionOutput::Kind::kSetKey:
      return Rekey(id, what.side);
  }
}

void SpeakerNode::Dial(SessionId id) {
  Session* const session = speaker_.Find(id);
  if (session == nullptr) return;
  const PeerOptions& peer = session->options();
  const absl::Time now = ports_.loop->Now();
  auto dialer =
      ports_.stream_factory->MakeDialer(SourceFor(peer), DialOptionsFor(peer));
  if (!dialer.ok()) return session->OnConnectFailed(now, dialer.status());
  Sockets& sockets = sockets_[id];
  sockets.dialer = *std::move(dialer);
  sockets.dialer->Connect(
      peer.endpoint(), now + DialSchedule::kDialTimeout,
      [this, id](absl::StatusOr<std::unique_ptr<io::Stream>> stream) {
        OnDialed(id, std::move(stream));
      });
}

void SpeakerNode::OnDialed(SessionId id,
                           absl::StatusOr<std::unique_ptr<io::Stream>> got) {
  const io::TurnCause cause(ports_.loop, "speaks BGP");
  // This runs in a callback of the dialer.
  const auto dialer = std::move(sockets_[id].dialer);
  if (got.ok()) {
    Take(id, Side::kDialled, *std::move(got));
  } else {
    speaker_.Find(id)->OnConnectFailed(ports_.loop->Now(), got.status());
  }
  Settle();
}

void SpeakerNode::OnAccepted(std::unique_ptr<io::Stream> stream) {
  const io::TurnCause cause(ports_.loop, "speaks BGP");
  const auto id = speaker_.FindListener(
      stream->remote().address,
      InterfacesWith(stream->local().address, ports_.links->Links()));
  if (!id) return;  // No peer of ours.
  if (!speaker_.Find(*id)->Admit(ports_.loop->Now())) {
    (void)stream->Send(Session::Refusal());
    stream->FinishSending();
    return;
  }
  Settle();  // It may end older connections.
  Take(*id, Side::kAccepted, std::move(stream));
  Settle();
}

void SpeakerNode::Take(SessionId id, Side side,
                       std::unique_ptr<io::Stream> stream) {
  Session* const session = speaker_.Find(id);
  const net::IpAddress own = stream->local().address;
  const auto local =
      LocalAddressesOf({.local = own,
                        .remote = stream->remote().address,
                        .interface = session->options().interface},
                       ports_.links->Links());
  Socket& socket = sockets_[id].of_side[IndexOf(side)];
  socket = {.stream = std::move(stream), .is_on_link = local.has_value()};
  session->OnConnected(ports_.loop->Now(), side,
                       local.value_or(LocalAddresses{.session = own}));
  socket.stream->Receive(
      [this, id, side](absl::Span<const uint8_t> bytes) {
        const io::TurnCause cause(ports_.loop, "speaks BGP");
        speaker_.Find(id)->OnBytes(ports_.loop->Now(), side, bytes);
        Settle();
      },
      [this, id, side](const absl::Status& reason) {
        const io::TurnCause cause(ports_.loop, "speaks BGP");
        speaker_.Find(id)->OnClosed(ports_.loop->Now(), side, reason);
        Settle();
      });
}

void SpeakerNode::Close(SessionId id, Side side) {
  // What is queued goes out behind the scenes.
  const auto stream = std::move(sockets_[id].of_side[IndexOf(side)].stream);
  stream->FinishSending();
}

void SpeakerNode::Rekey(SessionId id, Side side) {
  Session* const session = speaker_.Find(id);
  if (session == nullptr) return;
  const absl::Status set =
      sockets_[id].of_side[IndexOf(side)].stream->SetMd5Key(
          session->options().password);
  if (!set.ok()) session->OnRekeyFailed(ports_.loop->Now(), side, set);
}

void SpeakerNode::NoteUnacknowledged() {
  const absl::Time now = ports_.loop->Now();
  for (const auto& [id, sockets] : sockets_) {
    Session* const session = speaker_.Find(id);
    if (session == nullptr) continue;
    for (const Side side : kSides) {
      const Socket& socket = sockets.of_side[IndexOf(side)];
      if (socket.stream == nullptr) continue;
      session->NoteUnacknowledged(now, side, socket.stream->unacknowledged());
    }
  }
}

void SpeakerNode::FollowListener() {
  std::vector<const PeerOptions*> peers;
  for (const SessionId id : speaker_.Sessions()) {
    const PeerOptions& peer = speaker_.Find(id)->options();
    if (peer.opening != Opening::kDial) peers.push_back(&peer);
  }
  listener_.Follow(peers);
}

void SpeakerNode::SettleSoon() { timer_->Arm(ports_.loop->Now()); }

void SpeakerNode::Settle() {
  NoteUnacknowledged();
  const absl::Time now = ports_.loop->Now();
  // What is done may cause more: a dial that fails at once, say.
  for (auto all = speaker_.TakeOutgoing(now); !all.empty();
       all = speaker_.TakeOutgoing(now)) {
    for (const SpeakerOutput& output : all) Perform(output);
  }
  std::erase_if(sockets_, [this](const auto& one) {
    return speaker_.Find(one.first) == nullptr;
  });
  timer_->Arm(speaker_.NextDeadline());
  Report();
}

void SpeakerNode::Report() {
  for (const SpeakerNews& one : speaker_.TakeNews()) {
    ports_.log->Record({.time = ports_.loop->CivilNow(),
                        .type = one.news.kind == SessionNews::Kind::kUp
                                    ? EventType::kNormal
                                    : EventType::kWarning,
                        .reason = std::string(ReasonOf(one.news.kind)),
                        .object = {"BgpPeer", one.peer},
                        .message = one.news.text});
    if (on_news_) on_news_(one);
  }
}

}  // namespace lb::bgp

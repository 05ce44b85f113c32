#include "lb/gossip/gossip_node.h"

#include <array>
#include <cstdint>
#include <memory>
#include <utility>
#include <variant>

#include "lb/base/status_macros.h"
#include "lb/gossip/nonce_pool.h"
#include "lb/io/turn_cause.h"
#include "lb/net/byte_reader.h"

namespace lb::gossip {
namespace {

absl::Status CheckEndpoint(const net::Endpoint& endpoint) {
  if (endpoint.port != 0 && !endpoint.address.is_unspecified()) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError("self.endpoint: " + endpoint.ToString() +
                                    ", want where the others reach this node");
}

absl::Status CheckOptions(const GossipNodeOptions& options) {
  if (options.self.name.empty() || options.self.name.size() > kNameSizeMax) {
    return absl::InvalidArgumentError("self.name: \"" + options.self.name +
                                      "\", want 1 to 255 bytes");
  }
  if (options.self.meta.size() > kMetaSizeMax) {
    return absl::InvalidArgumentError("self.meta: too long, want 512 bytes");
  }
  LB_RETURN_IF_ERROR(CheckEndpoint(options.self.endpoint));
  if (options.codec.label.size() > 255) {
    return absl::InvalidArgumentError("codec.label: too long, want 255 bytes");
  }
  return absl::OkStatus();
}

absl::Status CheckPorts(const Ports& ports) {
  if (ports.loop == nullptr || ports.datagrams == nullptr ||
      ports.streams == nullptr || ports.random_bytes == nullptr) {
    return absl::InvalidArgumentError(
        "ports: incomplete, want loop, datagrams, streams, random bytes");
  }
  return absl::OkStatus();
}

// Prng will not do: its numbers follow from what others may get to know.
uint32_t DrawNumber(const Ports& ports) {
  std::array<uint8_t, sizeof(uint32_t)> bytes;
  ports.random_bytes(absl::MakeSpan(bytes));
  return net::ByteReader(bytes).Uint32();
}

}  // namespace

absl::StatusOr<std::unique_ptr<GossipNode>> GossipNode::Create(
    GossipNodeOptions options, const Ports& ports) {
  LB_RETURN_IF_ERROR(Validate(options.gossip));
  LB_RETURN_IF_ERROR(CheckOptions(options));
  LB_RETURN_IF_ERROR(CheckPorts(ports));
  return std::unique_ptr<GossipNode>(new GossipNode(std::move(options), ports));
}

GossipNode::GossipNode(GossipNodeOptions options, const Ports& ports)
    : ports_(ports),
      codec_(options.codec, std::move(options.keyring),
             [pool = std::make_shared<NoncePool>(ports.random_bytes)] {
               return pool->Take();
             }),
      membership_(options.gossip, std::move(options.self),
                  ports.prng.Fork("gossip"), ports.loop->Now(),
                  DrawNumber(ports)),
      // Two attempts of a peer to join are that far apart at most.
      undecryptable_(2 * options.gossip.reconnect.interval_max),
      timer_(ports.loop->NewTimer([this] {
        const io::TurnCause cause(ports_.loop, "probes members");
        armed_ = absl::InfiniteFuture();
        membership_.OnTimer(ports_.loop->Now());
        Drain();
      })),
      leave_timer_(ports.loop->NewTimer([this] { FinishLeave(); })),
      streams_(options.gossip, ports_, codec_, membership_, undecryptable_) {
  streams_.SetNode({.drain = [this] { Drain(); },
                    .on_mismatch =
                        [this](const net::IpAddress& from,
                               std::optional<wire::Mismatch> mismatch) {
                          OnMismatch(from, UndecryptablePeers::Via::kStream,
                                     mismatch);
                        }});
  membership_.SetPacketOverhead(codec_.packet_overhead());
  membership_.SetDelegates(std::move(options.delegates));
}

GossipNode::~GossipNode() {
  if (!started_) return;
  ports_.datagrams->SetReceiver({});
  ports_.streams->SetAcceptor({});
}

void GossipNode::Start() {
  if (started_) return;
  started_ = true;
  ports_.datagrams->SetReceiver(
      [this](const net::Endpoint& from, absl::Span<const uint8_t> payload) {
        OnDatagram(from, payload);
      });
  ports_.streams->SetAcceptor([this](std::unique_ptr<io::Stream> stream) {
    streams_.OnAccepted(std::move(stream));
  });
  Drain();
}

absl::Status GossipNode::Join(absl::Span<const net::Endpoint> seeds) {
  const absl::Status status = membership_.Join(ports_.loop->Now(), seeds);
  Drain();
  return status;
}

void GossipNode::Leave(absl::Duration timeout,
                       absl::AnyInvocable<void()> done) {
  leave_done_ = std::move(done);
  leave_timer_->Arm(ports_.loop->Now() + timeout);
  membership_.Leave(ports_.loop->Now());
  Drain();
}

// On a turn of its own: `done` may destroy this node.
void GossipNode::FinishLeave() {
  leave_timer_->Disarm();
  if (!leave_done_) return;
  ports_.loop->Post(std::exchange(leave_done_, {}));
}

absl::Status GossipNode::SetMeta(wire::Bytes meta) {
  const absl::Status status =
      membership_.SetMeta(ports_.loop->Now(), std::move(meta));
  Drain();
  return status;
}

absl::Status GossipNode::MoveTo(const net::Endpoint& endpoint) {
  LB_RETURN_IF_ERROR(CheckEndpoint(endpoint));
  membership_.MoveTo(ports_.loop->Now(), endpoint);
  Drain();
  return absl::OkStatus();
}

absl::Status GossipNode::Broadcast(wire::Bytes payload) {
  const absl::Status status =
      membership_.QueueUserMessage(ports_.loop->Now(), std::move(payload));
  Drain();
  return status;
}

absl::Status GossipNode::SendBestEffort(std::string_view member,
                                        wire::Bytes payload) {
  const absl::Status status =
      membership_.SendUserDatagram(member, std::move(payload));
  Drain();
  return status;
}

absl::Status GossipNode::SendReliably(std::string_view member,
                                      wire::Bytes payload) {
  const absl::Status status = membership_.SendUserMessage(
      ports_.loop->Now(), member, std::move(payload));
  Drain();
  return status;
}

void GossipNode::SpreadUserState() {
  membership_.SpreadUserState(ports_.loop->Now());
  Drain();
}

void GossipNode::OnDatagram(const net::Endpoint& from,
                            absl::Span<const uint8_t> payload) {
  const io::TurnCause cause(ports_.loop, "takes gossip datagrams");
  GossipCounters& counters = membership_.counters();
  ++counters.traffic.datagrams_in;
  const auto packet = codec_.DecodePacket(payload);
  if (!packet.ok()) {
    ++counters.refused.undecodable;
    return OnMismatch(from.address, UndecryptablePeers::Via::kDatagram,
                      codec_.PacketMismatch(payload));
  }
  undecryptable_.OnReadable(from.address);
  counters.refused.parts += packet->parts_refused;
  membership_.OnPacket(ports_.loop->Now(), from, packet->messages,
                       payload.size());
  Drain();
}

void GossipNode::OnMismatch(const net::IpAddress& from,
                            UndecryptablePeers::Via via,
                            std::optional<wire::Mismatch> mismatch) {
  if (!mismatch ||
      !undecryptable_.Record(ports_.loop->Now(), from, via, *mismatch)) {
    return;
  }
  if (observer_) observer_(UndecryptableEvent{from, *mismatch});
}

void GossipNode::Drain() {
  if (!started_ || draining_) return;
  draining_ = true;
  membership_.SetPacketOverhead(codec_.packet_overhead());
  bool more = true;
  while (more) {  // Failures to send, and observers, may cause more.
    more = false;
    for (const OutgoingPacket& packet : membership_.TakeOutgoing()) {
      more = true;
      const wire::Bytes bytes =
          codec_.EncodePacket(packet.messages, packet.checksum);
      if (!ports_.datagrams->Send(packet.to, bytes).ok()) {
        membership_.OnSendFailed(ports_.loop->Now(), packet.to);
      }
    }
    for (const StreamRequest& request : membership_.TakeRequests()) {
      more = true;
      streams_.Open(request);
    }
    for (const GossipEvent& event : membership_.TakeEvents()) {
      more = true;
      if (std::holds_alternative<LeaveCompleteEvent>(event)) FinishLeave();
      if (const auto* member = std::get_if<MemberEvent>(&event);
          member != nullptr && member->change == MemberChange::kVerified) {
        undecryptable_.Forget(member->member.endpoint.address);
      }
      if (observer_) observer_(event);
    }
  }
  draining_ = false;
  // Armed again with each datagram it would never fire under a flood of them.
  const absl::Time deadline = membership_.NextDeadline();
  if (deadline == armed_) return;
  armed_ = deadline;
  timer_->Arm(deadline);
}

}  // namespace lb::gossip

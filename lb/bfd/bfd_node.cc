#include "lb/bfd/bfd_node.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "absl/container/btree_set.h"
#include "lb/base/status_macros.h"
#include "lb/io/turn_cause.h"

namespace lb::bfd {

BfdNode::BfdNode(const Ports& ports)
    : ports_(ports),
      endpoint_(ports_.prng.Fork("bfd")),
      single_hop_(Hops::kSingle, ports_.datagram_factory,
                  [this](Hops hops, const io::ArrivedDatagram& datagram) {
                    OnDatagram(hops, datagram);
                  }),
      multihop_(Hops::kMulti, ports_.datagram_factory,
                [this](Hops hops, const io::ArrivedDatagram& datagram) {
                  OnDatagram(hops, datagram);
                }),
      timer_(ports_.loop->NewTimer([this] { OnTimer(); })) {}

absl::Status BfdNode::SetSessions(const Endpoint::Sessions& wanted) {
  const absl::Time now = ports_.loop->Now();
  LB_RETURN_IF_ERROR(endpoint_.SetSessions(now, wanted));
  FollowSessions(now);
  Drain();
  return absl::OkStatus();
}

void BfdNode::FollowSessions(absl::Time now) {
  const absl::btree_set<SessionKey> keys = endpoint_.SendingKeys();
  absl::btree_map<Hops, absl::btree_set<net::IpFamily>> families;
  for (const SessionKey& key : keys) {
    families[key.hops].insert(key.remote.family());
  }
  single_hop_.Follow(now, families[Hops::kSingle]);
  multihop_.Follow(now, families[Hops::kMulti]);
  for (auto it = senders_.begin(); it != senders_.end();) {
    it = keys.contains(it->first) ? std::next(it) : senders_.erase(it);
  }
  for (const SessionKey& key : keys) {
    if (senders_.contains(key)) continue;
    senders_.try_emplace(key, key, ports_.datagram_factory,
                         ports_.prng.Fork("port of " + key.ToString()), now);
  }
  NoteRetry();
}

void BfdNode::OnDatagram(Hops hops, const io::ArrivedDatagram& datagram) {
  const io::TurnCause cause(ports_.loop, "takes a BFD packet");
  endpoint_.OnDatagram(ports_.loop->Now(),
                       {.way = {.hops = hops,
                                .from = datagram.from.address,
                                .to = datagram.to,
                                .interface = datagram.interface},
                        .ttl = datagram.ttl,
                        .arrived = datagram.at,
                        .payload = datagram.payload});
  Drain();
}

void BfdNode::OnTimer() {
  const io::TurnCause cause(ports_.loop, "keeps BFD sessions");
  if (endpoint_.HasSilentPeer(ports_.loop->Now())) {
    single_hop_.ReceiveWaiting();
    multihop_.ReceiveWaiting();
  }
  const absl::Time now = ports_.loop->Now();
  endpoint_.OnTimer(now);
  // Sessions that have left need no sockets.
  if (endpoint_.size() != senders_.size()) FollowSessions(now);
  RetrySockets(now);
  Drain();
}

void BfdNode::RetrySockets(absl::Time now) {
  if (retry_at_ > now) return;
  single_hop_.Retry(now);
  multihop_.Retry(now);
  for (auto& [key, sender] : senders_) sender.Retry(now);
  NoteRetry();
}

void BfdNode::NoteRetry() {
  retry_at_ = std::min(single_hop_.retry_at(), multihop_.retry_at());
  for (const auto& [key, sender] : senders_) {
    retry_at_ = std::min(retry_at_, sender.retry_at());
  }
}

void BfdNode::Drain() {
  const absl::Time now = ports_.loop->Now();
  for (const OutgoingPacket& packet : endpoint_.TakeOutgoing()) {
    Send(now, packet);
  }
  for (const SessionEvent& event : endpoint_.TakeEvents()) {
    const std::shared_ptr<Observer> called = observer_;  // Lives while it runs.
    if (called != nullptr && *called) (*called)(event);
  }
  timer_->Arm(std::min(retry_at_, endpoint_.NextDeadline()));
}

// A peer that hears us while we cannot hear it would stay in Init.
void BfdNode::Send(absl::Time now, const OutgoingPacket& packet) {
  const auto sender = senders_.find(packet.key);
  if (sender == senders_.end()) return;
  const SessionKey& key = packet.key;
  if (ReceiverOf(key.hops).ErrorOf(key.remote.family()).ok()) {
    sender->second.Send(now, packet.bytes);
    retry_at_ = std::min(retry_at_, sender->second.retry_at());
  } else {
    sender->second.CountUnsent();
  }
}

absl::btree_map<SessionKey, NodeSession> BfdNode::sessions() const {
  absl::btree_map<SessionKey, NodeSession> sessions;
  for (const auto& [key, status] : endpoint_.Statuses()) {
    NodeSession session = {status,
                           ReceiverOf(key.hops).ErrorOf(key.remote.family())};
    const auto sender = senders_.find(key);
    if (sender != senders_.end()) {
      if (session.error.ok()) session.error = sender->second.error();
      session.status.counters.control_packet_output -= sender->second.unsent();
    }
    sessions.emplace(key, std::move(session));
  }
  return sessions;
}

}  // namespace lb::bfd

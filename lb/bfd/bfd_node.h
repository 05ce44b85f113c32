// BfdNode: all BFD sessions of a node, on real (or simulated) sockets.
//
//   BfdNode node(Ports::From(environment));
//   node.SetObserver([&](const SessionEvent& event) {
//     if (event.change == SessionChange::kPeerFailed) Drop(event.key);
//   });
//   LB_RETURN_IF_ERROR(node.SetSessions({{key, {}}}));
//
// Sockets are opened for the first session and closed after the last. A session
// whose sockets cannot be opened, as another program has the port, stays down
// with the reason and is tried again. When a timer says that a peer is silent,
// what waits in the sockets is taken first, and each packet counts at the time
// when the kernel had it: so a loop that was late shoots no peer.
//
// A stopped process is silent for its peers like a dead one. Loop thread only.
#ifndef LB_BFD_BFD_NODE_H_
#define LB_BFD_BFD_NODE_H_

#include <cstdint>
#include <memory>

#include "absl/container/btree_map.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "lb/bfd/endpoint.h"
#include "lb/bfd/ports.h"
#include "lb/bfd/receiving_socket.h"
#include "lb/bfd/sending_socket.h"
#include "lb/bfd/session_options.h"
#include "lb/bfd/session_status.h"
#include "lb/bfd/wire/verdict.h"
#include "lb/io/loop.h"

namespace lb::bfd {

struct NodeSession {
  SessionStatus status;
  // Why the session cannot hear or send: "udp 0.0.0.0:3784: Address already in
  // use". OK: it can.
  absl::Status error;
};

class BfdNode {
 public:
  using Observer = absl::AnyInvocable<void(const SessionEvent& event)>;

  explicit BfdNode(const Ports& ports);
  BfdNode(const BfdNode&) = delete;
  BfdNode& operator=(const BfdNode&) = delete;

  // Replaces the wanted sessions. A session that stays is not disturbed: its
  // intervals change by a Poll sequence. The errors of Endpoint::SetSessions().
  absl::Status SetSessions(const Endpoint::Sessions& wanted);

  // Called with each event. It may call the node, but not destroy it.
  void SetObserver(Observer observer) {
    observer_ = std::make_shared<Observer>(std::move(observer));
  }

  // The wanted sessions. Packets that were not sent do not count as output.
  absl::btree_map<SessionKey, NodeSession> sessions() const;
  const VerdictCounters& verdicts() const { return endpoint_.verdicts(); }

 private:
  ReceivingSocket& ReceiverOf(Hops hops) {
    return hops == Hops::kSingle ? single_hop_ : multihop_;
  }
  const ReceivingSocket& ReceiverOf(Hops hops) const {
    return hops == Hops::kSingle ? single_hop_ : multihop_;
  }
  void OnDatagram(Hops hops, const io::ArrivedDatagram& datagram);
  void OnTimer();
  // Opens and closes sockets as the sessions want.
  void FollowSessions(absl::Time now);
  void RetrySockets(absl::Time now);
  void NoteRetry();
  // Sends and reports all that the endpoint has, and arms the timer.
  void Drain();
  void Send(absl::Time now, const OutgoingPacket& packet);

  const Ports ports_;
  Endpoint endpoint_;
  ReceivingSocket single_hop_;
  ReceivingSocket multihop_;
  absl::btree_map<SessionKey, SendingSocket> senders_;
  std::shared_ptr<Observer> observer_;
  absl::Time retry_at_ =
      absl::InfiniteFuture();  // The earliest of the sockets.
  std::unique_ptr<io::Timer> timer_;
};

}  // namespace lb::bfd

#endif  // LB_BFD_BFD_NODE_H_

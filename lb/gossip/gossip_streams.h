// GossipStreams: the TCP side of a GossipNode.
//
// A stream carries one message and at most one answer. This class opens the
// streams that the core asks for, takes those of peers, bounds what they cost,
// and hands whole messages to the core. A large exchange is inflated, merged,
// answered and encoded in several turns of the loop (TakeSlice()).
//
// Private to GossipNode. Loop thread only.
#ifndef LB_GOSSIP_GOSSIP_STREAMS_H_
#define LB_GOSSIP_GOSSIP_STREAMS_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lb/gossip/gossip_session.h"
#include "lb/gossip/membership.h"
#include "lb/gossip/options.h"
#include "lb/gossip/outgoing.h"
#include "lb/gossip/ports.h"
#include "lb/gossip/source_buckets.h"
#include "lb/gossip/undecryptable_peers.h"
#include "lb/gossip/wire/codec.h"
#include "lb/gossip/wire/messages.h"
#include "lb/io/stream_transport.h"
#include "lb/net/ip_address.h"

namespace lb::gossip {

class GossipStreams {
 public:
  using UserState = absl::AnyInvocable<wire::Bytes()>;
  // What the node does for its streams.
  struct Node {
    // The core has outputs.
    absl::AnyInvocable<void()> drain;
    // A stream to or from the peer could not be read; nullopt: it is garbage.
    absl::AnyInvocable<void(const net::IpAddress& from,
                            std::optional<wire::Mismatch> mismatch)>
        on_mismatch;
  };

  // All outlive it.
  GossipStreams(const GossipOptions& options, const Ports& ports,
                wire::Codec& codec, Membership& membership,
                UndecryptablePeers& undecryptable);

  // Before all others.
  void SetNode(Node node) { node_ = std::move(node); }
  void SetUserState(UserState state) { user_state_ = std::move(state); }

  // Opens a stream that the core asked for.
  void Open(const StreamRequest& request);
  // A peer opened one.
  void OnAccepted(std::unique_ptr<io::Stream> stream);

 private:
  void OnConnected(uint64_t id,
                   absl::StatusOr<std::unique_ptr<io::Stream>> stream);
  void OnBytes(uint64_t id, absl::Span<const uint8_t> bytes);
  void OnClosed(uint64_t id, const absl::Status& reason);
  // One slice of the stream that is first in `waiting_`.
  void TakeSlice();
  void PostSlice();  // On a later turn.
  // True: all that TakeSlice() has to do with the stream is done.
  bool Inflate(uint64_t id, GossipSession& session);
  bool MergeSlice(uint64_t id, GossipSession& session);
  void OnWhole(uint64_t id, absl::StatusOr<wire::StreamMessage> message);
  bool Admit(GossipSession& session);
  void Listen(uint64_t id, GossipSession& session);
  void Answer(uint64_t id, GossipSession& session,
              absl::StatusOr<wire::StreamMessage> request);
  void Fail(uint64_t id, const absl::Status& why);
  uint64_t NewSession(absl::Time deadline, std::optional<uint64_t> request);
  void RefreshUserState();

  const Ports& ports_;
  wire::Codec& codec_;
  Membership& membership_;
  UndecryptablePeers& undecryptable_;
  Node node_;
  UserState user_state_;
  const absl::Duration stream_timeout_;
  std::deque<uint64_t> waiting_;  // Sessions, one at a time.
  SourceBuckets exchanges_;       // That peers begin, by their address.
  GossipSessions sessions_;
  // For callbacks that may come after our end.
  std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
};

}  // namespace lb::gossip

#endif  // LB_GOSSIP_GOSSIP_STREAMS_H_

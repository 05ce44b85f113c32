// GossipNode: a member of a memberlist cluster, on the transports of lb::io.
//
// The shell around Membership: it owns the timer, the codec and the streams,
// and none of the rules. Loop thread only; the ports outlive it.
// Destroying it stops it without a word to the others (they will see a
// failure); Leave() first says goodbye.
//
//   LB_ASSIGN_OR_RETURN(auto node, GossipNode::Create(
//       {.self = {.name = "node-a", .endpoint = endpoint},
//        .gossip = FastProfile()}, ports));
//   node->SetObserver([](const GossipEvent& event) { Apply(event); });
//   node->Start();
//   LB_RETURN_IF_ERROR(node->Join(seeds));
#ifndef LB_GOSSIP_GOSSIP_NODE_H_
#define LB_GOSSIP_GOSSIP_NODE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lb/gossip/delegates.h"
#include "lb/gossip/gossip_streams.h"
#include "lb/gossip/member.h"
#include "lb/gossip/membership.h"
#include "lb/gossip/options.h"
#include "lb/gossip/ports.h"
#include "lb/gossip/undecryptable_peers.h"
#include "lb/gossip/wire/codec.h"
#include "lb/gossip/wire/keyring.h"
#include "lb/gossip/wire/messages.h"
#include "lb/io/loop.h"
#include "lb/net/endpoint.h"

namespace lb::gossip {

struct GossipNodeOptions {
  NodeIdentity self;
  GossipOptions gossip = LanProfile();
  wire::CodecOptions codec;
  wire::Keyring keyring;  // Empty: plaintext.
  Delegates delegates;
};

class GossipNode {
 public:
  using Observer = absl::AnyInvocable<void(const GossipEvent& event)>;
  using UserState = GossipStreams::UserState;

  // A node that is still silent. InvalidArgument: an option is out of range, or
  // the ports lack datagrams, streams or random bytes.
  static absl::StatusOr<std::unique_ptr<GossipNode>> Create(
      GossipNodeOptions options, const Ports& ports);
  ~GossipNode();
  GossipNode(const GossipNode&) = delete;
  GossipNode& operator=(const GossipNode&) = delete;

  // Called with each event, on later turns of the loop or from within Start(),
  // Join(), SetMeta() and Leave(). It may call this node, but not destroy it.
  void SetObserver(Observer observer) { observer_ = std::move(observer); }

  // Takes the receivers of the transports and begins to probe and answer.
  void Start();

  // As Membership::Join: tries now, and for ever while they are no members.
  absl::Status Join(absl::Span<const net::Endpoint> seeds);

  // As in Membership: the join list does not have it any more.
  void ForgetSeed(const net::Endpoint& seed) { membership_.ForgetSeed(seed); }

  // Says goodbye; `done` is called once that has gone out or at `timeout`.
  // The node still answers until it is destroyed. May be called once.
  void Leave(absl::Duration timeout, absl::AnyInvocable<void()> done);

  // All known nodes by name, ours included; see Member::is_up().
  std::vector<Member> Members() const { return membership_.Members(); }
  // As in Membership: who is there, and how many are only said to be.
  std::vector<Member> VerifiedMembers() const {
    return membership_.VerifiedMembers();
  }
  size_t unverified() const { return membership_.unverified(); }
  std::optional<Member> Find(std::string_view name) const {
    return membership_.Find(name);
  }
  const NodeIdentity& self() const { return membership_.self(); }

  // As in Membership. User messages go to all, to one in a datagram, to one
  // over TCP.
  absl::Status SetMeta(wire::Bytes meta);
  // As in Membership: the node has another address now. The sockets must be
  // bound so that they hear what is sent there. InvalidArgument: it is none
  // that others can reach.
  absl::Status MoveTo(const net::Endpoint& endpoint);
  absl::Status Broadcast(wire::Bytes payload);
  absl::Status SendBestEffort(std::string_view member, wire::Bytes payload);
  absl::Status SendReliably(std::string_view member, wire::Bytes payload);

  // What peers get of us in full exchanges: asked for at each one. It must not
  // call this node. One above kUserStateSizeMax is counted and not sent.
  void SetUserState(UserState state) {
    streams_.SetUserState(std::move(state));
  }
  // As in Membership: tells several members at once of a state in which much is
  // new. Those to whom it is new do the same, then all know it soon.
  void SpreadUserState();

  // Peers in sight that this node cannot read, or that cannot read it.
  std::vector<UndecryptablePeer> Undecryptable() const {
    return undecryptable_.List(ports_.loop->Now());
  }

  // As in Membership: members that answer over TCP and not over UDP.
  std::vector<StreamOnlyPeer> ListStreamOnly() const {
    return membership_.ListStreamOnly(ports_.loop->Now());
  }

  // As in Membership: members that failed, and that this node itself lost.
  const std::set<std::string, std::less<>>& lost() const {
    return membership_.lost();
  }

  // For rotation: Add everywhere, Use everywhere, Remove everywhere.
  wire::Keyring& keyring() { return codec_.keyring(); }

  const GossipCounters& counters() const { return membership_.counters(); }
  // 0 is well; see GossipOptions::awareness_max_multiplier.
  int health_score() const { return membership_.health_score(); }

 private:
  GossipNode(GossipNodeOptions options, const Ports& ports);

  void OnDatagram(const net::Endpoint& from, absl::Span<const uint8_t> payload);
  void OnMismatch(const net::IpAddress& from, UndecryptablePeers::Via via,
                  std::optional<wire::Mismatch> mismatch);

  void FinishLeave();
  // Sends, connects and delivers what the core has, arms its deadline.
  void Drain();

  const Ports ports_;
  wire::Codec codec_;
  Membership membership_;
  UndecryptablePeers undecryptable_;
  Observer observer_;
  absl::AnyInvocable<void()> leave_done_;
  std::unique_ptr<io::Timer> timer_;
  absl::Time armed_ = absl::InfiniteFuture();  // `timer_`.
  std::unique_ptr<io::Timer> leave_timer_;
  GossipStreams streams_;
  bool started_ = false;
  bool draining_ = false;
};

}  // namespace lb::gossip

#endif  // LB_GOSSIP_GOSSIP_NODE_H_

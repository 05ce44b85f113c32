// Roster: the state of each node, and the rules by which claims of others
// change it.
//
// A node's incarnation orders the claims about it; only the node itself raises
// it. Alive needs a higher one than known; suspect and dead win at an equal
// one. An accusation of ourselves is refuted with a higher incarnation.
// Beyond memberlist's rules, and compatible with them:
//   - a stale alive of a node that counts as dead (it restarted, or was cut
//     off) is answered with the accusation, so that it can refute it;
//   - an accuser gets the refutation directly, also if the accusation was old,
//     once per gossip interval;
//   - a claim too far ahead of what is known (kIncarnationJumpMax) is refused:
//     one forged message cannot use up a node's incarnations;
//   - an address and its IPv4-mapped form are no conflict;
//   - a node that failed may still leave, and then return at another address.
//
// Part of the core: no I/O; see Membership.
#ifndef LB_GOSSIP_ROSTER_H_
#define LB_GOSSIP_ROSTER_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lb/base/prng.h"
#include "lb/gossip/awareness.h"
#include "lb/gossip/broadcast_queue.h"
#include "lb/gossip/claim_checks.h"
#include "lb/gossip/delegates.h"
#include "lb/gossip/direct_messages.h"
#include "lb/gossip/member.h"
#include "lb/gossip/member_table.h"
#include "lb/gossip/options.h"
#include "lb/gossip/relocation.h"
#include "lb/gossip/suspicion.h"
#include "lb/gossip/wire/messages.h"
#include "lb/net/endpoint.h"

namespace lb::gossip {

inline constexpr uint32_t kIncarnationLast = UINT32_MAX;

class Roster {
 public:
  // `options` and `counters` outlive it.
  Roster(const GossipOptions& options, NodeIdentity self, const Prng& prng,
         absl::Time now, GossipCounters* counters);

  void SetDelegates(Delegates delegates) {
    checks_.SetDelegates(std::move(delegates));
  }

  // Claims of others, and our own suspicions.
  void OnAlive(absl::Time now, const wire::Alive& alive);
  void OnAlive(absl::Time now, uint32_t incarnation,
               const wire::SharedDescription& node);
  void OnSuspect(absl::Time now, const wire::Suspect& suspect);
  void OnDead(absl::Time now, const wire::Dead& dead);
  // Full exchanges (roster_merge.cc). May the claims of this one be merged?
  // FailedPrecondition: no node in it speaks our versions. Other errors are
  // those of Delegates::admit_merge.
  absl::Status Admit(absl::Time now, const wire::PushPull& remote) {
    return checks_.AdmitExchange(now, remote, self_.name);
  }
  // Claims of an exchange: all of them, or a part of many.
  void Merge(absl::Time now, absl::Span<const wire::PushNodeState> nodes);
  // All that we know, for a peer.
  wire::PushPull Snapshot(bool join) const;

  // It acked a ping of ours: the member is verified.
  void OnVerified(NodeRecord& record);
  // Declares dead whose suspicion has expired.
  void OnTimer(absl::Time now);
  absl::Time NextDeadline() const {
    return std::min(suspicions_.NextDeadline(), relocation_.due());
  }
  void Shift(absl::Duration by) { suspicions_.Shift(by); }

  // Claims of this node about itself.
  void Leave(absl::Time now);
  void SetMeta(wire::Bytes meta);
  // We are reached at `endpoint` from now on (roster_move.cc): see Relocation.
  void MoveTo(absl::Time now, const net::Endpoint& endpoint);
  // Says nothing of a move that was before the start, until ReleaseMove().
  void HoldMove() { relocation_.Hold(); }
  void ReleaseMove(absl::Time now);
  // Another host has our name, at that address.
  void OnNamesake(absl::Time now, const net::Endpoint& endpoint) {
    OnConflict(now, own(), endpoint);
  }
  // This node's alive message; after a move it begins with the goodbye.
  std::vector<wire::Message> Introduction() const;
  bool leaving() const { return leaving_; }
  wire::Alive OwnAlive() const { return own().ToAlive(); }
  const NodeIdentity& self() const { return self_; }
  bool IsSelf(std::string_view name) const { return name == self_.name; }

  MemberTable& table() { return table_; }
  const MemberTable& table() const { return table_; }
  BroadcastQueue& broadcasts() { return broadcasts_; }
  const BroadcastQueue& broadcasts() const { return broadcasts_; }
  Awareness& awareness() { return awareness_; }
  const Awareness& awareness() const { return awareness_; }

  // Empty after being taken.
  std::vector<DirectMessage> TakeDirect() { return direct_.Take(); }
  // The receivers of an Introduction(), in one packet.
  std::vector<net::Endpoint> TakeIntroductions() {
    return direct_.TakeIntroductions();
  }
  std::vector<GossipEvent> TakeEvents();

 private:
  static wire::NodeDescription Describe(const NodeIdentity& self);
  const NodeRecord& own() const { return *table_.Find(self_.name); }
  NodeRecord& own() { return *table_.Find(self_.name); }

  bool MayMove(absl::Time now, const NodeRecord& record) const;
  void OnConflict(absl::Time now, NodeRecord& record,
                  const net::Endpoint& claimed);
  void OnAliveOfNewcomer(const NodeRecord& claim);
  void OnAliveAboutSelf(absl::Time now, const NodeRecord& claim);
  void Adopt(NodeRecord& record, const NodeRecord& claim);
  void SayMoved(absl::Time now, uint32_t known);
  void TellMoved(absl::Time now);
  void OnFormerAddress(absl::Time now, const NodeRecord& claim);
  bool TakeBackGoodbye(const NodeRecord& record);

  void Refute(absl::Time now, uint32_t accusation);
  void AnswerAccuser(absl::Time now, std::string_view from);
  SuspicionTimes CurrentSuspicionTimes() const;
  void Broadcast(std::string_view name, const wire::Message& message);
  void Tell(MemberChange change, const NodeRecord& record);

  const GossipOptions& options_;
  NodeIdentity self_;
  GossipCounters* const counters_;
  ClaimChecks checks_;
  Awareness awareness_;
  MemberTable table_;
  Suspicions suspicions_;  // One for each record in state suspect.
  BroadcastQueue broadcasts_;
  bool leaving_ = false;
  Relocation relocation_;
  DirectMessages direct_;
  std::vector<GossipEvent> events_;
};

}  // namespace lb::gossip

#endif  // LB_GOSSIP_ROSTER_H_

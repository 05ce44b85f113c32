// ClaimChecks: refuses what no honest peer claims, before it changes a record.
//
// Names, metadata and versions have sizes, addresses are ones that a host can
// have, versions go with those of this node, incarnations rise by one at a
// time, and the application may say no (Delegates). Each refusal is counted.
//
// Part of the core: no I/O; see Roster.
#ifndef LB_GOSSIP_CLAIM_CHECKS_H_
#define LB_GOSSIP_CLAIM_CHECKS_H_

#include <cstdint>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "lb/gossip/delegates.h"
#include "lb/gossip/member.h"
#include "lb/gossip/member_table.h"
#include "lb/gossip/options.h"
#include "lb/gossip/wire/messages.h"
#include "lb/net/endpoint.h"

namespace lb::gossip {

// A node raises its incarnation by one per refutation: further ahead is a lie.
inline constexpr uint32_t kIncarnationJumpMax = 1 << 20;

class ClaimChecks {
 public:
  // `options` and `counters` outlive it.
  ClaimChecks(const GossipOptions& options, GossipCounters* counters)
      : options_(options), counters_(counters) {}

  void SetDelegates(Delegates delegates) { delegates_ = std::move(delegates); }

  // An alive message: the sizes of its fields, and its versions.
  bool AcceptsDescription(const wire::NodeDescription& node);
  // An alive message: its address.
  bool AcceptsAddress(const net::Endpoint& endpoint);
  // An alive message of another node: what the application says.
  bool IsAdmitted(const NodeRecord& claim);
  // A suspect or dead message: the accuser. It is kept and passed on, so its
  // size matters.
  bool AcceptsAccuser(std::string_view from);
  // Any claim about `record`: true if it is too far ahead of what is known.
  bool IsImplausible(const NodeRecord& record, uint32_t incarnation);
  // A full exchange of the node `self`; see Roster::Admit().
  absl::Status AdmitExchange(absl::Time now, const wire::PushPull& remote,
                             std::string_view self);

 private:
  bool AcceptsSizes(const wire::NodeDescription& node);

  const GossipOptions& options_;
  GossipCounters* const counters_;
  Delegates delegates_;
};

}  // namespace lb::gossip

#endif  // LB_GOSSIP_CLAIM_CHECKS_H_

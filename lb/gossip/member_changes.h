// MemberChanges: what follows from a change of a member.
//
// Roster decides that a member joined, moved, left or failed. From that follows
// that it is pinged, tried again, or that what is known of its address is void.
// Settle() ends each input of a Membership with that, and puts the events for
// the user in order.
//
// Part of the core: no I/O; see Membership.
#ifndef LB_GOSSIP_MEMBER_CHANGES_H_
#define LB_GOSSIP_MEMBER_CHANGES_H_

#include "absl/time/time.h"
#include "lb/gossip/contact_checks.h"
#include "lb/gossip/exchange_schedule.h"
#include "lb/gossip/failure_detector.h"
#include "lb/gossip/member.h"
#include "lb/gossip/shared_state.h"
#include "lb/gossip/stream_only_watch.h"
#include "lb/gossip/verifier.h"

namespace lb::gossip {

class MemberChanges {
 public:
  struct Watches {
    StreamOnlyWatch& stream_only;
    ContactChecks& contacts;
  };

  // All outlive it.
  MemberChanges(SharedState& state, FailureDetector& detector,
                Verifier& verifier, ExchangeSchedule& schedule, Watches watches)
      : state_(state),
        detector_(detector),
        verifier_(verifier),
        schedule_(schedule),
        stream_only_(watches.stream_only),
        contacts_(watches.contacts) {}

  // Moves the roster's events, messages and newcomers on.
  void Settle(absl::Time now);
  // This node has said goodbye. Settle() tells a LeaveCompleteEvent once enough
  // members have been told.
  void OnLeave() { leave_pending_ = true; }

 private:
  void OnChange(absl::Time now, const MemberEvent& event);

  SharedState& state_;
  FailureDetector& detector_;
  Verifier& verifier_;
  ExchangeSchedule& schedule_;
  StreamOnlyWatch& stream_only_;
  ContactChecks& contacts_;
  bool leave_pending_ = false;
};

}  // namespace lb::gossip

#endif  // LB_GOSSIP_MEMBER_CHANGES_H_

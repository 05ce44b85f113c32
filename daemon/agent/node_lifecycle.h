// NodeLifecycle: when a node may act for its cluster, and how it leaves.
//
// The times around LifeStage. A starting node that has others to join acts once
// it has exchanged its state with one of them and all members that it knows
// have answered: a second later, or after settle_time, at the latest; without a
// carrier for gossip it waits on. So does one that falls silent: it was not run
// for longer than others take to find that a node is gone, or it loses members
// while its gossip has no carrier. A silent node says so, since others must not
// leave addresses to it.
//
// It sends nothing and has no clock: each input says the loop's time, and what
// is to be done is taken as actions, in their order. Loop thread only.
//
//   lifecycle.Leave(loop->Now());
//   for (const LifeAction& action : lifecycle.TakeActions()) Do(action);
//   timer->Arm(lifecycle.next_timer());
#ifndef LB_DAEMON_AGENT_NODE_LIFECYCLE_H_
#define LB_DAEMON_AGENT_NODE_LIFECYCLE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "daemon/agent/life_stage.h"
#include "lb/base/event_log.h"

namespace lb {

// An action that the owner carries out now.
struct LifeAction {
  enum class Kind : uint8_t {
    kRecord,      // An event of this node: type, reason, message.
    kJoin,        // Exchange the state with the join list and with members.
    kForget,      // Elections forget earlier winners.
    kBeginAlone,  // No cluster answered: addresses may be assigned.
    kReconcile,   // Look again at what the node is to do.
    kSayGoodbye,  // Tell the members that this node leaves.
    kFinish,      // It left: nothing is to be done any more.
  };

  Kind kind;
  EventType type = EventType::kNormal;
  std::string reason;
  std::string message;

  friend bool operator==(const LifeAction&, const LifeAction&) = default;
};

// Answers what a node sees of its cluster; asked only where it matters.
class ClusterSight {
 public:
  virtual ~ClusterSight() = default;
  // True if another member is up and verified.
  virtual bool HearsOthers() const = 0;
  // True if it knows any other member, be it a failed one.
  virtual bool KnowsOthers() const = 0;
  // True if each member that counts as up is verified.
  virtual bool AllAnswered() const = 0;
  // True if gossip has a link with a carrier. nullopt: it is not known.
  virtual std::optional<bool> HasCarrier() const = 0;
};

class NodeLifecycle {
 public:
  struct Options {
    bool joins = false;  // There are others to join.
    absl::Duration settle_time;
    absl::Duration hold_down;  // Zero: none.
  };

  // How long a node that exchanged its state waits for unverified members: a
  // lost ping is repeated, and a member that does not exist delays no node.
  static constexpr absl::Duration kAnswerWait = absl::Seconds(1);
  // How long a node that knows no other member waits for its join list after a
  // stall. An exchange on the same network takes a few milliseconds.
  static constexpr absl::Duration kSeedWait = absl::Milliseconds(250);
  // How long a leaving node waits for others to take its addresses.
  static constexpr absl::Duration kHandoverWait = absl::Milliseconds(500);
  // From the first word of members that come to the last of them: each only has
  // to hear that it passes for dead, and to answer.
  static constexpr absl::Duration kReunion = absl::Milliseconds(500);

  // `sight` outlives it.
  NodeLifecycle(Options options, const ClusterSight* sight)
      : options_(options), sight_(sight) {}

  void Start(absl::Time now);
  void OnExchange(absl::Time now);
  // A member changed, also one that never answered.
  void OnMember(absl::Time now) { CheckAllAnswered(now); }
  // A member that has answered came, or went.
  void OnMemberCame(absl::Time now);
  void OnMemberWent() { members_went_ = true; }
  // Two halves of a cluster meet one member at a time: one may tell of another
  // that passes for dead here.
  void OnReunion(absl::Time now) { reunion_until_ = now + kReunion; }
  void OnLinks(absl::Time now);
  // It was not run for so long, and is fenced.
  void OnStall(absl::Time now, absl::Duration duration);
  // Before it looks at what follows from its inputs.
  void CheckCutOff(absl::Time now);
  void OnTimer(absl::Time now);

  // FailedPrecondition: it leaves.
  absl::Status Drain();
  // FailedPrecondition also: its Node object still makes it drain.
  absl::Status Undrain();
  // It drains as long as its Node object has a mark of the option drain-on:
  // this one. Empty: none.
  void SetDrainMark(const std::string& mark);

  void Leave(absl::Time now);
  void OnHandedOver() { Advance(LifeEvent::kHandedOver); }
  void OnGoodbyeSaid() { Advance(LifeEvent::kGoodbyeSaid); }
  void OnDelivered() { Advance(LifeEvent::kDelivered); }

  LifeStage stage() const { return stage_; }
  bool acts() const { return Acts(stage_); }
  bool leaves() const { return Leaves(stage_); }
  bool draining() const { return asked_to_drain_ || !drain_mark_.empty(); }
  const std::string& drain_mark() const { return drain_mark_; }
  // It acted, and does no more. Not while it starts: a restart that others do
  // not notice moves nothing.
  bool silent() const { return silent_; }
  bool holding_down() const { return hold_down_until_.has_value(); }
  bool reuniting() const { return reunion_until_.has_value(); }
  // May a node of the join list not have answered yet?
  bool settling(absl::Time now) const { return now < settle_until_; }
  // Members came, and the reunion with them is over: once.
  bool TakeMembersCame() {
    return !reuniting() && std::exchange(members_came_, false);
  }
  bool TakeMembersWent() { return std::exchange(members_went_, false); }

  std::vector<LifeAction> TakeActions() { return std::exchange(actions_, {}); }
  // When OnTimer() is due; InfiniteFuture(): not.
  absl::Time next_timer() const;

 private:
  using Kind = LifeAction::Kind;

  void Await(absl::Time now);
  void Confirm(absl::Time now, std::string why);
  void FallSilent(absl::Time now, std::string reason, const std::string& why);
  void GoOnAlone(absl::Time now, const std::string& why);
  void OnSettled(absl::Time now);
  void EndDrain();
  void CheckAllAnswered(absl::Time now);
  void Advance(LifeEvent event);
  void Do(Kind kind) { actions_.push_back({.kind = kind}); }
  void Record(EventType type, std::string reason, std::string message);

  const Options options_;
  const ClusterSight* const sight_;
  LifeStage stage_ = LifeStage::kAwaiting;
  bool silent_ = false;
  bool asked_to_drain_ = false;  // Drain()
  std::string drain_mark_;
  bool had_carrier_ = true;  // When links were last looked at.
  bool members_came_ = false;
  bool members_went_ = false;
  absl::Time settle_until_ = absl::InfinitePast();  // Since Await().
  // When it looks again, at settle_until_ or before.
  std::optional<absl::Time> look_at_;
  std::optional<absl::Time> hold_down_until_;
  std::optional<absl::Time> reunion_until_;
  std::optional<absl::Time> handover_until_;
  std::vector<LifeAction> actions_;
};

}  // namespace lb

#endif  // LB_DAEMON_AGENT_NODE_LIFECYCLE_H_

// Outcome: what one look at the agent's inputs changed, and Outcomes, which
// tells it to all that follow it.
//
// An outcome is what each service has, which node announces it and what is
// wrong with this node, before and after. Subscribers are told of each one
// once; their order makes no difference, since none of them sees what another
// made of it.
//
//   outcomes.Subscribe([&](const Outcome& now) { tally.OnOutcome(now); });
//
//   outcomes.Publish(now, looked.before(),
//                    {looked.entries(), elections.placement(), health},
//                    changed, true);
//
// Loop thread only.
#ifndef LB_DAEMON_AGENT_OUTCOME_H_
#define LB_DAEMON_AGENT_OUTCOME_H_

#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "daemon/placement/placement.h"

namespace lb {

// The faults of the node itself, as sentences.
struct NodeHealth {
  std::vector<std::string> strict_arp_faults;  // announce::StrictArp
  std::vector<std::string> covered;  // Pools that cover addresses of hosts.

  friend bool operator==(const NodeHealth&, const NodeHealth&) = default;
};

struct Outcome {
  using Services = std::set<std::string, std::less<>>;
  struct Side {
    const AddressEntries& entries;
    const Placement& placement;
    const NodeHealth& health;
  };

  absl::Time at;  // The loop's.
  Side before;    // Of entries those of `changed` alone.
  Side after;
  const Services& changed;  // All services that differ, and perhaps others.
  bool announces;           // This node announces the services placed on it.
};

class Outcomes {
 public:
  using Subscriber = absl::AnyInvocable<void(const Outcome&)>;

  // Before the first Publish(). It must not publish by itself.
  void Subscribe(Subscriber subscriber) {
    subscribers_.push_back(std::move(subscriber));
  }

  // Calls `on_look` after each look, whatever that changed.
  void SubscribeToLooks(absl::AnyInvocable<void()> on_look) {
    look_subscribers_.push_back(std::move(on_look));
  }

  // `changed`: all services that may differ from the last call; `before` has
  // the entries that they had then. If there are none, and the health is the
  // same, no subscriber is called.
  void Publish(absl::Time now, const AddressEntries& before,
               const Outcome::Side& after, const Outcome::Services& changed,
               bool announces);

  // As it was last published.
  const NodeHealth& health() const { return health_; }

 private:
  void Tell(const Outcome& outcome);

  std::vector<Subscriber> subscribers_;
  std::vector<absl::AnyInvocable<void()>> look_subscribers_;
  Placement placement_;
  NodeHealth health_;
};

}  // namespace lb

#endif  // LB_DAEMON_AGENT_OUTCOME_H_

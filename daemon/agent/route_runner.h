// RouteRunner: the turns of the loop on which routes are planned and told.
//
// Looks at all of a node are paced (LookTimer): some of them read each service,
// and thousands of addresses that come one after the other must not take the
// loop for themselves. Routes do not wait for looks. A turn of theirs costs
// what changed, and goes before the other timers that are due: what changed in
// memory is sent on the next turn. A look plans routes too, before it holds
// elections. While the routes of many services are planned, or their addresses
// assigned, looks wait for these, for kFirstMax at most.
//
//   RouteRunner routes(options, environment, parts, ports);
//   routes.Schedule();            // For each input.
//   if (routes.GoesFirst()) ...   // Before a look.
//   routes.Run(members_changed);  // In a look.
//   changed = routes.TakeChanged();
//   routes.RecordTurned();
//
// A turn goes by the node as it is then: addresses that came since the last one
// are taken first, and those that hosts own are left out.
//
// Loop thread only; the parts and the environment outlive it.
#ifndef LB_DAEMON_AGENT_ROUTE_RUNNER_H_
#define LB_DAEMON_AGENT_ROUTE_RUNNER_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "daemon/agent/events.h"
#include "daemon/announcing/announcing.h"
#include "daemon/hosts/address_owners.h"
#include "daemon/routing/routing.h"
#include "lb/config/desired.h"
#include "lb/config/difference.h"
#include "lb/io/environment.h"
#include "lb/io/loop.h"
#include "lb/ipam/replicated_allocator.h"

namespace lb {

class RouteRunner {
 public:
  using Services = ipam::ReplicatedAllocator::Services;

  // So long looks wait for many routes: some times what ten thousand take.
  static constexpr absl::Duration kFirstMax = absl::Milliseconds(250);

  struct Parts {
    ipam::ReplicatedAllocator* addresses;
    AddressOwners* owners;
    Announcing* announcing;
    Events* events;
  };
  struct Node {
    bool acts = false;
    bool draining = false;
    const config::Desired& desired;
  };
  struct Ports {
    std::function<Node()> node;           // As it is now.
    std::function<void()> update_owners;  // Finds which addresses hosts own.
    std::function<void()> look_soon;  // The plan, or is_unrouted(), changed.
    // As Routing::Look has them.
    std::function<std::vector<std::string>()> members;
    std::function<std::vector<std::string>()> others;
  };

  RouteRunner(Routing::Options options, const io::Environment& environment,
              const Parts& parts, Ports ports);

  // As Routing has them.
  void SetDesired(const config::Desired& desired,
                  const config::Difference& difference) {
    routing_.SetDesired(desired, difference);
  }
  void OnLinks() { routing_.OnLinks(); }
  void Leave() { routing_.Leave(); }

  // An input has come: Run() follows, on the next turn.
  void Schedule();
  void Run(bool members_changed = false);
  // Services whose entries are others than at the last call.
  Services TakeChanged() { return std::exchange(changed_, {}); }
  // A portion of the services that are told to other peers than before.
  Services TakeRepeered();
  // Records a portion of the services that this node announces or withdrew.
  void RecordTurned();
  // There is more for the two.
  bool has_news() const { return routing_.planner().has_news(); }
  // True: a look is to wait.
  bool GoesFirst();

  const Routing& routing() const { return routing_; }

 private:
  // Routed addresses go to "lo".
  void Deliver();

  const Parts parts_;
  const Ports ports_;
  io::Loop* const loop_;
  Routing routing_;
  Services changed_;
  bool scheduled_ = false;
  bool was_unrouted_ = false;  // As Agent has told it to the others.
  absl::Time busy_since_ = absl::InfiniteFuture();  // Routing::is_busy()
  const std::unique_ptr<io::Timer> timer_;
};

}  // namespace lb

#endif  // LB_DAEMON_AGENT_ROUTE_RUNNER_H_

// DesiredKeeper: the Desired of a source that yields single objects, kept up to
// date in place.
//
// BuildDesired makes a Desired of all manifests at once. DesiredKeeper gives
// the same for a source in which each object has an origin of its own, but for
// its Options, at a cost that goes with the change: one service, endpoint slice
// or node of 10,000 objects is a matter of microseconds.
//
//  - A refused object keeps its last good value, and has its problems.
//  - An object that is gone, or passed over, is gone with its problems.
//  - Pools that would clash are refused; those that are in force stay.
//  - Services are checked against the pools and their namespaces' labels. If
//    these change, all services that they concern are looked at again, so a
//    clash ends with its cause.
//
// Until each kind was listed once, desired() stays as it was and `may_define`
// says that everything may be defined: a service without its endpoint slices
// would be announced from the wrong node, and one without its pool refused. So
// whatever releases addresses gets shared() before the first list.
//
//   DesiredKeeper keeper;
//   Use(keeper.shared());  // As Agent::SetDesired() does.
//   for (const std::string_view kind : ReadKinds()) {
//     Use(keeper.shared(), keeper.Replace(kind, listed));
//   }
//   Use(keeper.shared(), keeper.Apply({change}));
//
// Bounds: Options::objects_max. One more is left out; a problem says so, and
// nothing is released until all objects of its kind are listed again and have
// room.
//
// Pure state: no I/O, no clock. One thread, which also reads desired().
#ifndef LB_CONFIG_DESIRED_KEEPER_H_
#define LB_CONFIG_DESIRED_KEEPER_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "absl/types/span.h"
#include "lb/config/desired.h"
#include "lb/config/difference.h"
#include "lb/config/manifests.h"
#include "lb/config/object_change.h"

namespace lb::config {

struct DesiredKeeperOptions {
  size_t objects_max = 200'000;
  // All EndpointSlices are known: a service that has none has no endpoint, and
  // no node announces it. False: as BuildDesired has it, where manifests need
  // no slices.
  bool knows_endpoints = false;
  // Statuses say which addresses services have, whatever these ask for. A
  // service that the pools refuse, and that has no earlier value, then counts
  // in Desired::services by what it says, though it is not in force
  // (Desired::counted). Nor is then a value of an earlier run in force that
  // they refuse, too, once there is a newer one: it may have been refused all
  // along. False: it does not count.
  bool follows_statuses = false;
};

struct KeptState;

class DesiredKeeper {
 public:
  using Options = DesiredKeeperOptions;

  DesiredKeeper() : DesiredKeeper(Objects()) {}
  // `in_force`: the objects of an earlier run (RestoreDesired). They stay in
  // force until each kind was listed, and are then the last good values.
  // Those of Desired::counted belong to them.
  explicit DesiredKeeper(Objects in_force, const Options& options = {});
  ~DesiredKeeper();
  DesiredKeeper(const DesiredKeeper&) = delete;
  DesiredKeeper& operator=(const DesiredKeeper&) = delete;

  // Takes single changes, the later of one object last. Returns what differs
  // from before, as DifferenceOf() would.
  Difference Apply(absl::Span<const ObjectChange> changes);

  // Takes a list of all objects of `kind`, one of ReadKinds(). Other objects of
  // this kind are gone.
  Difference Replace(std::string_view kind,
                     absl::Span<const ObjectChange> listed);

  // All objects of `kind` have come by Apply(), in portions: from now on the
  // kind counts as listed. For a source that says itself which objects are
  // gone, as kubernetes::Reflector does. Objects that were left out stay so.
  Difference EndListing(std::string_view kind);

  // Was each kind listed once?
  bool is_complete() const { return unlisted_.empty(); }

  const Desired& desired() const { return *desired_; }
  // The same object, which later calls change in place.
  std::shared_ptr<const Desired> shared() const { return desired_; }

 private:
  void Take(const ObjectChange& change);
  Difference Settle();
  Difference Update();

  const std::shared_ptr<Desired> desired_;
  const std::unique_ptr<KeptState> state_;
  std::set<std::string_view> unlisted_;         // Kinds.
  std::set<std::string, std::less<>> touched_;  // Objects, since Settle().
};

}  // namespace lb::config

#endif  // LB_CONFIG_DESIRED_KEEPER_H_

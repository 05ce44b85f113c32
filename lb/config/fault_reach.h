// FaultReach: which objects may be meant by what was not understood.
//
// A faulty object reaches its own name only. A document of which it is not
// known which object it is, and a file that cannot be read, reach the objects
// that the file defined when it was last read, and those whose names stand in
// it. A path that was never read since the start may define anything. Pure; the
// Manifests and the Desired outlive it.
#ifndef LB_CONFIG_FAULT_REACH_H_
#define LB_CONFIG_FAULT_REACH_H_

#include <string>
#include <string_view>

#include "lb/config/desired.h"
#include "lb/config/manifests.h"

namespace lb::config {

class FaultReach {
 public:
  FaultReach(const Manifests& manifests, const Desired& previous)
      : manifests_(manifests), previous_(previous) {}

  // May an object from before, which no good document defines now, still be
  // meant? Its last good value then stays.
  bool MayHold(const Object& object) const;

  // Sets may_define and what the next BuildDesired needs to know. `desired` has
  // its objects.
  void Report(Desired* desired) const;

 private:
  bool MayHoldFile(const std::string& file) const;
  // It could not be read, or is being written.
  bool IsUnread(const std::string& file) const;
  bool HasUnclear(const std::string& file) const;
  bool IsMentioned(const Object& object) const;
  void CollectPaths(Desired* desired) const;
  void CollectStrangers(Desired* desired) const;
  void CollectServices(Desired* desired) const;

  const Manifests& manifests_;
  const Desired& previous_;
};

}  // namespace lb::config

#endif  // LB_CONFIG_FAULT_REACH_H_

// JudgeMove: would lbd announce each service from the node from which MetalLB's
// speakers announce it now? For `lbctl migrate check`.
//
// It compares the ServiceL2Statuses, by which speakers say what they announce,
// with an election by MetalLB's rule among the given members, and lists the
// objects that lbd refuses. What it cannot know are the interfaces of the
// nodes: elections beside MetalLB's speakers do not go by them.
//
//   for (const Finding& finding : JudgeMove(facts, Detail::kSums)) {
//     if (finding.grade == Grade::kFault) ...
//   }
//
// A pure function; the same facts give the same findings. Any thread.
#ifndef LB_DAEMON_LBCTL_MOVE_CHECK_H_
#define LB_DAEMON_LBCTL_MOVE_CHECK_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "daemon/lbctl/doctor.h"
#include "lb/config/desired.h"
#include "lb/ipam/assignment.h"

namespace lb::lbctl {

struct ClusterFacts {
  // A ServiceL2Status.
  struct Claim {
    std::string service;  // "default/web"
    std::string node;
  };

  std::shared_ptr<const config::Desired> desired;
  // What the statuses of Services say, by "namespace/name"; without those of
  // another class.
  std::map<std::string, ipam::Assignment> assignments;
  std::vector<Claim> claims;
  // Among these the election is. `members_from` says to people how they are
  // known.
  std::vector<std::string> members;
  std::string members_from;
  bool ignore_exclude_label = false;
};

enum class Detail {
  kSums,  // Services that are as they should be are counted.
  kEach,  // Each has a finding of its own.
};

// In this order: the members, refused objects, services. Services that MetalLB
// and lbd place alike are good; all else is a fault, and says why.
std::vector<Finding> JudgeMove(const ClusterFacts& facts, Detail detail);

}  // namespace lb::lbctl

#endif  // LB_DAEMON_LBCTL_MOVE_CHECK_H_

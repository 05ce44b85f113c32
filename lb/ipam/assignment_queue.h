// AssignmentQueue: the services that the author gives addresses to next.
//
// All other services have what they ask for, and to assign it to them again
// would change nothing. A service is due
//  - if what the ledger says of it was followed, since it may lack something;
//  - if its last assignment failed;
//  - if it would take a second family, once an address is free; or at any time,
//    if it shares: another service may have joined it;
//  - after AddAll(), a portion of all services with each Take().
//
// Pure bookkeeping.
#ifndef LB_IPAM_ASSIGNMENT_QUEUE_H_
#define LB_IPAM_ASSIGNMENT_QUEUE_H_

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "lb/ipam/assignment.h"
#include "lb/ipam/ledger_replay.h"
#include "lb/ipam/service_request.h"

namespace lb::ipam {

class AssignmentQueue {
 public:
  using Services = std::set<std::string, std::less<>>;
  using Failures = std::map<std::string, absl::Status>;

  // Makes all services due, kPortion of them with each of the next Take().
  void AddAll() { all_after_ = ""; }
  // Takes the services that are due, all of `requests`. `freed`: an address was
  // freed. `may_free`: the service may give up an address when it is assigned
  // others.
  Services Take(const ServiceRequests& requests, const Services& followed,
                bool freed,
                absl::FunctionRef<bool(const ServiceRequest&)> may_free);
  // More of AddAll() is left for the next Take().
  bool has_more() const { return all_after_.has_value(); }

  // What came of the service's assignment.
  void OnAssigned(const ServiceRequest& request, const Assignment& assigned);
  void OnFailed(const std::string& service, absl::Status why);

  // Why the last assignments failed, by service.
  const Failures& failures() const { return failures_; }
  // Nullptr: it did not fail.
  const absl::Status* FailureOf(const std::string& service) const;
  // This node is not the author: its failures say nothing.
  void ClearFailures() { failures_.clear(); }

 private:
  void AddNextOfAll(const ServiceRequests& requests, Services& due);

  // All services after this one are due; see AddAll().
  std::optional<std::string> all_after_;
  Failures failures_;
  Services wants_more_;      // They would take a second family.
  Services wants_to_share_;  // The same, and they share.
};

}  // namespace lb::ipam

#endif  // LB_IPAM_ASSIGNMENT_QUEUE_H_

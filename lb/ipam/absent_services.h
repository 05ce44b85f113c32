// AbsentServices: services on record that no manifest asks for, since when, and
// what they asked for last.
//
// Bookkeeping only; loop thread only.
#ifndef LB_IPAM_ABSENT_SERVICES_H_
#define LB_IPAM_ABSENT_SERVICES_H_

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "lb/ipam/ledger_replay.h"
#include "lb/ipam/service_request.h"

namespace lb::ipam {

class AbsentServices {
 public:
  struct Since {
    absl::Time loop;   // For deadlines.
    absl::Time civil;  // To be shown.
  };
  using BySince = std::map<std::string, Since, std::less<>>;

  // Keeps the service's last request until Forget(), so that it keeps sharing.
  void Remember(ServiceRequest request);
  // Nullptr: this run never knew.
  const ServiceRequest* LastRequest(std::string_view service) const;

  // It is absent `now`; an earlier such moment stays.
  void Note(const std::string& service, const Since& now);
  // It is wanted, or holds nothing.
  void Forget(std::string_view service);

  const BySince& since() const { return since_; }

 private:
  BySince since_;
  ServiceRequests last_requests_;
};

}  // namespace lb::ipam

#endif  // LB_IPAM_ABSENT_SERVICES_H_

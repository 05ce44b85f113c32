// WantedServices: what the manifests ask for, and which services of it are
// still to be followed.
//
// A change of many services is followed in portions. Services that are known
// already come first, so that they keep what they hold; new ones follow.
//
// A service that is not wanted any more and holds addresses is absent: since
// when it is, and what it asked for last, is kept here. Pure bookkeeping.
#ifndef LB_IPAM_WANTED_SERVICES_H_
#define LB_IPAM_WANTED_SERVICES_H_

#include <cstddef>
#include <functional>
#include <set>
#include <string>
#include <string_view>

#include "lb/ipam/absent_services.h"
#include "lb/ipam/service_request.h"
#include "lb/ipam/wanted.h"

namespace lb::ipam {

class WantedServices {
 public:
  using Services = std::set<std::string, std::less<>>;

  const Wanted& wanted() const { return wanted_; }
  const ServiceRequests& requests() const { return wanted_.requests; }

  // What differs between the present Wanted and `next`.
  WantedChange ChangeTo(Wanted next) const;
  // True if anything has changed.
  bool Change(WantedChange change);

  // The request of the service; nullptr: it is not wanted.
  const ServiceRequest* Find(std::string_view service) const;
  // The same; of an absent service the one that it had last.
  const ServiceRequest* FindLast(std::string_view service) const;
  bool Wants(std::string_view service) const {
    return Find(service) != nullptr;
  }

  // The service is to be followed again, for another reason than a change.
  void Touch(std::string service) { touched_.insert(std::move(service)); }
  // Takes at most `count` of the services that are to be followed.
  Services TakeTouched(size_t count);
  bool has_touched() const { return !touched_.empty() || !new_.empty(); }

  // `holds`: the ledger says that the service has addresses.
  void NoteHolding(const std::string& service, bool holds,
                   const AbsentServices::Since& now);
  AbsentServices& absent() { return absent_; }
  const AbsentServices& absent() const { return absent_; }

 private:
  Wanted wanted_;
  AbsentServices absent_;
  Services touched_;
  Services new_;
};

}  // namespace lb::ipam

#endif  // LB_IPAM_WANTED_SERVICES_H_

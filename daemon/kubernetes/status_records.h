// StatusRecords: the records of all Services, and which of them say an address.
//
// Two statuses must not say one address at once, so a writer asks here before
// it writes an address that another status may still say. Pure bookkeeping; one
// thread.
#ifndef LB_DAEMON_KUBERNETES_STATUS_RECORDS_H_
#define LB_DAEMON_KUBERNETES_STATUS_RECORDS_H_

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "daemon/kubernetes/service_record.h"
#include "lb/net/ip_address.h"

namespace lb {

class StatusRecords {
 public:
  using ByName = std::map<std::string, ServiceRecord, std::less<>>;
  using Services = std::set<std::string, std::less<>>;

  // Nullptr: there is no such Service.
  const ServiceRecord* Find(std::string_view service) const;
  const ByName& all() const { return records_; }

  void Set(ServiceRecord record);
  void Erase(std::string_view service);

  // The Services whose status says the address.
  const Services& ClaimantsOf(const net::IpAddress& address) const;

 private:
  void EraseClaims(const ServiceRecord& record);

  ByName records_;
  std::map<net::IpAddress, Services> claims_;
};

}  // namespace lb

#endif  // LB_DAEMON_KUBERNETES_STATUS_RECORDS_H_

// Wanted: what the manifests ask for, and what differs between two of them.
//
// Values only.
#ifndef LB_IPAM_WANTED_H_
#define LB_IPAM_WANTED_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lb/ipam/ledger_replay.h"
#include "lb/ipam/may_define.h"
#include "lb/ipam/pool.h"
#include "lb/ipam/service_request.h"

namespace lb::ipam {

struct Wanted {
  std::vector<Pool> pools;  // Valid together.
  ServiceRequests requests;
  // Services that are not in `requests` but may exist all the same, as some
  // of the manifests have faults: their addresses stay reserved.
  MayDefine may_exist;

  friend bool operator==(const Wanted&, const Wanted&) = default;
};

struct WantedChange {
  std::optional<std::vector<Pool>> pools;  // Nullopt: none of them.
  // By service; nullopt: it is not wanted any more.
  std::map<std::string, std::optional<ServiceRequest>> requests;
  MayDefine may_exist;  // All that there is now.
};

}  // namespace lb::ipam

#endif  // LB_IPAM_WANTED_H_

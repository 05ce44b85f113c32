#include "lb/bgp/advertisements/advertise_verdict.h"

#include "lb/base/check.h"

namespace lb::bgp {

std::string_view ToString(AdvertiseVerdict verdict) {
  switch (verdict) {
    case AdvertiseVerdict::kAnnounces:
      return "announces";
    case AdvertiseVerdict::kNotOwner:
      return "notOwner";
    case AdvertiseVerdict::kNoMatchingAdvertisement:
      return "noMatchingAdvertisement";
    case AdvertiseVerdict::kConflictingAdvertisements:
      return "conflictingAdvertisements";
    case AdvertiseVerdict::kNodeNetworkUnavailable:
      return "nodeNetworkUnavailable";
    case AdvertiseVerdict::kNodeLabeledExcludeBalancers:
      return "nodeLabeledExcludeBalancers";
    case AdvertiseVerdict::kNoLocalEndpoints:
      return "noLocalEndpoints";
    case AdvertiseVerdict::kNoEndpoints:
      return "noEndpoints";
  }
  LB_UNREACHABLE();
}

bool IsForEndpoints(AdvertiseVerdict verdict) {
  return verdict == AdvertiseVerdict::kNoLocalEndpoints ||
         verdict == AdvertiseVerdict::kNoEndpoints;
}

AdvertiseVerdict JudgeAdvertising(const AdvertiseFacts& facts) {
  if (!facts.reaches_node) return AdvertiseVerdict::kNotOwner;
  if (!facts.matches_service) {
    return AdvertiseVerdict::kNoMatchingAdvertisement;
  }
  if (facts.has_conflict) return AdvertiseVerdict::kConflictingAdvertisements;
  if (facts.network_unavailable) {
    return AdvertiseVerdict::kNodeNetworkUnavailable;
  }
  if (facts.excluded) return AdvertiseVerdict::kNodeLabeledExcludeBalancers;
  if (facts.only_local && !facts.has_local_endpoint) {
    return AdvertiseVerdict::kNoLocalEndpoints;
  }
  return facts.has_endpoint ? AdvertiseVerdict::kAnnounces
                            : AdvertiseVerdict::kNoEndpoints;
}

}  // namespace lb::bgp

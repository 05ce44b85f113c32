// AdvertiseVerdict: does a node announce a service by BGP, and if not, why?
//
// The rule and its order are MetalLB's, and reasons have its names: the first
// that holds is the verdict. There is no election: every node that passes
// announces, and routers spread the traffic. Gossip, interfaces and sharing
// keys play no part.
//
// A value and a pure function; any thread.
//
//   const AdvertiseVerdict verdict = JudgeAdvertising(
//       {.reaches_node = true, .matches_service = true, .has_endpoint = true});
//   ToString(verdict);  // "announces"
#ifndef LB_BGP_ADVERTISEMENTS_ADVERTISE_VERDICT_H_
#define LB_BGP_ADVERTISEMENTS_ADVERTISE_VERDICT_H_

#include <cstdint>
#include <string_view>

namespace lb::bgp {

enum class AdvertiseVerdict : uint8_t {
  kAnnounces,
  kNotOwner,  // No advertisement of the pool reaches the node.
  kNoMatchingAdvertisement,
  kConflictingAdvertisements,
  kNodeNetworkUnavailable,
  kNodeLabeledExcludeBalancers,
  kNoLocalEndpoints,
  kNoEndpoints,
};

// "announces", else MetalLB's reason, such as "noLocalEndpoints".
std::string_view ToString(AdvertiseVerdict verdict);

// True if the node may come to announce the service again at any moment, as
// soon as a pod is ready: what withdraw_hold waits for.
bool IsForEndpoints(AdvertiseVerdict verdict);

struct AdvertiseFacts {
  // Does an advertisement of the service's pool reach the node, and does one
  // that does match the service?
  bool reaches_node = false;
  bool matches_service = false;
  bool has_conflict = false;  // FindConflict()
  bool network_unavailable = false;
  bool excluded = false;    // By its label.
  bool only_local = false;  // externalTrafficPolicy: Local
  // Usable ones: on the node; anywhere.
  bool has_local_endpoint = false;
  bool has_endpoint = false;
};

AdvertiseVerdict JudgeAdvertising(const AdvertiseFacts& facts);

}  // namespace lb::bgp

#endif  // LB_BGP_ADVERTISEMENTS_ADVERTISE_VERDICT_H_

// ServiceRecord: what a Service of the API server says of its addresses.
//
// `status.loadBalancer.ingress` and the annotation of the pool are the durable
// record of an assignment: whichever controller acts next starts from them. The
// object is written by others too, so whatever is no address is noted, not
// trusted. Pure; any thread.
#ifndef LB_DAEMON_KUBERNETES_SERVICE_RECORD_H_
#define LB_DAEMON_KUBERNETES_SERVICE_RECORD_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lb/config/yaml_tree.h"
#include "lb/ipam/assignment.h"
#include "lb/ipam/service_request.h"
#include "lb/kubernetes/object_meta.h"
#include "lb/net/ip_address.h"

namespace lb {

// MetalLB's annotation of the pool that an address came from.
inline constexpr std::string_view kPoolAnnotation =
    "metallb.io/ip-allocated-from-pool";

struct ServiceRecord {
  // Entries of a status beyond that are not read: a Service has one address of
  // each family.
  static constexpr size_t kAddressesMax = 8;

  kubernetes::ObjectMeta meta;
  // The resourceVersion that the source passed on last. `meta` may have a later
  // one, from the answer to a write.
  std::string read_version;
  bool is_load_balancer = false;  // spec.type
  std::string load_balancer_class;
  // Those in the status, in its order, each once.
  std::vector<net::IpAddress> addresses;
  // The status has more than these addresses: host names, other texts.
  bool has_others = false;
  std::string pool;     // The annotation; empty: none.
  std::string created;  // metadata.creationTimestamp, as text in its order.
  // By which it could share its addresses, also if its spec has a fault.
  std::string sharing_key;
  // A hash of the uid and of all that the service asks for: two states of the
  // object with equal ones ask for the same.
  uint64_t inputs = 0;

  // "default/web".
  std::string name() const { return meta.key.ToString(); }
  // Addresses with the pools that the annotation names, for ipam::Allocator.
  std::vector<ipam::AssignedAddress> Assigned() const;
};

// `object` is a Service; `meta` is its own.
ServiceRecord ReadServiceRecord(const kubernetes::ObjectMeta& meta,
                                const config::YamlNode& object);

// The pools of an assignment as the annotation has them: "a", and "a,b" if two
// addresses come from two pools.
std::string PoolsOf(const ipam::Assignment& assignment);

// A merge patch of the status: these addresses and pools, or none. It names the
// record's resourceVersion, so it is refused if another writer was first.
std::string StatusPatch(std::string_view resource_version,
                        const ipam::Assignment& assignment);

// True if the record has exactly this assignment.
bool Says(const ServiceRecord& record, const ipam::Assignment& assignment);

}  // namespace lb

#endif  // LB_DAEMON_KUBERNETES_SERVICE_RECORD_H_

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "fmt/format.h"
#include "lb/config/fields.h"
#include "lb/config/manifests.h"
#include "lb/config/object_readers.h"
#include "lb/election/candidates.h"
#include "lb/ipam/pool.h"
#include "lb/net/ip_range.h"

namespace lb::config {
namespace {

std::vector<net::IpRange> ReadRanges(const Fields& spec) {
  const std::vector<std::string> texts = spec.Texts("addresses");
  std::vector<net::IpRange> ranges;
  for (size_t i = 0; i < texts.size(); ++i) {
    const auto range = net::ParseIpRange(texts[i]);
    if (range.ok()) {
      ranges.push_back(*range);
    } else {
      spec.RefuseItem("addresses", i, std::string(range.status().message()));
    }
  }
  spec.report()->Remember(spec.PathOf("addresses"), spec.LineOf("addresses"));
  if (texts.empty() && spec.report()->ok()) {
    spec.Refuse("addresses", "no addresses, want at least one range");
  }
  return ranges;
}

ipam::ServiceAllocation ReadServiceAllocation(const Fields& fields) {
  fields.RefuseUnknown(
      {"priority", "namespaces", "namespaceSelectors", "serviceSelectors"});
  ipam::ServiceAllocation allocation;
  allocation.priority = static_cast<int>(
      fields.Integer("priority", 0, 0, std::numeric_limits<int32_t>::max()));
  allocation.namespaces = fields.Texts("namespaces");
  RefuseRepeated(fields, "namespaces", allocation.namespaces);
  allocation.namespace_selectors = fields.Selectors("namespaceSelectors");
  allocation.service_selectors = fields.Selectors("serviceSelectors");
  return allocation;
}

void RefuseUnknownAtTop(const Fields& root) {
  root.RefuseUnknown({"apiVersion", "kind", "metadata", "spec", "status"});
}

}  // namespace

PoolObject ReadPool(const Fields& root, const Metadata& metadata) {
  PoolObject object;
  object.pool.name = metadata.name;
  object.labels = metadata.labels;
  RefuseUnknownAtTop(root);
  const std::optional<Fields> spec = root.Map("spec");
  if (!spec) {
    if (root.Find("spec") == nullptr) {
      root.Refuse("spec", "missing, want a map with addresses");
    }
    return object;
  }
  spec->RefuseUnknown(
      {"addresses", "autoAssign", "avoidBuggyIPs", "serviceAllocation"});
  object.pool.ranges = ReadRanges(*spec);
  object.pool.auto_assign = spec->Bool("autoAssign", true);
  object.pool.avoid_buggy_ips = spec->Bool("avoidBuggyIPs", false);
  if (const auto allocation = spec->Map("serviceAllocation")) {
    object.pool.service_allocation = ReadServiceAllocation(*allocation);
  }
  return object;
}

election::L2Advertisement ReadL2Advertisement(const Fields& root,
                                              const Metadata& metadata) {
  election::L2Advertisement advertisement;
  advertisement.name = metadata.name;
  RefuseUnknownAtTop(root);
  const std::optional<Fields> spec = root.Map("spec");
  if (!spec) return advertisement;  // Every pool, everywhere.
  spec->RefuseUnknown({"ipAddressPools", "ipAddressPoolSelectors",
                       "nodeSelectors", "serviceSelectors", "interfaces",
                       "preferredNodeSelectors"});
  advertisement.pools = spec->Texts("ipAddressPools");
  RefuseRepeated(*spec, "ipAddressPools", advertisement.pools);
  for (size_t i = 0; i < advertisement.pools.size(); ++i) {
    spec->RememberItem("ipAddressPools", i);
  }
  advertisement.pool_selectors = spec->Selectors("ipAddressPoolSelectors");
  advertisement.node_selectors = spec->Selectors("nodeSelectors");
  advertisement.service_selectors = spec->Selectors("serviceSelectors");
  advertisement.interfaces = spec->Texts("interfaces");
  spec->ForEachMap("preferredNodeSelectors", [&](const Fields& fields) {
    fields.RefuseUnknown({"weight", "preference"});
    election::PreferredNodes preferred;
    if (fields.Find("weight") == nullptr) {
      fields.Refuse("weight", "missing, want a whole number 1..100");
    }
    preferred.weight = static_cast<int>(fields.Integer("weight", 1, 1, 100));
    if (const auto preference = fields.Map("preference")) {
      preferred.preference = preference->Selector();
    } else if (fields.Find("preference") == nullptr) {
      fields.Refuse("preference", "missing, want a label selector");
    }
    advertisement.preferred_nodes.push_back(preferred);
  });
  return advertisement;
}

}  // namespace lb::config

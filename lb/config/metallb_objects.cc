#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "fmt/format.h"
#include "lb/base/nearest.h"
#include "lb/config/annotations.h"
#include "lb/config/fields.h"
#include "lb/config/manifests.h"
#include "lb/config/object_readers.h"
#include "lb/config/service_addresses.h"
#include "lb/election/cluster.h"
#include "lb/election/policy.h"
#include "lb/ipam/pool.h"
#include "lb/net/address_text.h"
#include "lb/net/ip_address.h"
#include "lb/net/ip_range.h"

namespace lb::config {
namespace {

constexpr std::string_view kExclude = "lb.io/exclude";
constexpr std::string_view kReserve = "lb.io/reserve";
constexpr std::string_view kCoolDown = "lb.io/cool-down";
constexpr std::string_view kOrder = "lb.io/order";
constexpr std::string_view kDespiteProxy = "lb.io/announce-despite-proxy-arp";
constexpr std::string_view kRefreshInterval = "lb.io/refresh-interval";
constexpr std::string_view kElectionPolicy = "lb.io/election-policy";

std::vector<net::IpRange> ReadRanges(const Fields& spec) {
  const std::vector<std::string> texts = spec.Texts("addresses");
  std::vector<net::IpRange> ranges;
  for (size_t i = 0; i < texts.size(); ++i) {
    const auto range = ReadServiceRange(texts[i]);
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
  for (size_t i = 0; i < allocation.namespaces.size(); ++i) {
    if (IsObjectName(allocation.namespaces[i])) continue;
    fields.RefuseItem("namespaces", i,
                      fmt::format("\"{}\", want the name of a namespace: a-z, "
                                  "0-9 and '-'",
                                  net::EscapedText(allocation.namespaces[i])));
  }
  allocation.namespace_selectors = fields.Selectors("namespaceSelectors");
  allocation.service_selectors = fields.Selectors("serviceSelectors");
  return allocation;
}

// Reads each part between commas of an annotation, trimmed.
void ForEachPart(const Fields& annotations, std::string_view key,
                 absl::FunctionRef<void(const std::string&)> read) {
  annotations.report()->Remember(annotations.PathOf(key),
                                 annotations.LineOf(key));
  const std::string text = annotations.Text(key);
  if (text.empty()) return;
  for (const absl::string_view part : absl::StrSplit(text, ',')) {
    read(std::string(absl::StripAsciiWhitespace(part)));
  }
}

// One address alone is a range, too.
absl::StatusOr<net::IpRange> ReadExcluded(const std::string& text) {
  const auto address = net::ParseIpAddress(net::NormalizeAddressText(text));
  if (address.ok()) return net::IpRange{*address, *address};
  return net::ParseIpRange(text);
}

void ReadReservation(const Fields& annotations, const std::string& text,
                     ipam::Pool& pool) {
  const size_t equals = text.find('=');
  if (equals == std::string::npos) {
    return annotations.Refuse(kReserve,
                              fmt::format("\"{}\", want name=address", text));
  }
  const auto address = ReadServiceAddress(text.substr(equals + 1));
  if (!address.ok()) {
    return annotations.Refuse(kReserve,
                              std::string(address.status().message()));
  }
  pool.reservations.push_back({text.substr(0, equals), *address});
}

// What MetalLB's pools have no field for.
void ReadPoolAnnotations(const Fields& annotations, ipam::Pool& pool) {
  ForEachPart(annotations, kExclude, [&](const std::string& text) {
    const auto range = ReadExcluded(text);
    if (range.ok()) {
      pool.excluded.push_back(*range);
    } else {
      annotations.Refuse(kExclude, std::string(range.status().message()));
    }
  });
  ForEachPart(annotations, kReserve, [&](const std::string& text) {
    ReadReservation(annotations, text, pool);
  });
  ForEachPart(annotations, kCoolDown, [&](const std::string& text) {
    if (absl::ParseDuration(text, &pool.cool_down)) return;
    annotations.Refuse(kCoolDown,
                       fmt::format("\"{}\", want a duration like 10m", text));
  });
  ForEachPart(annotations, kOrder, [&](const std::string& text) {
    if (text == "least-recently-used") {
      pool.order = ipam::AddressOrder::kLeastRecentlyUsed;
    } else if (text != "lowest") {
      annotations.Refuse(kOrder,
                         UnknownValue(text, {"lowest", "least-recently-used"}));
    }
  });
  ForEachPart(annotations, kDespiteProxy, [&](const std::string& text) {
    pool.announce_despite_proxy = text == "true";
    if (text == "true" || text == "false") return;
    annotations.Refuse(kDespiteProxy,
                       fmt::format("\"{}\", want true or false", text));
  });
}

// Nullopt: the default is meant.
std::optional<election::Policy> ReadPolicy(const Fields& annotations) {
  if (annotations.Find(kElectionPolicy) == nullptr) return std::nullopt;
  const std::string text = annotations.Text(kElectionPolicy);
  const auto policy = election::ParsePolicy(text);
  if (policy.ok()) return *policy;
  annotations.Refuse(
      kElectionPolicy,
      fmt::format("{}{}", std::string(policy.status().message()),
                  DidYouMean(text, {"compat", "sticky", "balanced"})));
  return std::nullopt;
}

// Nullopt: the default is meant.
std::optional<absl::Duration> ReadRefreshInterval(const Fields& annotations) {
  std::optional<absl::Duration> interval;
  ForEachPart(annotations, kRefreshInterval, [&](const std::string& text) {
    absl::Duration read;
    const bool fits = absl::ParseDuration(text, &read) &&
                      (read == absl::ZeroDuration() ||
                       (read >= absl::Seconds(1) && read <= absl::Hours(24)));
    if (fits) {
      interval = read;
    } else {
      annotations.Refuse(
          kRefreshInterval,
          fmt::format("\"{}\", want a duration of 1s to 24h, or 0", text));
    }
  });
  return interval;
}

// For unmatched_selectors.h.
void RememberSelectors(const Fields& spec, std::string_view key,
                       const std::vector<LabelSelector>& selectors) {
  for (size_t i = 0; i < selectors.size(); ++i) spec.RememberItem(key, i);
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
  if (metadata.annotations) {
    ReadPoolAnnotations(*metadata.annotations, object.pool);
  }
  return object;
}

election::L2Advertisement ReadL2Advertisement(const Fields& root,
                                              const Metadata& metadata) {
  election::L2Advertisement advertisement;
  advertisement.name = metadata.name;
  if (metadata.annotations) {
    advertisement.policy = ReadPolicy(*metadata.annotations);
    advertisement.refresh = ReadRefreshInterval(*metadata.annotations);
  }
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
  RememberSelectors(*spec, "ipAddressPoolSelectors",
                    advertisement.pool_selectors);
  RememberSelectors(*spec, "nodeSelectors", advertisement.node_selectors);
  advertisement.interfaces = spec->Texts("interfaces");
  for (size_t i = 0; i < advertisement.interfaces.size(); ++i) {
    if (!advertisement.interfaces[i].empty()) continue;
    spec->RefuseItem("interfaces", i, "\"\", want the name of an interface");
  }
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

#include "daemon/kubernetes/service_record.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "absl/strings/str_split.h"
#include "lb/kubernetes/json_writer.h"
#include "lb/kubernetes/tree_path.h"

namespace lb {
namespace {

using config::YamlNode;
using kubernetes::NodeAt;
using kubernetes::TextAt;

constexpr std::string_view kSharingAnnotation = "metallb.io/allow-shared-ip";

std::string AnnotationOf(const YamlNode& object, std::string_view name) {
  const YamlNode* const annotations = NodeAt(object, "metadata.annotations");
  if (annotations == nullptr) return "";
  const YamlNode* const value = annotations->Find(name);
  return value == nullptr ? "" : value->text;
}

void ReadIngress(const YamlNode& object, ServiceRecord* record) {
  const YamlNode* const ingress = NodeAt(object, "status.loadBalancer.ingress");
  if (ingress == nullptr) return;
  for (const YamlNode& entry : ingress->children) {
    const auto address = net::ParseIpAddress(std::string(TextAt(entry, "ip")));
    const bool is_usable =
        address.ok() && record->addresses.size() < record->kAddressesMax &&
        std::find(record->addresses.begin(), record->addresses.end(),
                  *address) == record->addresses.end();
    if (is_usable) {
      record->addresses.push_back(*address);
    } else {
      record->has_others = true;
    }
  }
}

uint64_t InputsOf(const kubernetes::ObjectMeta& meta, const YamlNode& object) {
  std::string text = meta.uid;
  for (const std::string_view part :
       {"spec", "metadata.labels", "metadata.annotations"}) {
    text += part;
    const YamlNode* const tree = NodeAt(object, part);
    if (tree == nullptr) continue;
    for (const YamlNode& child : tree->children) {
      if (child.key == kPoolAnnotation) continue;
      text += child.key + kubernetes::JsonText(child);
    }
  }
  return std::hash<std::string>{}(text);
}

}  // namespace

std::vector<ipam::AssignedAddress> ServiceRecord::Assigned() const {
  const std::vector<std::string> pools = absl::StrSplit(pool, ',');
  std::vector<ipam::AssignedAddress> assigned;
  for (size_t i = 0; i < addresses.size(); ++i) {
    assigned.push_back({addresses[i], pools[std::min(i, pools.size() - 1)]});
  }
  std::sort(assigned.begin(), assigned.end(), ipam::AddressLess());
  return assigned;
}

ServiceRecord ReadServiceRecord(const kubernetes::ObjectMeta& meta,
                                const YamlNode& object) {
  ServiceRecord record;
  record.meta = meta;
  record.read_version = meta.resource_version;
  record.is_load_balancer = TextAt(object, "spec.type") == "LoadBalancer";
  record.load_balancer_class = TextAt(object, "spec.loadBalancerClass");
  record.pool = AnnotationOf(object, kPoolAnnotation);
  record.created = TextAt(object, "metadata.creationTimestamp");
  record.sharing_key = AnnotationOf(object, kSharingAnnotation);
  record.inputs = InputsOf(meta, object);
  ReadIngress(object, &record);
  return record;
}

std::string PoolsOf(const ipam::Assignment& assignment) {
  std::string pools;
  std::string last;
  for (const ipam::AssignedAddress& held : assignment.addresses) {
    if (held.pool == last) continue;
    if (!pools.empty()) pools += ",";
    pools += held.pool;
    last = held.pool;
  }
  return pools;
}

std::string StatusPatch(std::string_view resource_version,
                        const ipam::Assignment& assignment) {
  kubernetes::JsonWriter json;
  json.BeginMap().Key("metadata").BeginMap();
  json.Pair("resourceVersion", resource_version);
  json.Key("annotations").BeginMap().Key(kPoolAnnotation);
  const std::string pools = PoolsOf(assignment);
  pools.empty() ? json.Null() : json.Text(pools);
  json.EndMap().EndMap();
  json.Key("status").BeginMap().Key("loadBalancer").BeginMap().Key("ingress");
  if (assignment.addresses.empty()) {
    json.Null();
  } else {
    json.BeginList();
    for (const ipam::AssignedAddress& held : assignment.addresses) {
      json.BeginMap().Pair("ip", held.address.ToString()).EndMap();
    }
    json.EndList();
  }
  json.EndMap().EndMap().EndMap();
  return std::move(json).Finish();
}

bool Says(const ServiceRecord& record, const ipam::Assignment& assignment) {
  if (record.has_others || record.pool != PoolsOf(assignment)) return false;
  return std::equal(
      record.addresses.begin(), record.addresses.end(),
      assignment.addresses.begin(), assignment.addresses.end(),
      [](const net::IpAddress& address, const ipam::AssignedAddress& held) {
        return address == held.address;
      });
}

}  // namespace lb

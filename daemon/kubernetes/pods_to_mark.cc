#include "daemon/kubernetes/pods_to_mark.h"

#include <map>
#include <utility>

#include "daemon/kubernetes/source_kinds.h"
#include "daemon/kubernetes/status_fields.h"
#include "fmt/format.h"
#include "lb/kubernetes/json_writer.h"
#include "lb/kubernetes/tree_path.h"

namespace lb {
namespace {

using config::YamlNode;
using kubernetes::NodeAt;
using kubernetes::ObjectKey;
using kubernetes::TextAt;

constexpr std::string_view kServiceLabel = "kubernetes.io/service-name";
// A node has 110 pods, or some hundred.
constexpr size_t kPodsMax = 2'000;

// A service's ready endpoints.
struct Ready {
  bool is_elsewhere = false;
  std::set<ObjectKey> here;  // Pods.
};

SliceFact::Endpoint ReadEndpoint(const YamlNode& endpoint) {
  SliceFact::Endpoint read;
  read.node = TextAt(endpoint, "nodeName");
  // Not known means ready, by the API.
  read.is_ready = TextAt(endpoint, "conditions.ready") != "false";
  if (TextAt(endpoint, "targetRef.kind") == "Pod") {
    read.pod = TextAt(endpoint, "targetRef.name");
  }
  return read;
}

void WriteReady(const YamlNode& condition, const std::string& message,
                absl::Time now, kubernetes::JsonWriter& json) {
  json.BeginMap();
  for (const YamlNode& field : condition.children) {
    const bool is_ours = field.key == "status" || field.key == "reason" ||
                         field.key == "message" ||
                         field.key == "lastTransitionTime";
    if (!is_ours) json.Key(field.key).Tree(field);
  }
  json.Pair("status", "False").Pair("reason", kNodeLostReason);
  json.Pair("message", message);
  json.Pair("lastTransitionTime",
            absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", now, absl::UTCTimeZone()));
  json.EndMap();
}

}  // namespace

PodFact ReadPodFact(const kubernetes::ObjectMeta& meta,
                    const YamlNode& object) {
  PodFact pod = {.meta = meta};
  const YamlNode* const conditions = NodeAt(object, "status.conditions");
  if (conditions != nullptr) pod.conditions = *conditions;
  pod.is_ready = IsReady(object);
  return pod;
}

SliceFact ReadSliceFact(const kubernetes::ObjectMeta& meta,
                        const YamlNode& object) {
  SliceFact slice;
  slice.service = {meta.key.name_space, LabelOf(object, kServiceLabel)};
  const YamlNode* const endpoints = NodeAt(object, "endpoints");
  if (endpoints == nullptr) return slice;
  for (const YamlNode& endpoint : endpoints->children) {
    slice.endpoints.push_back(ReadEndpoint(endpoint));
  }
  return slice;
}

kubernetes::ReflectorOptions PodsOf(const std::string& node) {
  return {.resource = {"", "v1", "pods"},
          .selector = {"spec.nodeName", node},
          .objects_max = kPodsMax};
}

kubernetes::ReflectorOptions AllEndpointSlices() {
  return {.resource = FindSourceKind("EndpointSlice").resource};
}

MarkPlan PlanMarks(const std::string& node, const std::vector<PodFact>& pods,
                   const std::vector<SliceFact>& slices,
                   const std::set<std::string, std::less<>>& out) {
  std::map<ObjectKey, Ready> services;
  for (const SliceFact& slice : slices) {
    if (slice.service.name.empty()) continue;
    Ready& ready = services[slice.service];
    for (const SliceFact::Endpoint& endpoint : slice.endpoints) {
      if (!endpoint.is_ready) continue;
      if (endpoint.node != node) {
        ready.is_elsewhere |= !out.contains(endpoint.node);
      } else if (!endpoint.pod.empty()) {
        ready.here.insert({slice.service.name_space, endpoint.pod});
      }
    }
  }
  std::set<ObjectKey> serving;
  std::set<ObjectKey> last;
  MarkPlan plan;
  for (const auto& [service, ready] : services) {
    serving.insert(ready.here.begin(), ready.here.end());
    if (ready.is_elsewhere || ready.here.empty()) continue;
    plan.left.insert(service.ToString());
    last.insert(ready.here.begin(), ready.here.end());
  }
  for (const PodFact& pod : pods) {
    const ObjectKey& key = pod.meta.key;
    if (!pod.is_ready || !serving.contains(key) || last.contains(key)) continue;
    plan.pods.push_back(pod);
  }
  return plan;
}

std::string MarkPatch(const PodFact& pod, const std::string& message,
                      absl::Time now) {
  kubernetes::JsonWriter json;
  json.BeginMap().Key("metadata").BeginMap();
  json.Pair("uid", pod.meta.uid);
  json.Pair("resourceVersion", pod.meta.resource_version).EndMap();
  json.Key("status").BeginMap().Key("conditions").BeginList();
  for (const YamlNode& condition : pod.conditions.children) {
    if (TextAt(condition, "type") == "Ready") {
      WriteReady(condition, message, now, json);
    } else {
      json.Tree(condition);
    }
  }
  json.EndList().EndMap().EndMap();
  return std::move(json).Finish();
}

std::optional<std::string> RebasedMark(const PodFact& pod,
                                       const YamlNode& fresh,
                                       const std::string& message,
                                       absl::Time now) {
  const auto meta = kubernetes::ReadObjectMeta(fresh);
  if (!meta.ok() || meta->uid != pod.meta.uid) return std::nullopt;
  const PodFact now_there = ReadPodFact(*meta, fresh);
  if (!now_there.is_ready) return std::nullopt;
  return MarkPatch(now_there, message, now);
}

}  // namespace lb

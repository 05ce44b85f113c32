#include "lb/kubernetes/lease_record.h"

#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "fmt/format.h"
#include "lb/base/status_macros.h"
#include "lb/kubernetes/cut_text.h"
#include "lb/kubernetes/json_writer.h"
#include "lb/kubernetes/object_meta.h"
#include "lb/kubernetes/tree_path.h"

namespace lb::kubernetes {
namespace {

using config::YamlNode;

constexpr int64_t kSecondsMax = 86'400;

absl::StatusOr<int64_t> NumberAt(const YamlNode& lease, std::string_view path,
                                 int64_t absent) {
  const std::string text(TextAt(lease, path));
  if (text.empty()) return absent;
  int64_t number = 0;
  if (absl::SimpleAtoi(text, &number)) return number;
  return absl::InvalidArgumentError(
      fmt::format("{}: \"{}\", want a number", path, CutText(text, 64)));
}

void AddSpec(const LeaseRecord& record, JsonWriter& json) {
  json.Key("spec").BeginMap();
  json.Pair("holderIdentity", record.holder);
  json.Key("leaseDurationSeconds")
      .Number(absl::ToInt64Seconds(record.duration));
  json.Pair("acquireTime", record.acquire_time);
  json.Pair("renewTime", record.renew_time);
  json.Key("leaseTransitions").Number(record.transitions).EndMap();
}

}  // namespace

Resource LeaseResource() { return {"coordination.k8s.io", "v1", "leases"}; }

absl::StatusOr<LeaseRecord> ReadLease(const YamlNode& lease) {
  LB_ASSIGN_OR_RETURN(ObjectMeta meta, ReadObjectMeta(lease));
  LeaseRecord record;
  record.resource_version = std::move(meta.resource_version);
  record.holder = TextAt(lease, "spec.holderIdentity");
  record.acquire_time = TextAt(lease, "spec.acquireTime");
  record.renew_time = TextAt(lease, "spec.renewTime");
  LB_ASSIGN_OR_RETURN(const int64_t seconds,
                      NumberAt(lease, "spec.leaseDurationSeconds", 1));
  if (seconds < 1 || seconds > kSecondsMax) {
    return absl::InvalidArgumentError(fmt::format(
        "spec.leaseDurationSeconds: {}, want 1..{}", seconds, kSecondsMax));
  }
  record.duration = absl::Seconds(seconds);
  LB_ASSIGN_OR_RETURN(record.transitions,
                      NumberAt(lease, "spec.leaseTransitions", 0));
  return record;
}

std::string NewLease(const ObjectKey& key, const LeaseRecord& record) {
  JsonWriter json;
  json.BeginMap();
  json.Pair("apiVersion", LeaseResource().ApiVersion()).Pair("kind", "Lease");
  json.Key("metadata").BeginMap();
  json.Pair("name", key.name).Pair("namespace", key.name_space).EndMap();
  AddSpec(record, json);
  json.EndMap();
  return std::move(json).Finish();
}

std::string LeasePatch(const LeaseRecord& record) {
  JsonWriter json;
  json.BeginMap().Key("metadata").BeginMap();
  json.Pair("resourceVersion", record.resource_version).EndMap();
  AddSpec(record, json);
  json.EndMap();
  return std::move(json).Finish();
}

}  // namespace lb::kubernetes

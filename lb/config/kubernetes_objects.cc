#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "fmt/format.h"
#include "lb/base/label_syntax.h"
#include "lb/base/nearest.h"
#include "lb/config/annotations.h"
#include "lb/config/fields.h"
#include "lb/config/manifests.h"
#include "lb/config/object_readers.h"
#include "lb/config/well_known_labels.h"
#include "lb/election/cluster.h"
#include "lb/net/address_text.h"
#include "lb/net/ip_address.h"

namespace lb::config {
namespace {

constexpr std::string_view kNetworkUnavailable = "NetworkUnavailable";
// The API server sets it on every Namespace.
constexpr char kNamespaceNameLabel[] = "kubernetes.io/metadata.name";

// The fields of an ObjectMeta, also those that are not read.
constexpr std::array<std::string_view, 16> kMetadataFields = {
    "annotations",
    "clusterName",
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "finalizers",
    "generateName",
    "generation",
    "labels",
    "managedFields",
    "name",
    "namespace",
    "ownerReferences",
    "resourceVersion",
    "selfLink",
    "uid"};

// Kinds whose readers refuse every unknown field.
constexpr std::array<std::string_view, 6> kOfMetallb = {
    "BFDProfile", "BGPAdvertisement", "BGPPeer",
    "Community",  "IPAddressPool",    "L2Advertisement"};

// The fields of most objects.
constexpr std::array<std::string_view, 5> kTopFields = {
    "apiVersion", "kind", "metadata", "spec", "status"};
constexpr std::array<std::string_view, 8> kEndpointFields = {
    "addresses", "conditions", "deprecatedTopology", "hints",
    "hostname",  "nodeName",   "targetRef",          "zone"};
constexpr std::array<std::string_view, 3> kConditionFields = {
    "ready", "serving", "terminating"};
// A node has a handful of taints; more are left out.
constexpr size_t kMarksMax = 100;
constexpr std::string_view kBgpPrefix = "bgp.lb.io/";

bool IsAlphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

void CheckName(const Fields& metadata, std::string_view key,
               std::string_view name) {
  if (!IsObjectName(name) && metadata.report()->ok()) {
    metadata.Refuse(
        key, fmt::format("\"{}\", want 1 to 253 of a-z, 0-9, '-' and '.', a "
                         "letter or digit first and last",
                         net::EscapedText(name)));
  }
}

void RefuseWithoutName(const Fields& metadata) {
  metadata.Refuse("name",
                  metadata.Find("generateName") == nullptr
                      ? "missing, want the object's name"
                      : "missing, want the object's name: generateName stands "
                        "for another one each time");
}

// Kubernetes refuses such labels, and no selector can match them.
void NoticeBadLabels(const Fields& fields, const Labels& labels) {
  for (const auto& [key, value] : labels) {
    absl::Status verdict = CheckLabelKey(key);
    verdict.Update(CheckLabelValue(value));
    if (verdict.ok()) continue;
    fields.report()->Notice(fields.LineOf(key), fields.PathOf(key),
                            std::string(verdict.message()));
  }
}

// Notices of the labels that were meant to be one of `labels`, if the object
// has not that one as well.
void NoticeMeantLabels(const Metadata& metadata,
                       absl::Span<const std::string_view> labels) {
  for (const auto& [key, value] : metadata.labels) {
    const std::string_view meant = MeantLabel(key, labels);
    if (meant.empty() || metadata.labels.contains(std::string(meant))) continue;
    const Fields& fields = *metadata.label_fields;
    fields.report()->Notice(
        fields.LineOf(key), fields.PathOf(key),
        fmt::format("has no effect, did you mean {}?", meant));
  }
}

// Conditions are free; one that is nearly NetworkUnavailable was meant to be
// it.
void NoticeIfMeant(const Fields& condition, const std::string& type) {
  if (type.size() > 2 * kNetworkUnavailable.size() ||
      EditDistance(type, kNetworkUnavailable) > 3) {
    return;
  }
  condition.report()->Notice(
      condition.LineOf("type"), condition.PathOf("type"),
      fmt::format("\"{}\" has no effect, did you mean {}?",
                  net::EscapedText(type), kNetworkUnavailable));
}

// The service of an EndpointSlice; empty: none, as a notice or a fault says. A
// mistyped label is a fault, as the endpoints of before are then still meant.
std::string ReadServiceName(const Metadata& metadata, const Fields& root) {
  const std::string label(kServiceNameLabel);
  const auto found = metadata.labels.find(label);
  if (found != metadata.labels.end() && !found->second.empty()) {
    return found->second;
  }
  if (found == metadata.labels.end()) {
    for (const auto& [key, value] : metadata.labels) {
      if (MeantLabel(key, {kServiceNameLabel}).empty()) continue;
      metadata.label_fields->Refuse(
          key, fmt::format("unknown label, did you mean {}?", label));
      return "";
    }
  }
  if (metadata.annotations && metadata.annotations->Has(label)) {
    metadata.annotations->Refuse(
        label, "stands among the annotations, want it in metadata.labels");
    return "";
  }
  root.report()->Notice(
      root.LineOf("metadata"), "metadata.labels",
      fmt::format("{} is {}: want the name of the service "
                  "with these endpoints",
                  label, found == metadata.labels.end() ? "missing" : "empty"));
  return "";
}

void ReadEndpoint(const Fields& fields, EndpointSliceObject* slice) {
  election::ServiceEndpoint endpoint;
  fields.RefuseMistyped(kEndpointFields);
  fields.RefuseMisplaced(kConditionFields, fields.PathOf("conditions"));
  fields.NoticeUnknown(kEndpointFields);
  endpoint.node = fields.Text("nodeName");
  if (const auto conditions = fields.Map("conditions")) {
    conditions->RefuseMistyped(kConditionFields);
    conditions->NoticeUnknown(kConditionFields);
    endpoint.ready = conditions->MaybeBool("ready");
    endpoint.serving = conditions->MaybeBool("serving");
  }
  slice->endpoints.push_back(endpoint);
}

// As NodeAttributes has them.
Labels ReadBgpAnnotationsOfNode(const Metadata& metadata) {
  Labels annotations;
  if (!metadata.annotations) return annotations;
  metadata.annotations->ForEachKey([&](const std::string& key) {
    if (!key.starts_with(kBgpPrefix)) return;
    annotations[key] = metadata.annotations->Text(key);
  });
  return annotations;
}

// As NodeAttributes has them.
std::vector<std::string> ReadMarks(const Fields& root,
                                   const Metadata& metadata) {
  std::vector<std::string> marks;
  if (metadata.is_deleted) marks.push_back("deletion");
  const std::optional<Fields> spec = root.Map("spec");
  if (!spec) return marks;
  spec->RefuseMistyped({"taints", "unschedulable"});
  if (spec->Bool("unschedulable", false)) marks.push_back("cordon");
  spec->ForEachMap("taints", [&](const Fields& taint) {
    const std::string key = taint.Text("key");
    if (!key.empty() && marks.size() < kMarksMax) marks.push_back(key);
  });
  return marks;
}

}  // namespace

bool IsObjectName(std::string_view text) {
  if (text.empty() || text.size() > 253) return false;
  if (!IsAlphanumeric(text.front()) || !IsAlphanumeric(text.back())) {
    return false;
  }
  // Names go into logs, file names and gossip, so nothing else may pass.
  return std::all_of(text.begin(), text.end(), [](char c) {
    return IsAlphanumeric(c) || c == '-' || c == '.';
  });
}

Metadata ReadMetadata(const Fields& root, std::string_view kind) {
  Metadata metadata;
  metadata.object_namespace = "default";
  const bool is_metallbs =
      std::find(kOfMetallb.begin(), kOfMetallb.end(), kind) != kOfMetallb.end();
  if (!is_metallbs) {
    root.RefuseMisplaced({"name", "namespace", "labels", "annotations"},
                         "metadata");
  }
  const std::optional<Fields> fields = root.Map("metadata");
  if (!fields) {
    if (root.Find("metadata") == nullptr) {
      root.Refuse("metadata.name", "missing, want the object's name");
    }
    return metadata;
  }
  fields->RefuseMistyped(kMetadataFields);
  fields->NoticeUnknown(kMetadataFields);
  metadata.name = fields->Text("name");
  if (fields->Find("name") == nullptr) RefuseWithoutName(*fields);
  CheckName(*fields, "name", metadata.name);
  if (fields->Has("namespace")) {
    metadata.object_namespace = fields->Text("namespace");
    CheckName(*fields, "namespace", metadata.object_namespace);
  }
  metadata.is_deleted = fields->Has("deletionTimestamp");
  metadata.label_fields = fields->Map("labels");
  if (metadata.label_fields) {
    metadata.labels = metadata.label_fields->AllTexts();
    NoticeBadLabels(*metadata.label_fields, metadata.labels);
    NoticeAnnotationsAmongLabels(*metadata.label_fields);
  }
  metadata.annotations = fields->Map("annotations");
  if (metadata.annotations) {
    NoticeUnknownAnnotations(*metadata.annotations, kind);
  }
  return metadata;
}

std::optional<EndpointSliceObject> ReadEndpointSlice(const Fields& root,
                                                     const Metadata& metadata) {
  constexpr std::array<std::string_view, 6> kFields = {
      "addressType", "apiVersion", "endpoints", "kind", "metadata", "ports"};
  root.RefuseMistyped(kFields);
  root.Enum<int>("addressType", {{"IPv4", 4}, {"IPv6", 6}, {"FQDN", 0}});
  EndpointSliceObject slice;
  const std::string service = ReadServiceName(metadata, root);
  slice.service = metadata.object_namespace + "/" + service;
  root.ForEachMap("endpoints",
                  [&](const Fields& fields) { ReadEndpoint(fields, &slice); });
  if (service.empty()) return std::nullopt;
  return slice;
}

election::NodeAttributes ReadNode(const Fields& root,
                                  const Metadata& metadata) {
  election::NodeAttributes node;
  node.marks = ReadMarks(root, metadata);
  node.bgp_annotations = ReadBgpAnnotationsOfNode(metadata);
  node.name = metadata.name;
  node.labels = metadata.labels;
  NoticeMeantLabels(metadata, {kExcludeLabel, kHostnameLabel});
  root.RefuseMistyped(kTopFields);
  const std::optional<Fields> status = root.Map("status");
  if (!status) return node;
  status->RefuseMistyped({"addresses", "conditions"});
  status->ForEachMap("conditions", [&](const Fields& condition) {
    const std::string type = condition.Text("type");
    if (type != kNetworkUnavailable) {
      NoticeIfMeant(condition, type);
      return;
    }
    node.network_unavailable =
        condition
            .Enum<bool>("status",
                        {{"True", true}, {"False", false}, {"Unknown", false}})
            .value_or(false);
  });
  // Reads the types InternalIP and ExternalIP; others (Hostname) are no
  // addresses.
  status->ForEachMap("addresses", [&](const Fields& entry) {
    const auto address = net::ParseIpAddress(entry.Text("address"));
    if (address.ok()) node.addresses.push_back(*address);
  });
  return node;
}

NamespaceObject ReadNamespace(const Metadata& metadata) {
  NamespaceObject object = ImpliedNamespace(metadata.name);
  object.labels.insert(metadata.labels.begin(), metadata.labels.end());
  return object;
}

NamespaceObject ImpliedNamespace(const std::string& name) {
  return {name, {{kNamespaceNameLabel, name}}};
}

}  // namespace lb::config

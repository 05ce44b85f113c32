#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "fmt/format.h"
#include "lb/config/fields.h"
#include "lb/config/manifests.h"
#include "lb/config/object_readers.h"
#include "lb/election/candidates.h"
#include "lb/net/ip_address.h"

namespace lb::config {
namespace {

constexpr char kServiceNameLabel[] = "kubernetes.io/service-name";
// The API server sets it on every Namespace.
constexpr char kNamespaceNameLabel[] = "kubernetes.io/metadata.name";

// Of an ObjectMeta, also those that are not read.
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

bool IsAlphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

// RFC 1123: what Kubernetes allows as a name. Names go into logs, file names
// and gossip, so nothing else may pass.
bool IsName(std::string_view text) {
  if (text.empty() || text.size() > 253) return false;
  if (!IsAlphanumeric(text.front()) || !IsAlphanumeric(text.back())) {
    return false;
  }
  return std::all_of(text.begin(), text.end(), [](char c) {
    return IsAlphanumeric(c) || c == '-' || c == '.';
  });
}

void CheckName(const Fields& metadata, std::string_view key,
               std::string_view name) {
  if (!IsName(name) && metadata.report()->ok()) {
    metadata.Refuse(
        key, fmt::format("\"{}\", want 1 to 253 of a-z, 0-9, '-' and '.', a "
                         "letter or digit first and last",
                         name));
  }
}

}  // namespace

Metadata ReadMetadata(const Fields& root) {
  Metadata metadata;
  metadata.object_namespace = "default";
  const std::optional<Fields> fields = root.Map("metadata");
  if (!fields) {
    if (root.Find("metadata") == nullptr) {
      root.Refuse("metadata.name", "missing, want the object's name");
    }
    return metadata;
  }
  fields->RefuseMistyped(kMetadataFields);
  metadata.name = fields->Text("name");
  if (fields->Find("name") == nullptr) {
    fields->Refuse("name", "missing, want the object's name");
  }
  CheckName(*fields, "name", metadata.name);
  if (fields->Find("namespace") != nullptr) {
    metadata.object_namespace = fields->Text("namespace");
    CheckName(*fields, "namespace", metadata.object_namespace);
  }
  metadata.labels = fields->TextMap("labels");
  metadata.annotations = fields->Map("annotations");
  return metadata;
}

std::optional<EndpointSliceObject> ReadEndpointSlice(const Fields& root,
                                                     const Metadata& metadata) {
  const auto service = metadata.labels.find(kServiceNameLabel);
  if (service == metadata.labels.end() || service->second.empty()) {
    return std::nullopt;
  }
  root.Enum<int>("addressType", {{"IPv4", 4}, {"IPv6", 6}, {"FQDN", 0}});
  EndpointSliceObject slice;
  slice.service = metadata.object_namespace + "/" + service->second;
  root.ForEachMap("endpoints", [&](const Fields& fields) {
    election::ServiceEndpoint endpoint;
    endpoint.node = fields.Text("nodeName");
    if (const auto conditions = fields.Map("conditions")) {
      endpoint.ready = conditions->MaybeBool("ready");
      endpoint.serving = conditions->MaybeBool("serving");
    }
    slice.endpoints.push_back(endpoint);
  });
  return slice;
}

election::NodeAttributes ReadNode(const Fields& root,
                                  const Metadata& metadata) {
  election::NodeAttributes node;
  node.name = metadata.name;
  node.labels = metadata.labels;
  const std::optional<Fields> status = root.Map("status");
  if (!status) return node;
  status->ForEachMap("conditions", [&](const Fields& condition) {
    if (condition.Text("type") != "NetworkUnavailable") return;
    node.network_unavailable =
        condition
            .Enum<bool>("status",
                        {{"True", true}, {"False", false}, {"Unknown", false}})
            .value_or(false);
  });
  // Of type InternalIP or ExternalIP; others (Hostname) are no addresses.
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

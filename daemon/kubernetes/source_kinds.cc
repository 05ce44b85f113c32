#include "daemon/kubernetes/source_kinds.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "fmt/format.h"
#include "lb/base/check.h"
#include "lb/base/status_macros.h"
#include "lb/config/origin.h"
#include "lb/config/yaml_tree.h"
#include "lb/kubernetes/json_tree.h"
#include "lb/kubernetes/json_writer.h"

namespace lb {
namespace {

using config::YamlNode;

constexpr std::string_view kMetallb = "metallb.io";

// Objects of one page of a list. A page is read within one turn of the loop:
// so many services take some 5 ms.
constexpr int kPageLimit = 250;

void SetTop(std::string_view key, std::string_view text, YamlNode* tree) {
  for (YamlNode& child : tree->children) {
    if (child.key != key) continue;
    child.kind = YamlNode::Kind::kScalar;
    child.plain = false;
    child.text = text;
    return;
  }
  YamlNode child;
  child.kind = YamlNode::Kind::kScalar;
  child.plain = false;
  child.key = key;
  child.text = text;
  tree->children.push_back(std::move(child));
}

// Nullptr: there is none.
YamlNode* FindIn(YamlNode* map, std::string_view key) {
  if (map == nullptr) return nullptr;
  for (YamlNode& child : map->children) {
    if (child.key == key) return &child;
  }
  return nullptr;
}

void Drop(YamlNode* map, absl::Span<const std::string_view> keys) {
  if (map == nullptr) return;
  std::erase_if(map->children, [&](const YamlNode& child) {
    return std::find(keys.begin(), keys.end(), child.key) != keys.end();
  });
}

void KeepOnly(YamlNode* map, absl::Span<const std::string_view> keys) {
  if (map == nullptr || map->kind != YamlNode::Kind::kMap) return;
  std::erase_if(map->children, [&](const YamlNode& child) {
    return std::find(keys.begin(), keys.end(), child.key) == keys.end();
  });
}

// Whatever writes to an object changes its version, and kubelets write the
// times of conditions every few minutes. Without these an object that is as
// before has the text that it had before.
void DropUnread(std::string_view kind, YamlNode* tree) {
  YamlNode* const metadata = FindIn(tree, "metadata");
  Drop(metadata, {"creationTimestamp", "generation", "ownerReferences",
                  "resourceVersion", "uid"});
  Drop(FindIn(metadata, "annotations"),
       {"kubectl.kubernetes.io/last-applied-configuration"});
  if (kind != "Node") return Drop(tree, {"status"});
  YamlNode* const spec = FindIn(tree, "spec");
  KeepOnly(spec, {"taints", "unschedulable"});
  if (YamlNode* const taints = FindIn(spec, "taints"); taints != nullptr) {
    for (YamlNode& taint : taints->children) KeepOnly(&taint, {"key"});
  }
  YamlNode* const status = FindIn(tree, "status");
  KeepOnly(status, {"addresses", "conditions"});
  YamlNode* const conditions = FindIn(status, "conditions");
  if (conditions == nullptr) return;
  for (YamlNode& condition : conditions->children) {
    KeepOnly(&condition, {"status", "type"});
  }
}

// JSON, or YAML that was in a manifest.
absl::StatusOr<YamlNode> ReadTree(std::string_view text) {
  absl::StatusOr<YamlNode> tree = kubernetes::ReadJson(text);
  if (tree.ok()) return tree;
  int documents = 0;
  YamlNode document;
  const auto error =
      config::ForEachYamlDocument(text, [&](const YamlNode& read) {
        ++documents;
        document = read;
      });
  if (error || documents != 1) return tree.status();
  return document;
}

}  // namespace

std::string SourceKind::NameOf(const kubernetes::ObjectKey& key) const {
  return named_by_namespace
             ? fmt::format("{}/{}/{}", kind, key.name_space, key.name)
             : fmt::format("{}/{}", kind, key.name);
}

kubernetes::ObjectKey KeyOf(std::string_view name) {
  const size_t slash = name.find('/');
  if (slash == name.npos) return {"", std::string(name)};
  return {std::string(name.substr(0, slash)),
          std::string(name.substr(slash + 1))};
}

const std::vector<SourceKind>& SourceKinds() {
  static const auto& kinds = *new std::vector<SourceKind>{
      {.kind = "IPAddressPool",
       .resource = {std::string(kMetallb), "v1beta1", "ipaddresspools"},
       .is_own = true},
      {.kind = "L2Advertisement",
       .resource = {std::string(kMetallb), "v1beta1", "l2advertisements"},
       .is_own = true},
      {.kind = "Service",
       .resource = {"", "v1", "services"},
       .selector = {"spec.type", "LoadBalancer"},
       .named_by_namespace = true},
      {.kind = "EndpointSlice",
       .resource = {"discovery.k8s.io", "v1", "endpointslices"},
       .named_by_namespace = true},
      {.kind = "Node", .resource = {"", "v1", "nodes"}},
      {.kind = "Namespace",
       .resource = {"", "v1", "namespaces"},
       .metadata_only = true,
       .needed_by = "IPAddressPool"},
      {.kind = "BGPPeer",
       .resource = {std::string(kMetallb), "v1beta2", "bgppeers"},
       .is_own = true,
       .is_optional = true},
      {.kind = "BGPAdvertisement",
       .resource = {std::string(kMetallb), "v1beta1", "bgpadvertisements"},
       .is_own = true,
       .is_optional = true,
       .needed_by = "BGPPeer"},
      {.kind = "Community",
       .resource = {std::string(kMetallb), "v1beta1", "communities"},
       .is_own = true,
       .is_optional = true,
       .needed_by = "BGPPeer"},
      {.kind = "BFDProfile",
       .resource = {std::string(kMetallb), "v1beta1", "bfdprofiles"},
       .is_own = true,
       .is_optional = true,
       .needed_by = "BGPPeer"},
      {.kind = "Secret",
       .resource = {"", "v1", "secrets"},
       .selector = {"type", "kubernetes.io/basic-auth"},
       .is_own = true,
       .is_optional = true,
       .needed_by = "BGPPeer",
       .named_by_namespace = true},
  };
  return kinds;
}

const SourceKind& FindSourceKind(std::string_view kind) {
  for (const SourceKind& known : SourceKinds()) {
    if (known.kind == kind) return known;
  }
  LB_UNREACHABLE();
}

kubernetes::ReflectorOptions ReflectorOptionsOf(
    const SourceKind& kind, const std::string& own_namespace) {
  return {.resource = kind.resource,
          .name_space = kind.is_own ? own_namespace : "",
          .selector = kind.selector,
          .passes_all_on = true,
          .metadata_only = kind.metadata_only,
          .page_limit = kPageLimit};
}

config::ObjectChange ReadChange(const SourceKind& kind,
                                const kubernetes::Change& change,
                                const config::ManifestOptions& options) {
  std::string name = kind.NameOf(change.meta.key);
  if (change.kind == kubernetes::Change::Kind::kDeleted) {
    return config::GoneObject(std::move(name));
  }
  const auto origin =
      config::Origin::OfKubernetes(change.meta.resource_version);
  YamlNode tree = change.object;
  DropUnread(kind.kind, &tree);
  SetTop("kind", kind.kind, &tree);
  SetTop("apiVersion", kind.resource.ApiVersion(), &tree);
  absl::StatusOr<config::ObjectChange> read =
      config::ReadObject(tree, origin, options);
  if (read.ok()) {
    if (read->object) read->object->text = kubernetes::JsonText(tree);
    return *std::move(read);
  }
  config::ObjectChange refused = {.name = name};
  refused.problems.push_back({.origin = origin,
                              .object = std::move(name),
                              .message = std::string(read.status().message())});
  return refused;
}

bool NeedsOthers(const config::ObjectValue& object) {
  if (std::holds_alternative<config::BgpPeer>(object)) return true;
  const auto* const pool = std::get_if<config::PoolObject>(&object);
  return pool != nullptr && pool->pool.service_allocation &&
         !pool->pool.service_allocation->namespace_selectors.empty();
}

absl::StatusOr<config::ObjectChange> ReadKept(
    std::string_view text, const config::ManifestOptions& options) {
  LB_ASSIGN_OR_RETURN(const YamlNode tree, ReadTree(text));
  LB_ASSIGN_OR_RETURN(
      config::ObjectChange read,
      config::ReadObject(tree, config::Origin::OfKubernetes("kept"), options));
  if (read.object) read.object->text = text;
  return read;
}

}  // namespace lb

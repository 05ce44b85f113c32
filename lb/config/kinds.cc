#include "lb/config/kinds.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "lb/base/nearest.h"
#include "lb/net/address_text.h"

namespace lb::config {
namespace {

using Use = KindVerdict::Use;

constexpr std::string_view kMetallb = "metallb.io";
constexpr std::string_view kDiscovery = "discovery.k8s.io";
constexpr std::string_view kStatus = "";  // MetalLB writes it; no surprise.

struct Known {
  std::string_view kind;
  std::string_view group;
  std::string_view version;  // The one that is wanted.
  std::string_view other_version;
  Use use;
  std::string_view why_not;  // With kSkip.
};

constexpr std::array<Known, 19> kKnown = {{
    {"IPAddressPool", kMetallb, "v1beta1", "", Use::kRead, ""},
    {"L2Advertisement", kMetallb, "v1beta1", "", Use::kRead, ""},
    {"Service", "", "v1", "", Use::kRead, ""},
    {"EndpointSlice", kDiscovery, "v1", "", Use::kRead, ""},
    {"Node", "", "v1", "", Use::kRead, ""},
    {"Namespace", "", "v1", "", Use::kRead, ""},
    {"Secret", "", "v1", "", Use::kRead, ""},
    {"ConfigMap", "", "v1", "", Use::kConvert, ""},
    {"AddressPool", kMetallb, "v1beta1", "v1alpha1", Use::kConvert, ""},
    {"BGPPeer", kMetallb, "v1beta2", "v1beta1", Use::kRead, ""},
    {"BGPAdvertisement", kMetallb, "v1beta1", "", Use::kRead, ""},
    {"BFDProfile", kMetallb, "v1beta1", "", Use::kRead, ""},
    {"Community", kMetallb, "v1beta1", "", Use::kRead, ""},
    {"MetalLB", kMetallb, "v1beta1", "v1alpha1", Use::kSkip,
     "the operator of MetalLB reads it"},
    {"ConfigurationState", kMetallb, "v1beta1", "", Use::kSkip, kStatus},
    {"ServiceL2Status", kMetallb, "v1beta1", "", Use::kSkip, kStatus},
    {"ServiceBGPStatus", kMetallb, "v1beta1", "", Use::kSkip, kStatus},
    {"Endpoints", "", "v1", "", Use::kSkip, "EndpointSlice objects are read"},
    {"List", "", "v1", "", Use::kFault, ""},  // One with items is no object.
}};

// Lists are read by their items; here only to be near to.
constexpr std::array<std::string_view, 12> kLists = {
    "IPAddressPoolList", "L2AdvertisementList",  "AddressPoolList",
    "BGPPeerList",       "BGPAdvertisementList", "CommunityList",
    "BFDProfileList",    "ServiceList",          "EndpointSliceList",
    "NodeList",          "NamespaceList",        "SecretList"};
constexpr size_t kMetallbLists = 7;  // The first ones.

// Kubernetes' own, which are not near to others by mistake.
constexpr std::array<std::string_view, 48> kOfKubernetes = {
    "APIService",
    "Binding",
    "CSIDriver",
    "CSINode",
    "CSIStorageCapacity",
    "CertificateSigningRequest",
    "ClusterRole",
    "ClusterRoleBinding",
    "ComponentStatus",
    "ControllerRevision",
    "CronJob",
    "CustomResourceDefinition",
    "DaemonSet",
    "Deployment",
    "Event",
    "FlowSchema",
    "Gateway",
    "GatewayClass",
    "HTTPRoute",
    "HorizontalPodAutoscaler",
    "IPAddress",
    "Ingress",
    "IngressClass",
    "Job",
    "Lease",
    "LimitRange",
    "LocalSubjectAccessReview",
    "MutatingWebhookConfiguration",
    "NetworkPolicy",
    "NodeMetrics",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Pod",
    "PodDisruptionBudget",
    "PodMetrics",
    "PodTemplate",
    "PriorityClass",
    "ReplicaSet",
    "ReplicationController",
    "ResourceQuota",
    "Role",
    "RoleBinding",
    "RuntimeClass",
    "ServiceAccount",
    "ServiceCIDR",
    "StatefulSet",
    "StorageClass",
    "ValidatingWebhookConfiguration"};

std::string_view GroupOf(std::string_view api_version) {
  const size_t slash = api_version.find('/');
  return slash == std::string_view::npos ? "" : api_version.substr(0, slash);
}

std::string_view VersionOf(std::string_view api_version) {
  return api_version.substr(api_version.find('/') + 1);
}

std::string ApiVersionOf(const Known& known) {
  if (known.group.empty()) return std::string(known.version);
  return fmt::format("{}/{}", known.group, known.version);
}

bool IsOfKubernetes(std::string_view group) {
  constexpr std::array<std::string_view, 7> kGroups = {
      "", "apps", "autoscaling", "batch", "core", "extensions", "policy"};
  return group.ends_with(".k8s.io") ||
         std::find(kGroups.begin(), kGroups.end(), group) != kGroups.end();
}

// MetalLB's group, or what was meant to be it.
bool IsLikeMetallb(std::string_view group) {
  return group == "metallb.universe.tf" || !Nearest(group, {kMetallb}).empty();
}

const Known* Find(std::string_view kind) {
  const auto known =
      std::find_if(kKnown.begin(), kKnown.end(),
                   [&](const Known& each) { return each.kind == kind; });
  return known == kKnown.end() ? nullptr : &*known;
}

KindVerdict Refuse(const Known* known, std::string_view field,
                   std::string fault) {
  return {.use = Use::kFault,
          .kind = known == nullptr ? "" : known->kind,
          .field = field,
          .fault = std::move(fault)};
}

std::string WrongVersion(std::string_view api_version, const Known& known) {
  if (api_version.empty()) {
    return fmt::format("missing, want {}", ApiVersionOf(known));
  }
  return fmt::format("\"{}\", want {}", net::EscapedText(api_version),
                     ApiVersionOf(known));
}

KindVerdict UseKnown(std::string_view api_version, const Known& known) {
  KindVerdict verdict = {.use = known.use, .kind = known.kind};
  const std::string_view version = VersionOf(api_version);
  const bool good =
      version == known.version ||
      (!known.other_version.empty() && version == known.other_version);
  if (!good) {
    verdict.field = "apiVersion";
    verdict.fault = WrongVersion(api_version, known);
    if (known.use != Use::kRead) verdict.use = Use::kFault;
  } else if (!known.why_not.empty()) {
    verdict.notice = fmt::format("skipped: {}", known.why_not);
  }
  return verdict;
}

std::vector<std::string_view> NamesOf(std::string_view group) {
  std::vector<std::string_view> names;
  for (const Known& known : kKnown) {
    if (group == kMetallb && known.group != kMetallb) continue;
    names.push_back(known.kind);
  }
  const size_t lists = group == kMetallb ? kMetallbLists : kLists.size();
  names.insert(names.end(), kLists.begin(), kLists.begin() + lists);
  return names;
}

// Finds the known kind that is nearest to an unknown one.
KindVerdict JudgeUnknown(std::string_view group, std::string_view kind) {
  const bool is_metallbs = IsLikeMetallb(group);
  const std::string_view nearest =
      Nearest(kind, NamesOf(is_metallbs ? kMetallb : ""));
  if (nearest.empty() && !is_metallbs) return {};
  std::string fault =
      fmt::format("\"{}\": unknown kind{}{}", net::EscapedText(kind),
                  group.empty() ? "" : " of ", net::EscapedText(group));
  fault += nearest.empty() ? fmt::format(", want one of {}",
                                         fmt::join(NamesOf(kMetallb), ", "))
                           : fmt::format(", did you mean {}?", nearest);
  return Refuse(nearest.empty() ? nullptr : Find(nearest), "kind",
                std::move(fault));
}

}  // namespace

KindVerdict JudgeKind(std::string_view api_version, std::string_view kind) {
  const std::string_view group = GroupOf(api_version);
  const bool is_metallbs = IsLikeMetallb(group);
  const bool is_kubernetes = IsOfKubernetes(group);
  const Known* const known = Find(kind);
  const bool is_near =
      known != nullptr && (!Nearest(group, {known->group}).empty() ||
                           (!group.empty() && known->group.starts_with(group)));
  if (!is_metallbs && !is_kubernetes && !is_near) {
    return {.notice = fmt::format("skipped: {} of {} is another product's",
                                  kind, api_version)};
  }
  if (known != nullptr && known->group == group && kind != "List") {
    return UseKnown(api_version, *known);
  }
  const bool is_ours = known != nullptr && known->use != Use::kFault;
  if (is_ours && (known->use == Use::kRead || known->group == kMetallb)) {
    return Refuse(known, "apiVersion", WrongVersion(api_version, *known));
  }
  const bool is_other = std::find(kOfKubernetes.begin(), kOfKubernetes.end(),
                                  kind) != kOfKubernetes.end() ||
                        known != nullptr;
  if (is_other && !is_metallbs) return {};
  return JudgeUnknown(group, kind);
}

const std::vector<std::string_view>& ReadKinds() {
  static const auto& kinds = *new std::vector<std::string_view>{
      "IPAddressPool", "L2Advertisement", "Service", "EndpointSlice",
      "Node",          "Namespace",       "BGPPeer", "BGPAdvertisement",
      "Community",     "BFDProfile",      "Secret"};
  return kinds;
}

}  // namespace lb::config

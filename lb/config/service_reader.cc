#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "fmt/format.h"
#include "lb/config/annotations.h"
#include "lb/config/fields.h"
#include "lb/config/manifests.h"
#include "lb/config/object_readers.h"
#include "lb/config/service_addresses.h"
#include "lb/election/cluster.h"
#include "lb/ipam/decision.h"
#include "lb/ipam/service_request.h"
#include "lb/net/ip_address.h"

namespace lb::config {
namespace {

constexpr std::string_view kReservation = "lb.io/reservation";

// All fields of a ServiceSpec, also those that are not read: what is near to
// one, but none, is mistyped.
constexpr std::array<std::string_view, 23> kSpecFields = {
    "allocateLoadBalancerNodePorts",
    "clusterIP",
    "clusterIPs",
    "externalIPs",
    "externalName",
    "externalTrafficPolicy",
    "healthCheckNodePort",
    "internalTrafficPolicy",
    "ipFamilies",
    "ipFamily",
    "ipFamilyPolicy",
    "loadBalancerClass",
    "loadBalancerIP",
    "loadBalancerSourceRanges",
    "ports",
    "publishNotReadyAddresses",
    "selector",
    "sessionAffinity",
    "sessionAffinityConfig",
    "topologyKeys",
    "trafficDistribution",
    "trafficPolicy",
    "type"};
constexpr std::array<std::string_view, 6> kPortFields = {
    "appProtocol", "name", "nodePort", "port", "protocol", "targetPort"};

constexpr std::array<std::string_view, 5> kTopFields = {
    "apiVersion", "kind", "metadata", "spec", "status"};
// What others write into the spec although it belongs into the metadata.
constexpr std::array<std::string_view, 4> kMetadataFields = {
    "annotations", "labels", "name", "namespace"};

enum class ServiceType { kClusterIp, kNodePort, kLoadBalancer, kExternalName };

// Reads one Service. Methods fill `object_` in the order of the fields.
class ServiceReader {
 public:
  ServiceReader(const Fields& root, const Metadata& metadata)
      : root_(root), metadata_(metadata) {}

  ServiceObject Read(const Fields& spec) {
    request_.service = metadata_.NamespacedName();
    request_.service_namespace = metadata_.object_namespace;
    request_.labels = metadata_.labels;
    object_.traffic.labels = metadata_.labels;
    ReadAddresses(spec);
    ReadReservation();
    ReadPoolName();
    ReadFamilies(spec);
    ReadPorts(spec);
    ReadTrafficPolicy(spec);
    ReadSharing(spec);
    return std::move(object_);
  }

 private:
  // The key of MetalLB's annotation, in its old form if only that is there;
  // empty: neither.
  std::string AnnotationKey(std::string_view name) const {
    if (!metadata_.annotations) return "";
    const Fields& annotations = *metadata_.annotations;
    const std::string key = fmt::format("{}{}", kMetallbPrefix, name);
    if (annotations.Find(key) != nullptr) return key;
    const std::string old_key = fmt::format("{}{}", kOldMetallbPrefix, name);
    if (annotations.Find(old_key) == nullptr) return "";
    root_.report()->Notice(annotations.LineOf(old_key),
                           annotations.PathOf(old_key),
                           fmt::format("deprecated, want {}", key),
                           ToString(ipam::EventReason::kDeprecatedAnnotation));
    return old_key;
  }

  void AskIn(const Fields& fields, std::string_view key) {
    object_.asking_field = fields.PathOf(key);
    root_.report()->Remember(object_.asking_field, fields.LineOf(key));
  }

  void ReadAddresses(const Fields& spec) {
    const std::string key = AnnotationKey("loadBalancerIPs");
    const std::string list =
        key.empty() ? "" : metadata_.annotations->Text(key);
    const std::string single = spec.Text("loadBalancerIP");
    if (!single.empty() && !list.empty()) {
      spec.Refuse("loadBalancerIP",
                  fmt::format("set besides the annotation {}, want one of the "
                              "two",
                              key));
      return;
    }
    if (!single.empty()) {
      AskIn(spec, "loadBalancerIP");
      AddAddress(spec, "loadBalancerIP", single);
    }
    if (list.empty()) return;
    AskIn(*metadata_.annotations, key);
    for (const absl::string_view part : absl::StrSplit(list, ',')) {
      AddAddress(*metadata_.annotations, key,
                 std::string(absl::StripAsciiWhitespace(part)));
    }
  }

  void AddAddress(const Fields& fields, std::string_view key,
                  const std::string& text) {
    const auto address = ReadServiceAddress(text);
    if (address.ok()) {
      request_.requested_addresses.push_back(*address);
    } else {
      fields.Refuse(key, std::string(address.status().message()),
                    ToString(ipam::EventReason::kNoLbIpsFamily));
    }
  }

  void ReadPoolName() {
    const std::string key = AnnotationKey("address-pool");
    if (key.empty()) return;
    request_.requested_pool = metadata_.annotations->Text(key);
    if (object_.asking_field.empty() && !request_.requested_pool.empty()) {
      AskIn(*metadata_.annotations, key);
    }
  }

  void ReadReservation() {
    if (!metadata_.annotations) return;
    request_.reservation = metadata_.annotations->Text(kReservation);
    if (request_.reservation.empty()) return;
    if (!request_.requested_addresses.empty()) {
      metadata_.annotations->Refuse(
          kReservation, fmt::format("set besides {}, want one of the two",
                                    object_.asking_field));
    }
    AskIn(*metadata_.annotations, kReservation);
  }

  void ReadFamilies(const Fields& spec) {
    using ipam::FamilyPolicy;
    request_.family_policy =
        spec.Enum<FamilyPolicy>(
                "ipFamilyPolicy",
                {{"SingleStack", FamilyPolicy::kSingleStack},
                 {"PreferDualStack", FamilyPolicy::kPreferDualStack},
                 {"RequireDualStack", FamilyPolicy::kRequireDualStack}})
            .value_or(FamilyPolicy::kSingleStack);
    std::vector<std::string> cluster_ips = spec.Texts("clusterIPs");
    const std::string cluster_ip = spec.Text("clusterIP");
    if (cluster_ips.empty() && !cluster_ip.empty()) cluster_ips = {cluster_ip};
    if (cluster_ips.empty()) {
      ReadIpFamilies(spec);
    } else {
      TakeFamiliesOf(spec, cluster_ips);
    }
  }

  void ReadIpFamilies(const Fields& spec) {
    const std::vector<std::string> families = spec.Texts("ipFamilies");
    for (size_t i = 0; i < families.size(); ++i) {
      if (families[i] == "IPv4") {
        request_.families.push_back(net::IpFamily::kIpv4);
      } else if (families[i] == "IPv6") {
        request_.families.push_back(net::IpFamily::kIpv6);
      } else {
        spec.RefuseItem("ipFamilies", i,
                        UnknownValue(families[i], {"IPv4", "IPv6"}));
      }
    }
    RefuseRepeated(spec, "ipFamilies", families);
  }

  // A service that Kubernetes has seen: its cluster addresses say which
  // families it can carry, whatever it would prefer.
  void TakeFamiliesOf(const Fields& spec,
                      const std::vector<std::string>& cluster_ips) {
    const std::string_view key =
        spec.Find("clusterIPs") != nullptr ? "clusterIPs" : "clusterIP";
    for (const std::string& text : cluster_ips) {
      const auto address = net::ParseIpAddress(text);
      if (!address.ok()) {
        spec.Refuse(key, std::string(address.status().message()),
                    ToString(ipam::EventReason::kNoClusterIpsFamily));
        return;
      }
      request_.families.push_back(address->family());
    }
    RefuseRepeatedFamily(spec, key);
    if (request_.families.size() > 1) {
      // Which one is preferred, ipFamilies says, if it is there.
      const std::vector<std::string> listed = spec.Texts("ipFamilies");
      if (!listed.empty() && listed[0] != net::ToString(request_.families[0])) {
        std::swap(request_.families[0], request_.families[1]);
      }
      if (request_.family_policy == ipam::FamilyPolicy::kSingleStack) {
        request_.family_policy = ipam::FamilyPolicy::kRequireDualStack;
      }
      return;
    }
    if (request_.family_policy == ipam::FamilyPolicy::kRequireDualStack) {
      spec.Refuse(key, "one cluster address, want two for RequireDualStack",
                  ToString(ipam::EventReason::kNotEnoughClusterIps));
    }
    request_.family_policy = ipam::FamilyPolicy::kSingleStack;
  }

  void RefuseRepeatedFamily(const Fields& spec, std::string_view key) {
    const std::vector<net::IpFamily>& families = request_.families;
    if (families.size() > 2 ||
        (families.size() == 2 && families[0] == families[1])) {
      spec.Refuse(key,
                  fmt::format("{} addresses, want at most one of each "
                              "family",
                              families.size()),
                  ToString(ipam::EventReason::kNoClusterIpsFamily));
    }
  }

  void ReadPorts(const Fields& spec) {
    spec.ForEachMap("ports", [&](const Fields& fields) {
      ipam::ServicePort port;
      fields.RefuseMistyped(kPortFields);
      fields.NoticeUnknown(kPortFields);
      // Nothing follows from it, but Kubernetes refuses other values.
      fields.Integer("nodePort", 0, 0, 65535);
      using ipam::Protocol;
      port.protocol =
          fields
              .Enum<Protocol>("protocol", {{"TCP", Protocol::kTcp},
                                           {"UDP", Protocol::kUdp},
                                           {"SCTP", Protocol::kSctp}})
              .value_or(Protocol::kTcp);
      if (fields.Find("port") == nullptr) {
        fields.Refuse("port", "missing, want a whole number 1..65535");
      }
      port.port = static_cast<uint16_t>(fields.Integer("port", 1, 1, 65535));
      request_.ports.push_back(port);
    });
  }

  void ReadTrafficPolicy(const Fields& spec) {
    using election::TrafficPolicy;
    object_.traffic.external_traffic_policy =
        spec.Enum<TrafficPolicy>("externalTrafficPolicy",
                                 {{"Cluster", TrafficPolicy::kCluster},
                                  {"Local", TrafficPolicy::kLocal}})
            .value_or(TrafficPolicy::kCluster);
    // Nothing follows from these, but Kubernetes refuses other values too.
    spec.Enum<int>("internalTrafficPolicy", {{"Cluster", 0}, {"Local", 1}});
    spec.Enum<int>("sessionAffinity", {{"None", 0}, {"ClientIP", 1}});
    spec.Enum<int>(
        "trafficDistribution",
        {{"PreferClose", 0}, {"PreferSameZone", 1}, {"PreferSameNode", 2}});
    spec.MaybeBool("allocateLoadBalancerNodePorts");
    spec.MaybeBool("publishNotReadyAddresses");
    spec.Integer("healthCheckNodePort", 0, 0, 65535);
  }

  // With policy Local a shared address reaches the same pods for each service
  // only if their selectors are equal.
  void ReadSharing(const Fields& spec) {
    const std::string key = AnnotationKey("allow-shared-ip");
    if (!key.empty()) {
      object_.traffic.has_sharing_key = true;
      request_.sharing_key = metadata_.annotations->Text(key);
    }
    const Labels selector = spec.TextMap("selector");
    if (object_.traffic.external_traffic_policy !=
        election::TrafficPolicy::kLocal) {
      return;
    }
    for (const auto& [label, value] : selector) {
      if (!request_.backend_key.empty()) request_.backend_key += ",";
      request_.backend_key += fmt::format("{}={}", label, value);
    }
  }

  const Fields& root_;
  const Metadata& metadata_;
  ServiceObject object_;
  ipam::ServiceRequest& request_ = object_.request;
};

// What only a load balancer has, and the Service is none.
void NoticeWithoutLoadBalancer(const Fields& spec, const Metadata& metadata) {
  const std::string type = spec.Has("type") ? spec.Text("type") : "ClusterIP";
  const auto notice = [&](const Fields& fields, std::string_view key) {
    fields.report()->Notice(
        fields.LineOf(key), fields.PathOf(key),
        fmt::format("has no effect: the type is {}, want LoadBalancer", type));
  };
  for (const std::string_view key : {"loadBalancerIP", "loadBalancerClass"}) {
    if (spec.Has(key)) notice(spec, key);
  }
  if (!metadata.annotations) return;
  metadata.annotations->ForEachKey([&](const std::string& key) {
    if (IsServiceAnnotation(key)) notice(*metadata.annotations, key);
  });
}

}  // namespace

std::optional<ServiceObject> ReadService(const Fields& root,
                                         const Metadata& metadata,
                                         const ManifestOptions& options,
                                         std::string* other_class) {
  const std::optional<Fields> spec = root.Map("spec");
  if (!spec) {
    if (root.Find("spec") == nullptr) {
      root.Refuse("spec", "missing, want a map with type and ports");
    }
    return std::nullopt;
  }
  root.RefuseMistyped(kTopFields);
  root.RefuseMisplaced(kSpecFields, "spec");
  spec->RefuseMistyped(kSpecFields);
  spec->RefuseMisplaced(kMetadataFields, "metadata");
  spec->NoticeUnknown(kSpecFields);
  const std::optional<ServiceType> type = spec->Enum<ServiceType>(
      "type", {{"ClusterIP", ServiceType::kClusterIp},
               {"NodePort", ServiceType::kNodePort},
               {"LoadBalancer", ServiceType::kLoadBalancer},
               {"ExternalName", ServiceType::kExternalName}});
  if (type != ServiceType::kLoadBalancer) {
    if (root.report()->ok()) NoticeWithoutLoadBalancer(*spec, metadata);
    return std::nullopt;
  }
  const std::string given_class = spec->Text("loadBalancerClass");
  if (given_class != options.load_balancer_class) {
    *other_class = given_class.empty() ? "none" : given_class;
    return std::nullopt;
  }
  return ServiceReader(root, metadata).Read(*spec);
}

}  // namespace lb::config

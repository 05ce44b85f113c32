#include "tests/sim/chaos/kubernetes/cluster_user.h"

#include <utility>

#include "fmt/format.h"
#include "lb/election/cluster.h"
#include "lb/kubernetes/tree_path.h"

namespace lb::chaos {
namespace {

using kubernetes::Resource;

constexpr std::string_view kNamespace = "d";
constexpr std::string_view kSharing = "metallb.io/allow-shared-ip";
constexpr std::string_view kPool = "metallb.io/address-pool";
constexpr std::string_view kPoolB = "172.20.80.1-172.20.80.3";
constexpr std::string_view kSmallerPoolB = "172.20.80.1-172.20.80.2";

const Resource& Services() { return SimKubernetes::ResourceOf("Service"); }
const Resource& Pools() { return SimKubernetes::ResourceOf("IPAddressPool"); }
Resource Pods() { return {"", "v1", "pods"}; }

kubernetes::ObjectKey PoolB() { return {std::string(kOwnNamespace), "b"}; }

std::string NameOf(int number) { return fmt::format("s{}", number); }
std::string SliceOf(int number) { return fmt::format("s{}-x", number); }
kubernetes::ObjectKey PodOf(const ClusterUser::Machine& machine) {
  return {std::string(kOwnNamespace), "speaker-" + machine.name};
}

bool IsDual(int number) { return number % 5 == 4; }
bool IsIpv6(int number) { return !IsDual(number) && number % 3 == 2; }

std::string_view FamiliesOf(int number) {
  if (IsDual(number)) {
    return R"("ipFamilyPolicy":"PreferDualStack","ipFamilies":["IPv4","IPv6"],)"
           R"("clusterIP":"10.96.0.1","clusterIPs":["10.96.0.1","fd00:96::1"])";
  }
  if (IsIpv6(number)) {
    return R"("ipFamilyPolicy":"SingleStack","ipFamilies":["IPv6"],)"
           R"("clusterIP":"fd00:96::1","clusterIPs":["fd00:96::1"])";
  }
  return R"("ipFamilyPolicy":"SingleStack","ipFamilies":["IPv4"],)"
         R"("clusterIP":"10.96.0.1","clusterIPs":["10.96.0.1"])";
}

}  // namespace

ClusterUser::ClusterUser(SimKubernetes* cluster, int services,
                         std::vector<Machine> machines)
    : cluster_(cluster), services_(services), machines_(std::move(machines)) {}

void ClusterUser::CreateAll() {
  cluster_->CreatePool(
      "a", R"("172.20.64.0-172.20.64.49","fd00:20::2:0-fd00:20::2:31")");
  cluster_->CreatePool("b", fmt::format(R"("{}")", kPoolB));
  cluster_->server_.Create(
      SimKubernetes::ResourceOf("L2Advertisement"),
      fmt::format(
          R"({{"metadata":{{"namespace":"{}","name":"all"}},"spec":{{}}}})",
          kOwnNamespace));
  for (const Machine& machine : machines_) {
    cluster_->server_.Create(
        SimKubernetes::ResourceOf("Node"),
        fmt::format(R"({{"metadata":{{"name":"{}"}},"status":{{"conditions":[)"
                    R"({{"type":"Ready","status":"True"}}],"addresses":[)"
                    R"({{"type":"InternalIP","address":"{}"}}]}}}})",
                    machine.name, machine.address.ToString()));
    CreatePod(machine);
  }
  Prng prng = cluster_->prng_.Fork("user");
  for (int i = 0; i < services_; ++i) CreateService(i, prng);
}

void ClusterUser::Change(uint64_t number) {
  Prng prng(number);
  const int service = static_cast<int>(prng.Uniform(services_));
  const uint64_t kind = prng.Uniform(20);
  switch (kind) {
    case 0:
      return ChangePool(prng);
    case 1:
      return ChangeNode(prng);
    case 2:
      return ChangePod(prng);
    case 3:
    case 4:
    case 5:
    case 6:
      return CreateOrDelete(service, prng);
    default:
      return HasService(service) ? ChangeService(kind, service, prng)
                                 : CreateService(service, prng);
  }
}

void ClusterUser::ChangeService(uint64_t kind, int number, Prng& prng) {
  switch (kind) {
    case 7:
      return Recreate(number, prng);
    case 8:
      return ChangeType(number);
    case 9:
      return ChangePoolWish(number, prng);
    case 10:
    case 11:
      return ChangeSharing(number, prng);
    case 12:
    case 13:
      return ChangePolicy(number);
    case 14:
    case 15:
    case 16:
      return ChangeEndpoints(number, prng);
    default:
      return ChangeWish(number, prng);
  }
}

bool ClusterUser::HasService(int number) const {
  return cluster_->Services().contains(
      {std::string(kNamespace), NameOf(number)});
}

void ClusterUser::CreateOrDelete(int number, Prng& prng) {
  HasService(number) ? DeleteService(number) : CreateService(number, prng);
}

void ClusterUser::CreateService(int number, Prng& prng,
                                std::string_view name_class) {
  const std::string of_class =
      name_class.empty()
          ? ""
          : fmt::format(R"("loadBalancerClass":"{}",)", name_class);
  cluster_->server_.Create(
      Services(),
      fmt::format(
          R"({{"metadata":{{"namespace":"{}","name":"{}",)"
          R"("creationTimestamp":"{}"}},"spec":{{"type":"LoadBalancer",{}{},)"
          R"("externalTrafficPolicy":"Cluster","ports":[{{"port":{}}}]}}}})",
          kNamespace, NameOf(number),
          absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", cluster_->loop_.CivilNow(),
                           absl::UTCTimeZone()),
          of_class, FamiliesOf(number), 1000 + number));
  cluster_->server_.Create(
      SimKubernetes::ResourceOf("EndpointSlice"),
      fmt::format(R"({{"metadata":{{"namespace":"{}","name":"{}","labels":)"
                  R"({{"kubernetes.io/service-name":"{}"}}}},"endpoints":{}}})",
                  kNamespace, SliceOf(number), NameOf(number),
                  EndpointsText(prng)));
}

void ClusterUser::DeleteService(int number) {
  const std::string name_space(kNamespace);
  cluster_->server_.Delete(Services(), {name_space, NameOf(number)});
  cluster_->server_.Delete(SimKubernetes::ResourceOf("EndpointSlice"),
                           {name_space, SliceOf(number)});
}

bool ClusterUser::HasPod(const Machine& machine) const {
  return cluster_->server_.store().Objects(Pods()).contains(PodOf(machine));
}

void ClusterUser::CreatePod(const Machine& machine) {
  const kubernetes::ObjectKey pod = PodOf(machine);
  cluster_->server_.Create(
      Pods(), fmt::format(R"({{"metadata":{{"namespace":"{}","name":"{}",)"
                          R"("labels":{{"component":"speaker"}}}}}})",
                          kOwnNamespace, pod.name));
  cluster_->server_.Patch(Pods(), pod,
                          fmt::format(R"({{"status":{{"podIP":"{}"}}}})",
                                      machine.address.ToString()),
                          "status");
}

void ClusterUser::Recreate(int number, Prng& prng) {
  DeleteService(number);
  CreateService(number, prng, prng.Chance(30) ? kOtherClass : "");
}

void ClusterUser::ChangeWish(int number, Prng& prng) {
  if (IsDual(number)) return;
  const uint64_t last = prng.Uniform(static_cast<uint64_t>(services_) + 2);
  const std::string address =
      IsIpv6(number)    ? fmt::format("fd00:20::2:{:x}", last)
      : prng.Chance(30) ? fmt::format("172.20.80.{}", 1 + prng.Uniform(3))
                        : fmt::format("172.20.64.{}", last);
  const std::string wish =
      prng.Chance(70) ? fmt::format(R"("{}")", address) : "null";
  // Not both an address and a pool, which may exclude each other.
  cluster_->PatchService(
      NameOf(number),
      fmt::format(R"({{"metadata":{{"annotations":{{"{}":null}}}},)"
                  R"("spec":{{"loadBalancerIP":{}}}}})",
                  kPool, wish));
}

void ClusterUser::ChangeType(int number) {
  const bool was_one = cluster_->RecordOf(NameOf(number)).is_load_balancer;
  cluster_->PatchService(NameOf(number),
                         fmt::format(R"({{"spec":{{"type":"{}"}}}})",
                                     was_one ? "ClusterIP" : "LoadBalancer"));
  // A server that selects by the type clears the status itself.
  if (was_one && cluster_->server_.fields().knows_spec_type) {
    cluster_->PatchService(NameOf(number),
                           R"({"status":{"loadBalancer":null}})", "status");
  }
}

void ClusterUser::ChangePoolWish(int number, Prng& prng) {
  if (IsDual(number) || IsIpv6(number)) return;
  cluster_->PatchService(
      NameOf(number),
      fmt::format(R"({{"metadata":{{"annotations":{{"{}":{}}}}},)"
                  R"("spec":{{"loadBalancerIP":null}}}})",
                  kPool, prng.Chance(50) ? R"("b")" : "null"));
}

void ClusterUser::ChangeSharing(int number, Prng& prng) {
  cluster_->PatchService(
      NameOf(number),
      fmt::format(R"({{"metadata":{{"annotations":{{"{}":{}}}}}}})", kSharing,
                  prng.Chance(60) ? R"("k")" : "null"));
}

void ClusterUser::ChangePolicy(int number) {
  const config::YamlNode& service =
      *cluster_->Services().at({std::string(kNamespace), NameOf(number)});
  const bool is_local =
      kubernetes::TextAt(service, "spec.externalTrafficPolicy") == "Local";
  cluster_->PatchService(NameOf(number),
                         fmt::format(R"({{"spec":{{"externalTrafficPolicy":)"
                                     R"("{}"}}}})",
                                     is_local ? "Cluster" : "Local"));
}

void ClusterUser::ChangeEndpoints(int number, Prng& prng) {
  cluster_->server_.Patch(
      SimKubernetes::ResourceOf("EndpointSlice"),
      {std::string(kNamespace), SliceOf(number)},
      fmt::format(R"({{"endpoints":{}}})", EndpointsText(prng)));
}

void ClusterUser::SetPoolB(std::string_view addresses, bool auto_assign) {
  if (!HasPoolB()) cluster_->CreatePool("b", fmt::format(R"("{}")", kPoolB));
  cluster_->server_.Patch(
      Pools(), PoolB(),
      fmt::format(R"({{"spec":{{"addresses":["{}"],"autoAssign":{}}}}})",
                  addresses, auto_assign));
}

bool ClusterUser::HasPoolB() const {
  return cluster_->server_.store().Objects(Pools()).contains(PoolB());
}

void ClusterUser::ChangePool(Prng& prng) {
  if (HasPoolB() && prng.Chance(30)) {
    cluster_->server_.Delete(Pools(), PoolB());
    return;
  }
  SetPoolB(prng.Chance(70) ? kPoolB : kSmallerPoolB, prng.Chance(60));
}

void ClusterUser::ChangeNode(Prng& prng) {
  const Machine& machine = machines_[prng.Uniform(machines_.size())];
  cluster_->server_.Patch(
      SimKubernetes::ResourceOf("Node"), {"", machine.name},
      fmt::format(R"({{"metadata":{{"labels":{{"{}":{}}}}}}})",
                  election::kExcludeLabel, prng.Chance(40) ? R"("")" : "null"));
}

void ClusterUser::ChangePod(Prng& prng) {
  const Machine& machine = machines_[prng.Uniform(machines_.size())];
  if (!HasPod(machine)) return CreatePod(machine);
  cluster_->server_.Delete(Pods(), PodOf(machine));
}

void ClusterUser::Repair() {
  SetPoolB(kPoolB, /*auto_assign=*/true);
  for (const Machine& machine : machines_) {
    if (!HasPod(machine)) CreatePod(machine);
  }
}

std::string ClusterUser::EndpointsText(Prng& prng) const {
  std::string text;
  for (const Machine& machine : machines_) {
    if (prng.Chance(40)) continue;
    text += fmt::format(R"({}{{"nodeName":"{}","conditions":{{"ready":{}}}}})",
                        text.empty() ? "" : ",", machine.name, prng.Chance(85));
  }
  return "[" + text + "]";
}

}  // namespace lb::chaos

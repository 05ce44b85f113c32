#include "tests/sim/chaos/kubernetes/workload.h"

#include <string_view>
#include <utility>

#include "fmt/format.h"
#include "lb/kubernetes/tree_path.h"

namespace lb::chaos {
namespace {

constexpr std::string_view kNamespace = "w";
// What the endpointslice controller takes.
constexpr absl::Duration kEndpointsDelay = absl::Milliseconds(20);

const kubernetes::Resource& Slices() {
  return SimKubernetes::ResourceOf("EndpointSlice");
}

std::string EndpointText(const kubernetes::ObjectKey& pod, int number,
                         bool is_ready) {
  return fmt::format(
      R"({{"nodeName":"n{}","conditions":{{"ready":{}}},)"
      R"("targetRef":{{"kind":"Pod","namespace":"{}","name":"{}"}}}})",
      number, is_ready, pod.name_space, pod.name);
}

}  // namespace

Workload::Workload(SimKubernetes* cluster, int machines,
                   std::function<bool(int number)> runs)
    : cluster_(cluster), machines_(machines), runs_(std::move(runs)) {
  endpoints_ = cluster_->loop_.NewTimer([this] { WriteEndpoints(); });
  Prng prng = cluster_->prng_.Fork("workload");
  for (int i = 1; i <= machines_; ++i) {
    kubelets_.push_back(cluster_->loop_.NewTimer([this, i] { Sync(i); }));
    kubelets_.back()->Arm(cluster_->loop_.Now() + prng.UniformDuration(kSync));
  }
}

const kubernetes::Resource& Workload::Pods() {
  static const auto& pods = *new kubernetes::Resource{"", "v1", "pods"};
  return pods;
}

kubernetes::ObjectKey Workload::PodOf(int number) {
  return {std::string(kNamespace), fmt::format("p{}", number)};
}

int Workload::MachineOf(const kubernetes::ObjectKey& pod) const {
  for (int i = 1; i <= machines_; ++i) {
    if (PodOf(i) == pod) return i;
  }
  return 0;
}

void Workload::CreateAll() {
  for (int i = 1; i <= machines_; ++i) {
    CreatePod(PodOf(i), i);
    const kubernetes::ObjectKey last = {PodOf(i).name_space,
                                        fmt::format("q{}", i)};
    CreatePod(last, i);
    CreateSlice(fmt::format("one{}", i), EndpointText(last, i, true));
  }
  CreateSlice("web", "");
  WriteEndpoints();
}

void Workload::CreatePod(const kubernetes::ObjectKey& pod, int number) {
  cluster_->server_.Create(
      Pods(), fmt::format(R"({{"metadata":{{"namespace":"{}","name":"{}"}},)"
                          R"("spec":{{"nodeName":"n{}"}}}})",
                          pod.name_space, pod.name, number));
  SetReady(pod);
}

void Workload::CreateSlice(const std::string& service,
                           const std::string& endpoints) {
  cluster_->server_.Create(
      Slices(),
      fmt::format(R"({{"metadata":{{"namespace":"{}","name":"{}-1",)"
                  R"("labels":{{"kubernetes.io/service-name":"{}"}}}},)"
                  R"("endpoints":[{}]}})",
                  kNamespace, service, service, endpoints));
}

bool Workload::IsReady(int number) const {
  const auto& pods = cluster_->server_.store().Objects(Pods());
  const auto pod = pods.find(PodOf(number));
  if (pod == pods.end()) return false;
  const config::YamlNode* const conditions =
      kubernetes::NodeAt(*pod->second, "status.conditions");
  if (conditions == nullptr) return false;
  for (const config::YamlNode& condition : conditions->children) {
    if (kubernetes::TextAt(condition, "type") != "Ready") continue;
    return kubernetes::TextAt(condition, "status") == "True";
  }
  return false;
}

void Workload::SetReady(const kubernetes::ObjectKey& pod) {
  cluster_->server_.Patch(
      Pods(), pod,
      R"({"status":{"conditions":[{"type":"PodScheduled","status":"True"},)"
      R"({"type":"Ready","status":"True"}]}})",
      "status");
}

void Workload::Sync(int number) {
  kubelets_[number - 1]->Arm(cluster_->loop_.Now() + kSync);
  if (runs_(number) && !IsReady(number)) SetReady(PodOf(number));
}

void Workload::Follow() {
  const auto& writes = cluster_->server_.store().Writes(Pods());
  const uint64_t version = writes.empty() ? 0 : writes.back().version;
  if (std::exchange(version_, version) == version) return;
  endpoints_->Arm(cluster_->loop_.Now() + kEndpointsDelay);
}

void Workload::WriteEndpoints() {
  std::string all;
  for (int i = 1; i <= machines_; ++i) {
    all += (all.empty() ? "" : ",") + EndpointText(PodOf(i), i, IsReady(i));
  }
  cluster_->server_.Patch(Slices(), {std::string(kNamespace), "web-1"},
                          fmt::format(R"({{"endpoints":[{}]}})", all));
}

}  // namespace lb::chaos

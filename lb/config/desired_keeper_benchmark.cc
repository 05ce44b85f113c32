// What one changed object costs among 100, 1,000 and 10,000 services, each with
// an endpoint slice: it should go with the change, not with the table.
//
//   bazel run -c opt //lb/config:desired_keeper_benchmark
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "benchmark/benchmark.h"
#include "fmt/format.h"
#include "lb/base/check.h"
#include "lb/config/desired_keeper.h"
#include "lb/config/kinds.h"
#include "lb/config/object_change.h"
#include "lb/config/origin.h"
#include "lb/config/testing/change_of.h"
#include "lb/config/yaml_tree.h"

namespace lb::config {
namespace {

constexpr int kNodes = 100;
constexpr int kNamespaces = 10;

void EachSize(benchmark::internal::Benchmark* benchmark) {
  for (const int64_t services : {100, 1'000, 10'000}) {
    benchmark->Arg(services);
  }
  benchmark->Unit(benchmark::kMicrosecond);
}

std::string PoolText(int last) {
  return fmt::format(
      "{{apiVersion: metallb.io/v1beta1, kind: IPAddressPool, metadata: "
      "{{name: "
      "p}}, spec: {{addresses: [10.0.0.0/16, 10.1.0.0-10.1.0.{}]}}}}",
      last);
}

std::string ServiceText(int64_t i, int port) {
  return fmt::format(
      "{{apiVersion: v1, kind: Service, metadata: {{name: service-{}, "
      "namespace: ns-{}, labels: {{app: a, tier: b}}}}, spec: {{type: "
      "LoadBalancer, loadBalancerIP: 10.0.{}.{}, ports: [{{port: {}}}]}}}}",
      i, i % kNamespaces, i / 256, i % 256, port);
}

std::string SliceText(int64_t i, bool ready) {
  return fmt::format(
      "{{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: "
      "{{name: slice-{0}, namespace: ns-{1}, labels: "
      "{{kubernetes.io/service-name: service-{0}}}}}, addressType: IPv4, "
      "endpoints: [{{addresses: [10.244.0.1], nodeName: n1, conditions: "
      "{{ready: {2}}}}}]}}",
      i, i % kNamespaces, ready);
}

std::string NodeText(int i, int zone) {
  return fmt::format(
      "{{apiVersion: v1, kind: Node, metadata: {{name: n-{}, labels: {{zone: "
      "z{}}}}}}}",
      i, zone);
}

std::string NamespaceText(int i, int team, int note) {
  return fmt::format(
      "{{apiVersion: v1, kind: Namespace, metadata: {{name: ns-{}, labels: "
      "{{team: t{}}}, annotations: {{note: n{}}}}}}}",
      i, team, note);
}

class Kept {
 public:
  explicit Kept(int64_t services) {
    std::map<std::string_view, std::vector<ObjectChange>> lists;
    const auto add = [&](const std::string& text) {
      ObjectChange change = ChangeOf(text);
      for (const std::string_view kind : ReadKinds()) {
        if (KindOf(change.name) == kind) lists[kind].push_back(change);
      }
    };
    add(PoolText(255));
    add("{apiVersion: metallb.io/v1beta1, kind: L2Advertisement, metadata: "
        "{name: a}, spec: {nodeSelectors: [{matchLabels: {zone: z0}}]}}");
    for (int64_t i = 0; i < services; ++i) {
      add(ServiceText(i, 80));
      add(SliceText(i, true));
    }
    for (int i = 0; i < kNodes; ++i) add(NodeText(i, 0));
    for (int i = 0; i < kNamespaces; ++i) add(NamespaceText(i, 0, 0));
    for (const std::string_view kind : ReadKinds()) {
      keeper_.Replace(kind, lists[kind]);
    }
    LB_CHECK(keeper_.desired().services.size() ==
             static_cast<size_t>(services));
    LB_CHECK(keeper_.desired().problems.empty());
  }

  // Applies each of the two in turn; all of them change something.
  void Alternate(benchmark::State& state, const std::string& one,
                 const std::string& other) {
    const std::vector<ObjectChange> changes = {ChangeOf(one), ChangeOf(other)};
    size_t next = 0;
    for (auto _ : state) {
      benchmark::DoNotOptimize(
          keeper_.Apply({&changes[next++ % changes.size()], 1}));
    }
    LB_CHECK(keeper_.desired().problems.empty());
  }

 private:
  DesiredKeeper keeper_;
};

void BM_KeeperChangesService(benchmark::State& state) {
  Kept kept(state.range(0));
  kept.Alternate(state, ServiceText(50, 81), ServiceText(50, 80));
}
BENCHMARK(BM_KeeperChangesService)->Apply(EachSize);

void BM_KeeperChangesSlice(benchmark::State& state) {
  Kept kept(state.range(0));
  kept.Alternate(state, SliceText(50, false), SliceText(50, true));
}
BENCHMARK(BM_KeeperChangesSlice)->Apply(EachSize);

void BM_KeeperChangesNode(benchmark::State& state) {
  Kept kept(state.range(0));
  kept.Alternate(state, NodeText(50, 1), NodeText(50, 0));
}
BENCHMARK(BM_KeeperChangesNode)->Apply(EachSize);

void BM_KeeperChangesNamespaceWithoutLabels(benchmark::State& state) {
  Kept kept(state.range(0));
  kept.Alternate(state, NamespaceText(5, 0, 1), NamespaceText(5, 0, 2));
}
BENCHMARK(BM_KeeperChangesNamespaceWithoutLabels)->Apply(EachSize);

// Those below go with the services that they concern: a tenth of them, and all.
void BM_KeeperChangesLabelsOfNamespace(benchmark::State& state) {
  Kept kept(state.range(0));
  kept.Alternate(state, NamespaceText(5, 1, 0), NamespaceText(5, 2, 0));
}
BENCHMARK(BM_KeeperChangesLabelsOfNamespace)->Apply(EachSize);

void BM_KeeperChangesPool(benchmark::State& state) {
  Kept kept(state.range(0));
  kept.Alternate(state, PoolText(254), PoolText(255));
}
BENCHMARK(BM_KeeperChangesPool)->Apply(EachSize);

// The tree of one Service to a change.
void BM_ReadObject(benchmark::State& state) {
  YamlNode tree;
  LB_CHECK(!ForEachYamlDocument(ServiceText(50, 80), [&](const auto& root) {
              tree = root;
            }).has_value());
  const Origin origin = Origin::OfKubernetes("71523");
  for (auto _ : state) {
    LB_CHECK(ReadObject(tree, origin, {}).ok());
  }
}
BENCHMARK(BM_ReadObject)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace lb::config

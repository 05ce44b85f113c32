// Random changes of single objects: what DesiredKeeper keeps is what
// BuildDesired makes of all objects and of the Desired before, but for what its
// options say.
#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/prng.h"
#include "lb/config/desired.h"
#include "lb/config/desired_keeper.h"
#include "lb/config/difference.h"
#include "lb/config/kinds.h"
#include "lb/config/object_change.h"
#include "lb/config/service_admission.h"
#include "lb/config/service_join.h"
#include "lb/config/testing/change_of.h"
#include "lb/config/testing/desired_text.h"
#include "lb/election/cluster.h"

namespace lb::config {
namespace {

// The objects that there are, by name.
using World = std::map<std::string, ObjectChange>;

Manifests ManifestsOf(const World& world) {
  Manifests manifests;
  for (const auto& [name, change] : world) {
    manifests.problems.insert(manifests.problems.end(), change.problems.begin(),
                              change.problems.end());
    manifests.notices.insert(manifests.notices.end(), change.notices.begin(),
                             change.notices.end());
    ++manifests.read_count;
    if (!change.other_class.empty()) {
      manifests.other_class[std::string(NameWithoutKind(name))] =
          change.other_class;
    }
    if (change.is_passed_over()) {
      manifests.passed_over.insert(name);
      continue;
    }
    manifests.defined_at[name] = ":0";
    if (change.object) manifests.objects.push_back(*change.object);
  }
  return manifests;
}

// Objects of an earlier run, before all kinds were listed.
Desired Restored(const Objects& in_force) {
  Manifests manifests;
  for (const auto& [name, object] : in_force) manifests.defined_at[name] = ":0";
  Desired before;
  before.objects = in_force;
  Desired desired = BuildDesired(manifests, before);
  desired.notices.clear();
  desired.may_define.any = true;
  return desired;
}

Desired Sorted(Desired desired) {
  const auto by_object = [](const Problem& a, const Problem& b) {
    return a.object < b.object;
  };
  std::stable_sort(desired.problems.begin(), desired.problems.end(), by_object);
  std::stable_sort(desired.notices.begin(), desired.notices.end(), by_object);
  return desired;
}

std::string Everything(const Desired& desired) {
  std::string text = absl::StrCat(ToText(desired), ToText(desired.problems),
                                  "notices:\n", ToText(desired.notices));
  for (const auto& [name, object] : desired.objects) {
    absl::StrAppend(&text, name, " ", object.origin.resource_version(), "\n");
  }
  for (const std::string& name : desired.may_define.services) {
    absl::StrAppend(&text, "may define ", name, "\n");
  }
  return text;
}

// Texts of objects with few names and values, so that they clash often.
class Texts {
 public:
  explicit Texts(Prng* prng) : prng_(*prng) {}

  std::string Any(std::string_view kind) {
    if (kind == "IPAddressPool") return Pool();
    if (kind == "L2Advertisement") return Advertisement();
    if (kind == "Service") return Service();
    if (kind == "EndpointSlice") return Slice();
    if (kind == "Node") return Node();
    if (kind == "BGPPeer") return Peer();
    if (kind == "BGPAdvertisement") return BgpAdvertisement();
    if (kind == "Community") return Community();
    if (kind == "BFDProfile") return Profile();
    if (kind == "Secret") return Secret();
    return Namespace();
  }

 private:
  std::string One(std::vector<std::string> texts) {
    return texts[prng_.Uniform(texts.size())];
  }
  std::string Name(const char* prefix, uint64_t count) {
    return absl::StrCat(prefix, prng_.Uniform(count));
  }
  bool Fails() { return prng_.Chance(15); }

  std::string Pool() {
    return fmt::format(
        "{{apiVersion: metallb.io/v1beta1, kind: IPAddressPool, metadata: "
        "{{name: {}, labels: {{zone: {}}}{}}}, spec: {{addresses: [{}]{}}}}}",
        Name("p", 4), One({"a", "b"}),
        One({"", "", ", annotations: {lb.io/reserve: r=10.0.0.1}",
             ", annotations: {lb.io/reservd: r=10.0.0.1}"}),
        Fails() ? "10.0.0.0/33"
                : One({"10.0.0.0/30", "10.0.0.0/29", "10.0.0.4/30",
                       "10.0.1.0/24", "10.0.1.64/26, 10.0.2.0/24"}),
        One({"", "", ", autoAssign: false",
             ", serviceAllocation: {namespaceSelectors: [{matchLabels: {team: "
             "x}}]}"}));
  }

  std::string Advertisement() {
    return fmt::format(
        "{{apiVersion: metallb.io/v1beta1, kind: L2Advertisement, metadata: "
        "{{name: {}}}, spec: {{{}}}}}",
        Name("a", 2),
        Fails() ? "pools: [p1]"
                : One({"", "ipAddressPools: [p1, p2]",
                       "ipAddressPoolSelectors: [{matchLabels: {zone: b}}]",
                       "nodeSelectors: [{matchLabels: {rack: x}}]",
                       ("nodeSelectors: [{matchLabels: {rack: y}}], "
                        "ipAddressPools: [p3]")}));
  }

  std::string Service() {
    return fmt::format(
        "{{apiVersion: v1, kind: Service, metadata: {{name: {}, namespace: "
        "{}{}}}, spec: {{type: {}{}}}}}",
        Name("s", 4), Name("ns", 2),
        One({"", "", ", annotations: {metallb.io/address-pool: p1}",
             ", annotations: {metallb.universe.tf/address-pool: p2}",
             ", annotations: {lb.io/reservation: r}"}),
        One({"LoadBalancer", "LoadBalancer", "LoadBalancer", "ClusterIP",
             "LoadBalancer, loadBalancerClass: other"}),
        Fails()
            ? ", ports: [{port: 99999}]"
            : One({"", ", loadBalancerIP: 10.0.0.1",
                   ", loadBalancerIP: 10.0.0.5", ", loadBalancerIP: 10.0.1.70",
                   ", externalTrafficPolicy: Local"}));
  }

  std::string Slice() {
    const std::string label = Fails()   ? "kubernetes.io/service-nam"
                              : Fails() ? "app"
                                        : "kubernetes.io/service-name";
    return fmt::format(
        "{{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: "
        "{{name: {}, namespace: {}, labels: {{{}: {}}}}}, endpoints: [{}]}}",
        Name("e", 4), Name("ns", 2), label, Name("s", 4),
        One({"", "{nodeName: n1}", "{nodeName: n1}, {nodeName: n2}",
             "{nodeName: n2, conditions: {ready: false}}"}));
  }

  std::string Node() {
    return fmt::format(
        "{{apiVersion: v1, kind: Node, metadata: {{name: {}, labels: {{rack: "
        "{}}}}}, status: {{conditions: [{{type: NetworkUnavailable, status: "
        "{}}}]}}}}",
        Name("n", 3), One({"x", "y"}),
        Fails() ? "Perhaps" : One({"'True'", "'False'"}));
  }

  std::string Namespace() {
    return fmt::format(
        "{{apiVersion: v1, kind: Namespace, metadata: {{name: {}, labels: "
        "{}}}}}",
        Name("ns", 3), Fails() ? "[x]" : One({"{team: x}", "{team: y}", "{}"}));
  }

  std::string Peer() {
    return fmt::format(
        "{{apiVersion: metallb.io/v1beta2, kind: BGPPeer, metadata: {{name: "
        "{}}}, spec: {{myASN: 1, peerASN: {}, peerAddress: {}{}{}}}}}",
        Name("peer", 3), Fails() ? "0" : "2",
        One({"192.0.2.1", "192.0.2.1", "192.0.2.2"}),
        One({"", "", ", bfdProfile: b0", ", bfdProfile: b1",
             ", passwordSecret: {name: x0}"}),
        One({"", "", ", nodeSelectors: [{matchLabels: {rack: x}}]",
             ", nodeSelectors: [{matchLabels: {rack: y}}]"}));
  }

  std::string BgpAdvertisement() {
    return fmt::format(
        "{{apiVersion: metallb.io/v1beta1, kind: BGPAdvertisement, metadata: "
        "{{name: {}}}, spec: {{{}{}{}localPref: {}}}}}",
        Name("g", 3), Fails() ? "pools: [p1], " : "",
        One({"", "", "aggregationLength: 30, ", "aggregationLength: 29, ",
             "communities: [alias0], ", "communities: ['1:2', alias1], ",
             "peers: [peer0, peer7], "}),
        One({"", "", "ipAddressPools: [p1], ", "ipAddressPools: [p0, p2], ",
             "nodeSelectors: [{matchLabels: {rack: x}}], ",
             "nodeSelectors: [{matchLabels: {rack: y}}], "}),
        One({"0", "0", "100", "200"}));
  }

  std::string Community() {
    return fmt::format(
        "{{apiVersion: metallb.io/v1beta1, kind: Community, metadata: {{name: "
        "{}}}, spec: {{communities: [{{name: {}, value: '{}'}}]}}}}",
        Name("c", 3), Name("alias", 2),
        Fails() ? "1" : One({"65535:65281", "large:1:2:3"}));
  }

  std::string Profile() {
    return fmt::format(
        "{{apiVersion: metallb.io/v1beta1, kind: BFDProfile, metadata: {{name: "
        "{}}}, spec: {{detectMultiplier: {}}}}}",
        Name("b", 2), Fails() ? "1" : One({"3", "5"}));
  }

  std::string Secret() {
    return fmt::format(
        "{{apiVersion: v1, kind: Secret, metadata: {{name: {}}}, type: {}, "
        "stringData: {{password: {}}}}}",
        Name("x", 2), One({"kubernetes.io/basic-auth", "Opaque"}),
        Fails() ? "[]" : One({"one", "two"}));
  }

  Prng& prng_;
};

// What the steps came across, so that the test is known to reach it.
struct Reached {
  int overlaps = 0;
  int refused_services = 0;
  int may_define = 0;
  int refused_for_bgp = 0;
  int admitted_for_bgp = 0;
  int nothing = 0;  // Steps without a difference.
  int refused_that_count = 0;
};

// Returns the endpoints of all slices in force, by the slices' names.
std::vector<election::ServiceEndpoint> EndpointsOf(const std::string& service,
                                                   const Objects& objects) {
  std::vector<election::ServiceEndpoint> all;
  for (const auto& [name, object] : objects) {
    const auto* slice = std::get_if<EndpointSliceObject>(&object.value);
    if (slice == nullptr || slice->service != service) continue;
    all.insert(all.end(), slice->endpoints.begin(), slice->endpoints.end());
  }
  return all;
}

class Model {
 public:
  explicit Model(uint64_t seed, const Objects& in_force)
      : prng_(seed),
        texts_(&prng_),
        options_({.knows_endpoints = seed % 4 >= 2,
                  .follows_statuses = seed % 8 >= 4}),
        keeper_(in_force, options_) {
    expected_ = Restored(in_force);
    ApplyOptions();
    previous_.objects = in_force;
    previous_.bgp = expected_.bgp;
    for (const auto& [name, object] : in_force) {
      if (KindOf(name) == "Service") restored_.insert(name);
    }
    unlisted_.assign(ReadKinds().begin(), ReadKinds().end());
    Compare("restored");
  }

  void Step(Reached* reached) {
    const Desired before = keeper_.desired();
    Difference difference;
    std::string what;
    if (prng_.Chance(unlisted_.empty() ? 10 : 40)) {
      const std::string kind = KindToList();
      what = "lists " + kind;
      difference = keeper_.Replace(kind, List(kind));
      std::erase(unlisted_, kind);
    } else {
      const std::vector<ObjectChange> changes = Changes();
      for (const ObjectChange& change : changes) what += change.name + " ";
      difference = keeper_.Apply(changes);
    }
    if (unlisted_.empty()) {
      Build();
      expected_ = Sorted(previous_);
      ApplyOptions();
    }
    Compare(what);
    EXPECT_EQ(difference, DifferenceOf(before, keeper_.desired())) << what;
    Note(difference, reached);
    reached->refused_that_count += !refused_that_count_.empty();
  }

  const Desired& kept() const { return keeper_.desired(); }

 private:
  void Build() {
    const Manifests manifests = ManifestsOf(world_);
    Desired earlier = previous_;
    previous_ = BuildDesired(manifests, earlier);
    if (!options_.follows_statuses) return;
    ForgetRefused(&earlier.objects);
    previous_ = BuildDesired(manifests, earlier);
  }
  // What an earlier run had and pools refuse is no last good value.
  void ForgetRefused(Objects* earlier) {
    ServiceAdmission admission;
    admission.SetPools(previous_.pools);
    const auto is_refused = [&](const Object& object) {
      const auto& value = std::get<ServiceObject>(object.value);
      const auto request = RequestOf(value, previous_.objects);
      return admission.Refusal(object, request).has_value();
    };
    std::erase_if(restored_, [&](const std::string& name) {
      const auto known = world_.find(name);
      const auto before = earlier->find(name);
      if (known == world_.end() || !known->second.object) return false;
      const bool is_forgotten = before != earlier->end() &&
                                is_refused(*known->second.object) &&
                                is_refused(before->second);
      if (is_forgotten) earlier->erase(before);
      return true;
    });
  }

  // What BuildDesired does not do.
  void ApplyOptions() {
    if (options_.follows_statuses) CountRefused();
    if (!options_.knows_endpoints) return;
    for (auto& [name, service] : expected_.services) {
      if (!service.traffic.endpoints) service.traffic.endpoints.emplace();
    }
  }

  void CountRefused() {
    Objects counted;
    for (const auto& [name, change] : world_) {
      const std::string service(NameWithoutKind(name));
      const bool is_refused = KindOf(name) == "Service" &&
                              !change.is_passed_over() &&
                              !expected_.services.contains(service);
      if (!is_refused) continue;
      const auto before = refused_that_count_.find(name);
      if (change.object) {
        counted[name] = *change.object;
      } else if (before != refused_that_count_.end()) {
        counted[name] = before->second;  // Faulty by now.
      }
    }
    refused_that_count_ = std::move(counted);
    expected_.counted = refused_that_count_;
    for (const auto& [name, object] : refused_that_count_) {
      const std::string service(NameWithoutKind(name));
      auto endpoints = EndpointsOf(service, expected_.objects);
      std::optional<std::vector<election::ServiceEndpoint>> known;
      if (!endpoints.empty() || HasSlice(service)) known = std::move(endpoints);
      expected_.services[service] =
          JoinService(object, expected_.objects, std::move(known));
    }
  }
  bool HasSlice(const std::string& service) const {
    return std::any_of(expected_.objects.begin(), expected_.objects.end(),
                       [&](const auto& known) {
                         const auto* slice = std::get_if<EndpointSliceObject>(
                             &known.second.value);
                         return slice != nullptr && slice->service == service;
                       });
  }

  void Compare(const std::string& what) {
    if (keeper_.desired() == expected_) return;
    EXPECT_EQ(Everything(keeper_.desired()), Everything(expected_)) << what;
    ADD_FAILURE() << what << ": differs from what BuildDesired makes";
  }

  void Note(const Difference& difference, Reached* reached) {
    const std::string problems = ToText(keeper_.desired().problems);
    reached->overlaps += problems.find("overlaps") != std::string::npos;
    reached->refused_services += problems.find("Service/") != std::string::npos;
    reached->refused_for_bgp +=
        problems.find("no such BFDProfile") != std::string::npos ||
        problems.find("no Community object") != std::string::npos ||
        problems.find("for routes to which") != std::string::npos ||
        problems.find("the session of") != std::string::npos;
    const BgpObjects& bgp = keeper_.desired().bgp;
    reached->admitted_for_bgp +=
        bgp.peers.size() > 1 && bgp.advertisements.size() > 1;
    reached->may_define += !keeper_.desired().may_define.services.empty();
    reached->nothing += difference == Difference();
  }

  std::string AnyKind() {
    return std::string(ReadKinds()[prng_.Uniform(ReadKinds().size())]);
  }
  std::string KindToList() {
    if (unlisted_.empty() || prng_.Chance(20)) return AnyKind();
    return unlisted_[prng_.Uniform(unlisted_.size())];
  }

  ObjectChange Read(const std::string& kind) {
    return ChangeOf(texts_.Any(kind), std::to_string(++version_));
  }

  std::vector<ObjectChange> Changes() {
    std::vector<ObjectChange> changes;
    do {
      ObjectChange change = Read(AnyKind());
      if (prng_.Chance(25)) change = GoneObject(change.name);
      world_.erase(change.name);
      if (!change.is_gone) world_[change.name] = change;
      changes.push_back(std::move(change));
    } while (prng_.Chance(30));
    return changes;
  }

  // Most objects are as they were, some are gone, and some have come.
  std::vector<ObjectChange> List(const std::string& kind) {
    World listed;
    for (const auto& [name, change] : world_) {
      if (KindOf(name) == kind && prng_.Chance(70)) listed[name] = change;
    }
    while (prng_.Chance(60)) {
      const ObjectChange change = Read(kind);
      listed[change.name] = change;
    }
    std::erase_if(
        world_, [&](const auto& known) { return KindOf(known.first) == kind; });
    world_.insert(listed.begin(), listed.end());
    std::vector<ObjectChange> list;
    for (auto& [name, change] : listed) list.push_back(change);
    return list;
  }

  Prng prng_;
  Texts texts_;
  const DesiredKeeperOptions options_;
  DesiredKeeper keeper_;
  Objects refused_that_count_;
  std::set<std::string> restored_;  // Services of an earlier run.
  World world_;
  Desired previous_;  // As BuildDesired made it.
  Desired expected_;
  std::vector<std::string> unlisted_;
  int version_ = 0;
};

TEST(DesiredKeeperModelTest, KeepsWhatBuildDesiredMakesOfAllObjects) {
  Reached reached;
  Objects in_force;  // Those of the run before, at every other seed.
  for (uint64_t seed = 0; seed < 80; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    Model model(seed, in_force);
    for (int step = 0; step < 50 && !testing::Test::HasFailure(); ++step) {
      SCOPED_TRACE(fmt::format("step {}", step));
      model.Step(&reached);
    }
    if (HasFailure()) return;
    in_force = seed % 2 == 0 ? model.kept().objects : Objects();
  }
  EXPECT_GT(reached.overlaps, 200);
  EXPECT_GT(reached.refused_services, 200);
  EXPECT_GT(reached.may_define, 200);
  EXPECT_GT(reached.refused_for_bgp, 200);
  EXPECT_GT(reached.admitted_for_bgp, 200);
  EXPECT_GT(reached.nothing, 100);
  EXPECT_GT(reached.refused_that_count, 100);
}

}  // namespace
}  // namespace lb::config

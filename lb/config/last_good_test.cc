// What a restart knows of the manifests from before (last_good.h).
#include "lb/config/last_good.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/config/testing/desired_text.h"

namespace lb::config {
namespace {

using Files = std::vector<std::pair<std::string, std::string>>;
using ::testing::HasSubstr;
using ::testing::SizeIs;

Manifests Read(const Files& files, const ManifestOptions& options = {}) {
  Manifests manifests;
  for (const auto& [name, text] : files) {
    ParseManifests(name, text, options, &manifests);
  }
  return manifests;
}

LastGood Written(const Desired& desired) {
  LastGood last_good;
  for (const std::string& part : SerializeLastGood(desired).parts) {
    EXPECT_THAT(ParseLastGoodPart(part, &last_good), IsOk());
  }
  return last_good;
}

// What a node that starts with these files makes of them, after a run that
// ended with `before`.
Desired Start(const Files& files, const Desired& before) {
  const Manifests now = Read(files);
  return BuildDesired(now, RestoreDesired(Written(before), now, {}));
}

// All that matters for what the node does, and for the next reading.
std::string Everything(const Desired& desired) {
  std::string text = ToText(desired) + ToText(desired.problems);
  for (const auto& [name, object] : desired.objects) {
    text += fmt::format("{} {} {}\n", name, object.origin.file(), object.text);
  }
  for (const std::string& path : desired.read_paths) text += path + "\n";
  for (const auto& [service, file] : desired.faulty_services) {
    text += fmt::format("faulty {} {}\n", service, file);
  }
  for (const auto& [file, count] : desired.strangers) {
    text += fmt::format("strangers {} {}\n", file, count);
  }
  return text;
}

std::string Lb(const std::string& name, const std::string& spec = "") {
  return "apiVersion: v1\nkind: Service\nmetadata: {name: " + name +
         "}\nspec: {type: LoadBalancer" + spec + "}\n---\n";
}

constexpr char kEveryKind[] = R"(
apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata:
  name: p
  labels: {zone: "a", "true": "null"}
  annotations:
    lb.io/exclude: 192.0.2.1
    lb.io/reserve: web=192.0.2.2
    lb.io/cool-down: 10m
    note: "two\nlines \"quoted\" \\ caf\u00e9 \ud83d\ude00"
spec:
  addresses: [192.0.2.0/28, "2001:db8::/124"]
  autoAssign: no
  serviceAllocation:
    priority: 5
    namespaces: [default]
    serviceSelectors: [{matchExpressions: [{key: a, operator: Exists}]}]
---
apiVersion: metallb.io/v1beta1
kind: L2Advertisement
metadata: {name: l, annotations: {lb.io/refresh-interval: 5s}}
spec:
  ipAddressPools: [p]
  nodeSelectors: [{matchLabels: {kubernetes.io/hostname: n1}}]
  preferredNodeSelectors: [{weight: 10, preference: {matchLabels: {a: ''}}}]
---
apiVersion: v1
kind: NodeList
items:
- metadata: {name: n1, labels: {kubernetes.io/hostname: n1}}
  status: {conditions: [{type: NetworkUnavailable, status: "True"}]}
---
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Namespace
  metadata: {name: default, labels: {x: "y"}}
- apiVersion: v1
  kind: Service
  metadata: &m {name: first, labels: {a: "1"}}
  spec: &s {type: LoadBalancer, ports: [{port: 80, protocol: UDP}]}
- apiVersion: v1
  kind: Service
  metadata: {<<: *m, name: second}
  spec: {<<: *s, externalTrafficPolicy: Local, selector: {app: web}}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: e, labels: {kubernetes.io/service-name: second}}
addressType: IPv4
endpoints: [{nodeName: n1, conditions: {ready: true, serving: ~}}]
---
apiVersion: v1
kind: ConfigMap
metadata: {namespace: metallb-system, name: config}
data:
  config: |
    address-pools:
    - {name: old, protocol: layer2, addresses: [198.51.100.0/24]}
)";

TEST(LastGoodTest, EveryKindComesBackAsItWas) {
  const Desired before = BuildDesired(Read({{"f", kEveryKind}}), {});
  ASSERT_EQ(ToText(before.problems), "");
  ASSERT_THAT(before.objects, SizeIs(9));
  const Files broken = {{"f", "x: [\n"}};
  const Desired running = BuildDesired(Read(broken), before);
  const Desired started = Start(broken, before);
  EXPECT_EQ(Everything(started), Everything(running));
  for (const auto& [name, object] : running.objects) {
    EXPECT_TRUE(started.objects.at(name).value == object.value) << name;
    EXPECT_EQ(started.objects.at(name).origin.line(), object.origin.line())
        << name;
  }
  EXPECT_THAT(ToText(started.problems), HasSubstr("f:"));
  // And so after one more start.
  EXPECT_EQ(Everything(Start(broken, started)), Everything(running));
}

// Whatever happens to the files, a restart changes nothing.
TEST(LastGoodTest, ARestartAtAnyStepGoesOnAsTheRunningNodeWould) {
  const std::string a = Lb("a"), b = Lb("b"), typo = "x: [\n";
  const std::string bad =
      "apiVersion: v1\nkind: Service\n"
      "metadata: {name: a}\nspec: {type: LB}\n---\n";
  const std::string stranger = "replicaCount: 1\n---\n";
  const std::vector<std::vector<Files>> kHistories = {
      {{{"f", a + b}}, {{"f", bad + b}}, {{"f", bad}}, {{"f", a}}},
      {{{"f", a}, {"g", b}}, {{"f", typo}, {"g", b}}, {{"g", b}}},
      {{{"f", a + b}}, {{"f", a + b + stranger}}, {{"f", stranger + b}}},
      {{{"f", stranger + a + b}}, {{"f", typo}}, {{"f", stranger + b}}},
      {{{"f", bad}}, {{"f", typo}}, {{"f", b}}, {{"f", b + bad}}},
      {{{"f", a + b}}, {{"f", ""}}, {{"f", b}}},
      {{{"f", a + b}}, {{"f", "kind: Service\nmetadata: {}\n---\n" + b}}},
      {{{"f", a}, {"g", a}}, {{"f", Lb("a", ", loadBalancerIP: x")}, {"g", a}}},
      {{{"f", a + b}}, {{"f", "# nothing\n"}, {"g", typo}}},
  };
  for (size_t i = 0; i < kHistories.size(); ++i) {
    SCOPED_TRACE(i);
    Desired running, restarting;
    for (const Files& files : kHistories[i]) {
      running = BuildDesired(Read(files), running);
      restarting = Start(files, restarting);
      EXPECT_EQ(Everything(restarting), Everything(running));
      EXPECT_EQ(restarting.may_define, running.may_define);
    }
  }
}

TEST(LastGoodTest, AFaultThatComesWithTheRestartHoldsTheServiceToo) {
  const Desired before =
      BuildDesired(Read({{"f", Lb("a", ", ports: [{port: 80}]")}}), {});
  const Desired started =
      Start({{"f", Lb("a", ", ports: [{port: x}]")}}, before);
  EXPECT_THAT(ToText(started), HasSubstr("service default/a "));
  EXPECT_THAT(ToText(started), HasSubstr("ports=t80"));
  EXPECT_THAT(ToText(started.problems), HasSubstr("Service/default/a: "));
  EXPECT_THAT(Start({{"f", Lb("b")}}, before).objects, SizeIs(1)) << "gone";
}

// If two pools overlap, the one that was in force stays.
TEST(LastGoodTest, WhatWasInForceComesFirst) {
  const auto pool = [](const std::string& name, const std::string& range) {
    return "apiVersion: metallb.io/v1beta1\nkind: IPAddressPool\nmetadata: "
           "{name: " +
           name + "}\nspec: {addresses: [" + range + "]}\n---\n";
  };
  const Desired before =
      BuildDesired(Read({{"f", pool("z", "192.0.2.0/28")}}), {});
  const Files both = {
      {"f", pool("a", "192.0.2.0/24") + pool("z", "192.0.2.0/28")}};
  EXPECT_THAT(ToText(BuildDesired(Read(both), {})), HasSubstr("pool a "));
  EXPECT_EQ(ToText(Start(both, before)),
            "pool z ranges=192.0.2.0-192.0.2.15\n");
}

TEST(LastGoodTest, WhatIsNotWantedAnyMoreIsLeftOut) {
  const Desired before = BuildDesired(Read({{"f", Lb("a")}}), {});
  const Manifests now = Read({{"f", "x: [\n"}}, {.load_balancer_class = "c"});
  EXPECT_THAT(RestoreDesired(Written(before), now, {.load_balancer_class = "c"})
                  .objects,
              SizeIs(0));
}

TEST(LastGoodTest, OneChangedObjectChangesOnePart) {
  std::string text;
  for (int i = 0; i < 200; ++i) text += Lb(fmt::format("s{}", i));
  const auto parts = [](const std::string& file) {
    return SerializeLastGood(BuildDesired(Read({{"f", file}}), {})).parts;
  };
  const auto before = parts(text + Lb("last"));
  const auto after = parts(text + Lb("last", ", ports: [{port: 1}]"));
  size_t changed = 0, empty = 0;
  for (size_t i = 0; i < kLastGoodParts; ++i) {
    changed += before[i] != after[i];
    empty += before[i].empty();
  }
  EXPECT_EQ(changed, 1u);
  EXPECT_EQ(empty, 0u);
}

TEST(LastGoodTest, WhatIsTooLargeIsLeftOutAndCounted) {
  const std::string filling(kLastGoodTextBytesMax - 500, 'x');
  std::string text = Lb("small");
  for (int i = 0; i < 2000; ++i) {
    text += Lb(fmt::format("s{}", i), ", ipFamilyPolicy: '', clusterIP: ''");
  }
  Desired desired = BuildDesired(Read({{"f", text}}), {});
  ASSERT_EQ(SerializeLastGood(desired).left_out, 0u);
  for (auto& [name, object] : desired.objects) {
    if (name != "Service/default/small") object.text = filling;
  }
  const LastGoodParts parts = SerializeLastGood(desired);
  size_t kept = 0;
  for (const std::string& part : parts.parts) {
    EXPECT_LE(part.size(), kLastGoodPartBytesMax);
    LastGood read;
    ASSERT_THAT(ParseLastGoodPart(part, &read), IsOk());
    kept += read.objects.size();
  }
  EXPECT_EQ(kept + parts.left_out, 2001u);
  EXPECT_GT(parts.left_out, 1000u);
  desired.objects["Service/default/small"].text = filling + filling;
  EXPECT_EQ(SerializeLastGood(desired).left_out, parts.left_out + 1);
}

TEST(LastGoodTest, DamagedPartsAreRefused) {
  const Desired before = BuildDesired(
      Read({{"f", Lb("a") + "replicaCount: 1\n"}, {"g", kEveryKind}}), {});
  for (const std::string& part : SerializeLastGood(before).parts) {
    for (size_t size = 0; size < part.size(); ++size) {
      LastGood cut;
      const absl::Status status =
          ParseLastGoodPart(std::string_view(part).substr(0, size), &cut);
      EXPECT_TRUE(status.ok() || absl::IsDataLoss(status));
      std::string damaged = part;
      damaged[size] = static_cast<char>(damaged[size] ^ 0x81);
      LastGood other;
      if (!ParseLastGoodPart(damaged, &other).ok()) continue;
      RestoreDesired(other, Read({{"f", "x: [\n"}}), {});
    }
  }
  LastGood none;
  EXPECT_THAT(ParseLastGoodPart(std::string("\x09", 1), &none),
              StatusIs(absl::StatusCode::kDataLoss));
}

}  // namespace
}  // namespace lb::config

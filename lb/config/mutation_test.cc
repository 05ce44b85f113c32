// Manifests cut short or damaged anywhere: problems, never a crash, and the
// same answer for the same text.
#include <cstdint>
#include <fstream>
#include <iterator>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/prng.h"
#include "lb/config/desired.h"
#include "lb/config/manifests.h"
#include "lb/config/testing/desired_text.h"

namespace lb::config {
namespace {

std::string ReadExample(const std::string& name) {
  std::ifstream file("examples/manifests/" + name);
  return {std::istreambuf_iterator<char>(file), {}};
}

// What is kept for a restart is the object again.
void ExpectReadableAgain(const Desired& desired) {
  for (const auto& [name, object] : desired.objects) {
    Manifests again;
    ParseManifests("a.yaml", object.text, {}, &again);
    ASSERT_EQ(again.objects.size(), 1u) << object.text;
    EXPECT_EQ(again.objects[0].name, name);
    EXPECT_TRUE(again.objects[0].value == object.value) << object.text;
    EXPECT_EQ(again.objects[0].text, object.text);
  }
}

std::string Everything(const std::string& text) {
  Manifests manifests;
  ParseManifests("a.yaml", text, {}, &manifests);
  const Desired desired = BuildDesired(manifests, {});
  ExpectReadableAgain(desired);
  return ToText(desired) + ToText(desired.problems);
}

TEST(ExampleManifestsTest, AreReadWhole) {
  Manifests manifests;
  for (const std::string name :
       {"metallb-l2-config.yaml", "metallb-test.yaml"}) {
    ParseManifests(name, ReadExample(name), {}, &manifests);
  }
  const Desired desired = BuildDesired(manifests, {});
  EXPECT_EQ(ToText(desired),
            "pool first-pool ranges=172.18.8.201-172.18.8.205\n"
            "ad first-ad pools=first-pool\n"
            "service default/nginx-test-service "
            "nsLabels=kubernetes.io/metadata.name:default ports=t80\n");
  EXPECT_EQ(ToText(desired.problems), "");
  EXPECT_EQ(ToText(desired.notices), "");
  EXPECT_EQ(CountsText(desired),
            "4 documents read, 1 skipped: 1 Deployment (apps/v1)");
}

constexpr char kWithMergeKeys[] = R"(
---
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Service
  metadata: &meta {name: first, annotations: &notes {metallb.io/x: "\ud83d"}}
  spec: &base
    type: LoadBalancer
    ports: [&port {port: 80}]
- apiVersion: v1
  kind: Service
  metadata: {<<: *meta, name: second}
  spec:
    <<: [*base, {type: ClusterIP}]
    ports:
    - {<<: *port, protocol: UDP}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: config}
data:
  config: |
    address-pools:
    - {name: old, protocol: layer2, addresses: [192.0.2.0/28]}
)";

constexpr char kForBgp[] = R"(
---
apiVersion: metallb.io/v1beta2
kind: BGPPeer
metadata: {name: tor}
spec: {myASN: 1, peerASN: 2, peerAddress: "fd00::1", routerID: 10.0.0.1,
  holdTime: 9s, keepaliveTime: 3s, connectTime: 5s, bfdProfile: quick,
  passwordSecret: {name: s}, nodeSelectors: [{matchLabels: {a: b}}]}
---
apiVersion: metallb.io/v1beta1
kind: BGPAdvertisement
metadata: {name: ad, annotations: {lb.io/med: "7", lb.io/withdraw-hold: 5s}}
spec: {localPref: 100, peers: [tor], aggregationLength: 31,
  communities: ["65535:65281", "large:1:2:3", alias]}
---
apiVersion: metallb.io/v1beta1
kind: Community
metadata: {name: c}
spec: {communities: [{name: alias, value: "1:2"}]}
---
apiVersion: metallb.io/v1beta1
kind: BFDProfile
metadata: {name: quick}
spec: {receiveInterval: 50, echoMode: true}
---
apiVersion: v1
kind: Secret
metadata: {name: s}
type: kubernetes.io/basic-auth
data: {password: cGFzcw==}
)";

void ExpectTheSameTwiceHoweverCut(const std::string& text) {
  ASSERT_GT(text.size(), 300u);
  for (size_t size = 0; size < text.size(); ++size) {
    const std::string cut = text.substr(0, size);
    ASSERT_EQ(Everything(cut), Everything(cut)) << size;
  }
}

TEST(MutationTest, EveryTruncationIsReadTheSameTwice) {
  ExpectTheSameTwiceHoweverCut(ReadExample("metallb-l2-config.yaml") +
                               kWithMergeKeys);
  ExpectTheSameTwiceHoweverCut(kForBgp);
  EXPECT_THAT(Everything(kForBgp), testing::HasSubstr("password=4 bytes"));
  EXPECT_THAT(Everything(kForBgp), testing::HasSubstr("1:2,65535:65281"));
}

// One random edit: a byte changed, removed, doubled, or a piece copied.
void Damage(Prng& prng, std::string* text) {
  if (text->empty()) return;
  const size_t at = prng.Uniform(text->size());
  switch (prng.Uniform(4)) {
    case 0:
      (*text)[at] = static_cast<char>(prng.Uniform(256));
      break;
    case 1:
      text->erase(at, 1 + prng.Uniform(9));
      break;
    case 2:
      text->insert(at, 1, "[]{}:,-&*!|>#\"'\n \t?%@<"[prng.Uniform(21)]);
      break;
    case 3:
      text->insert(prng.Uniform(text->size()),
                   text->substr(at, 1 + prng.Uniform(40)));
      break;
  }
}

TEST(MutationTest, DamagedManifestsAreReadTheSameTwice) {
  constexpr uint64_t kSeed = 20240207;
  Prng prng(kSeed);
  const std::string text = ReadExample("metallb-l2-config.yaml") + "---\n" +
                           ReadExample("metallb-test.yaml") + kWithMergeKeys +
                           kForBgp;
  for (int round = 0; round < 500; ++round) {
    std::string damaged = text;
    for (uint64_t edits = 1 + prng.Uniform(6); edits > 0; --edits) {
      Damage(prng, &damaged);
    }
    ASSERT_EQ(Everything(damaged), Everything(damaged))
        << "seed " << kSeed << " round " << round << "\n"
        << damaged;
  }
}

}  // namespace
}  // namespace lb::config

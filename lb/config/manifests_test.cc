#include "lb/config/manifests.h"

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/config/desired.h"
#include "lb/config/testing/desired_text.h"

namespace lb::config {
namespace {

Manifests Read(const std::string& text, const ManifestOptions& options = {}) {
  Manifests manifests;
  ParseManifests("a.yaml", text, options, &manifests);
  return manifests;
}

std::string DesiredOf(const std::string& text) {
  return ToText(BuildDesired(Read(text), {}));
}

std::string ProblemsOf(const std::string& text) {
  return ToText(BuildDesired(Read(text), {}).problems);
}

constexpr char kGoodPool[] = R"(
apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata: {name: good}
spec: {addresses: [192.0.2.0/28]}
---
)";  // Six lines: what follows begins at line 7.

struct FaultCase {
  std::string text;      // Read after kGoodPool.
  std::string problems;  // Exactly.
};

const std::string kPool =
    "apiVersion: metallb.io/v1beta1\n"
    "kind: IPAddressPool\n";
const std::string kService =
    "apiVersion: v1\n"
    "kind: Service\n";
const std::string kAd =
    "apiVersion: metallb.io/v1beta1\n"
    "kind: L2Advertisement\n";

const FaultCase kFaults[] = {
    {kPool + "metadata:\n  name: p\n  annotations:\n"
             "    lb.io/exclude: 10.0.0.9-10.0.0.1\n"
             "    lb.io/reserve: vip@10.0.0.1\n"
             "    lb.io/cool-down: soon\n"
             "    lb.io/order: random\n"
             "spec: {addresses: [10.0.0.0/30]}\n",
     "a.yaml:12: IPAddressPool/p: metadata.annotations[lb.io/exclude]: "
     "\"10.0.0.9-10.0.0.1\": reversed, want first <= last\n"
     "a.yaml:13: IPAddressPool/p: metadata.annotations[lb.io/reserve]: "
     "\"vip@10.0.0.1\", want name=address\n"
     "a.yaml:14: IPAddressPool/p: metadata.annotations[lb.io/cool-down]: "
     "\"soon\", want a duration like 10m\n"
     "a.yaml:15: IPAddressPool/p: metadata.annotations[lb.io/order]: "
     "\"random\", want lowest or least-recently-used\n"},
    {kPool + "metadata:\n  name: p\n  annotations:\n"
             "    lb.io/reserve: vip=10.0.9.9\n"
             "spec: {addresses: [10.0.0.0/30]}\n",
     "a.yaml:12: IPAddressPool/p: metadata.annotations[lb.io/reserve]: "
     "10.0.9.9 for \"vip\": not given out, want an address that the pool "
     "gives out\n"},
    {kPool + "metadata:\n  name: p\n  annotations:\n"
             "    lb.io/cool-down: 25h\n"
             "spec: {addresses: [10.0.0.0/30]}\n",
     "a.yaml:12: IPAddressPool/p: metadata.annotations[lb.io/cool-down]: "
     "25h, want 0s..24h\n"},
    {kPool + "metadata: {name: p}\nspec:\n  addresses:\n"
             "  - 10.0.0.0/30\n  - 172.18.8.205-172.18.8.201\n",
     "a.yaml:13: IPAddressPool/p: spec.addresses[1]: "
     "\"172.18.8.205-172.18.8.201\": reversed, want first <= last\n"},
    {kPool + "metadata: {name: p}\nspec: {addresses: [10.0.0.0/33]}\n",
     "a.yaml:10: IPAddressPool/p: spec.addresses[0]: \"10.0.0.0/33\": prefix "
     "length 33, want 0..32\n"},
    {kPool + "metadata: {name: p}\nspec:\n  addresses:\n"
             "  - 192.0.2.10-192.0.2.20\n",
     "a.yaml:11: IPAddressPool/p: spec.addresses: 192.0.2.10-192.0.2.20 "
     "overlaps IPAddressPool/good in 192.0.2.10-192.0.2.15, want ranges that "
     "share no address (IPAddressPool/good is at a.yaml:2)\n"},
    {kPool + "metadata: {name: p}\nspec:\n  addresses: [10.0.0.0/30]\n"
             "  autoAssign: \"x\"\n",
     "a.yaml:12: IPAddressPool/p: spec.autoAssign: \"x\", want true or "
     "false\n"},
    {kPool + "metadata: {name: p}\nspec: {addresses: 5}\n",
     "a.yaml:10: IPAddressPool/p: spec.addresses: \"5\", want a list of "
     "texts\n"},
    {kPool + "metadata: {name: p}\nspec:\n  addresses: [10.0.0.0/30]\n"
             "  avoidBuggyIPs: [1]\n",
     "a.yaml:12: IPAddressPool/p: spec.avoidBuggyIPs: a list, want true or "
     "false\n"},
    {kPool + "metadata: {name: p}\nspec:\n  addresses: [10.0.0.0/30]\n"
             "  autoasign: true\n",
     "a.yaml:12: IPAddressPool/p: spec.autoasign: unknown field, want one of "
     "addresses, autoAssign, avoidBuggyIPs, serviceAllocation, did you mean "
     "autoAssign?\n"},
    {kPool + "metadata: {name: p}\nspec: {addresses: [[1]]}\n",
     "a.yaml:10: IPAddressPool/p: spec.addresses[0]: a list, want a text\n"},
    {kPool + "metadata: {name: p}\nspec: {addresses: []}\n",
     "a.yaml:10: IPAddressPool/p: spec.addresses: no addresses, want at "
     "least one range\n"},
    {kPool + "metadata: {name: p}\n",
     "a.yaml:7: IPAddressPool/p: spec: missing, want a map with "
     "addresses\n"},
    {kPool + "metadata: {namespace: x}\nspec: {addresses: [10.0.0.0/30]}\n",
     "a.yaml:9: IPAddressPool/?: metadata.name: missing, want the object's "
     "name\n"},
    {kPool + "spec: {addresses: [10.0.0.0/30]}\n",
     "a.yaml:7: IPAddressPool/?: metadata.name: missing, want the object's "
     "name\n"},
    {kPool + "metadata: {name: \"a b\"}\nspec: {addresses: [10.0.0.0/30]}\n",
     "a.yaml:9: IPAddressPool/a b: metadata.name: \"a b\", want 1 to 253 of "
     "a-z, 0-9, '-' and '.', a letter or digit first and last\n"},
    {kPool + "metadata: {name: good}\nspec: {addresses: [10.0.0.0/30]}\n",
     "a.yaml:7: IPAddressPool/good: metadata.name: defined at a.yaml:2 "
     "already, want one definition\n"},
    {"apiVersion: metallb.io/v1alpha1\nkind: IPAddressPool\n"
     "metadata: {name: p}\nspec: {addresses: [10.0.0.0/30]}\n",
     "a.yaml:7: IPAddressPool/p: apiVersion: \"metallb.io/v1alpha1\", want "
     "metallb.io/v1beta1\n"},
    {kPool + "metadata: {name: p}\nspec:\n  addresses: [10.0.0.0/30]\n"
             "  serviceAllocation:\n    priority: 1.5\n"
             "    namespaces: [a, b, a]\n",
     "a.yaml:13: IPAddressPool/p: spec.serviceAllocation.priority: \"1.5\", "
     "want a whole number 0..2147483647\n"
     "a.yaml:14: IPAddressPool/p: spec.serviceAllocation.namespaces[2]: "
     "stands in the list already, want it once\n"},
    {kPool + "metadata: {name: p}\nspec:\n  addresses: [10.0.0.0/30]\n"
             "  addresses: [10.0.1.0/30]\n",
     "a.yaml:12: IPAddressPool/p: spec.addresses: given twice, want it "
     "once\n"},
    {kAd + "metadata:\n  name: x\n  annotations:\n"
           "    lb.io/election-policy: Sticky\n",
     "a.yaml:12: L2Advertisement/x: metadata.annotations[lb.io/election-policy]"
     ": \"Sticky\", want compat, sticky or balanced, did you mean sticky?\n"},
    {kAd + "metadata:\n  name: x\n  annotations:\n"
           "    lb.io/election-policy: \"\"\n",
     "a.yaml:12: L2Advertisement/x: metadata.annotations[lb.io/election-policy]"
     ": \"\", want compat, sticky or balanced\n"},
    {kAd + "metadata: {name: x}\nspec:\n  nodeSelectors:\n"
           "  - matchExpressions:\n    - {key: zone, operator: in}\n",
     "a.yaml:13: L2Advertisement/x: "
     "spec.nodeSelectors[0].matchExpressions[0].operator: \"in\", want In, "
     "NotIn, Exists or DoesNotExist, did you mean "
     "In?\n"},
    {kAd + "metadata: {name: x}\nspec:\n  nodeSelectors:\n"
           "  - matchExpressions:\n    - {key: zone, operator: In}\n",
     "a.yaml:13: L2Advertisement/x: "
     "spec.nodeSelectors[0].matchExpressions[0]: \"zone\": 0 values, want at "
     "least one with In and NotIn\n"},
    {kAd + "metadata: {name: x}\nspec:\n  preferredNodeSelectors:\n"
           "  - {weight: 101, preference: {}}\n",
     "a.yaml:12: L2Advertisement/x: spec.preferredNodeSelectors[0].weight: "
     "\"101\", want a whole number 1..100\n"},
    {kAd + "metadata: {name: x}\nspec:\n  interfaces: eth0\n",
     "a.yaml:11: L2Advertisement/x: spec.interfaces: \"eth0\", want a list "
     "of texts\n"},
    {kService + "metadata: {name: s}\nspec:\n  type: LoadBalancer\n"
                "  loadBalancerIP: 203.0.113.9\n",
     "a.yaml:12: Service/default/s: spec.loadBalancerIP: asks for "
     "203.0.113.9, which lies in no pool, want an address of one of the "
     "pools: good\n"},
    {kService + "metadata:\n  name: s\n  annotations:\n"
                "    metallb.io/loadBalancerIPs: 192.0.2.1\n"
                "spec:\n  type: LoadBalancer\n  loadBalancerIP: 192.0.2.2\n",
     "a.yaml:15: Service/default/s: spec.loadBalancerIP: set besides the "
     "annotation metallb.io/loadBalancerIPs, want one of the two\n"},
    {kService + "metadata:\n  name: s\n  annotations:\n"
                "    metallb.io/loadBalancerIPs: 192.0.2.1, nine\n"
                "spec: {type: LoadBalancer}\n",
     "a.yaml:12: Service/default/s: "
     "metadata.annotations[metallb.io/loadBalancerIPs]: \"nine\": want an "
     "IPv4 or IPv6 address\n"},
    {kService + "metadata:\n  name: s\n  annotations:\n"
                "    metallb.io/address-pool: nowhere\n"
                "spec: {type: LoadBalancer}\n",
     "a.yaml:12: Service/default/s: "
     "metadata.annotations[metallb.io/address-pool]: asks for pool nowhere, "
     "which does not exist, want one of the pools: good\n"},
    {kService + "metadata:\n  name: s\n  annotations:\n"
                "    lb.io/reservation: nobody\n"
                "spec: {type: LoadBalancer}\n",
     "a.yaml:12: Service/default/s: "
     "metadata.annotations[lb.io/reservation]: asks for the reservation "
     "nobody, which has 0 addresses of its families, want 1\n"},
    {kService + "metadata: {name: s}\nspec:\n  type: LoadBalancer\n"
                "  ports: [{port: 0}]\n  ipFamilyPolicy: Dual\n",
     "a.yaml:13: Service/default/s: spec.ipFamilyPolicy: \"Dual\", want "
     "SingleStack, PreferDualStack or RequireDualStack\n"
     "a.yaml:12: Service/default/s: spec.ports[0].port: \"0\", want a whole "
     "number 1..65535\n"},
    {kService + "metadata: {name: s}\nspec:\n  type: LoadBalancer\n"
                "  clusterIPs: [10.0.0.1]\n  ipFamilyPolicy: "
                "RequireDualStack\n",
     "a.yaml:12: Service/default/s: spec.clusterIPs: one cluster address, "
     "want two for RequireDualStack\n"},
    {"- 1\n- 2\n", "a.yaml:7: a list, want a Kubernetes object\n"},
    {"spec: {}\n",
     "a.yaml:7: kind: missing, want a Kubernetes object with apiVersion and "
     "kind\n"},
    {"a: [1\nb: 2\n---\n",
     "a.yaml:8: yaml: end of sequence flow not found: \"b: 2\", want a closing "
     "]\n"},
};

TEST(ParseManifestsTest, GivesOneLineForEachFaultAndKeepsTheRest) {
  for (const FaultCase& c : kFaults) {
    SCOPED_TRACE(c.text);
    EXPECT_EQ(ProblemsOf(kGoodPool + c.text), c.problems);
    EXPECT_EQ(DesiredOf(kGoodPool + c.text),
              "pool good ranges=192.0.2.0-192.0.2.15\n");
  }
}

struct GoodCase {
  std::string text;
  std::string desired;
};

const GoodCase kGood[] = {
    {R"(
apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata:
  name: p
  annotations:
    lb.io/exclude: 10.0.0.1, 10.0.0.8/30,10.0.0.14-10.0.0.15
    lb.io/reserve: shop/web=10.0.0.4, vip=10.0.0.5
    lb.io/cool-down: 10m
    lb.io/order: least-recently-used
spec: {addresses: [10.0.0.0/28]}
)",
     "pool p ranges=10.0.0.0-10.0.0.15 "
     "exclude=10.0.0.1-10.0.0.1,10.0.0.8-10.0.0.11,10.0.0.14-10.0.0.15 "
     "reserve=shop/web=10.0.0.4,vip=10.0.0.5 coolDown=10m lru\n"},
    {R"(
apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata: {name: p, namespace: metallb-system, labels: {tier: gold}}
spec:
  addresses: [10.0.0.9/30, "10.0.1.1 - 10.0.1.9", "2001:db8::/126"]
  autoAssign: false
  avoidBuggyIPs: true
  serviceAllocation:
    priority: 7
    namespaces: [a, b]
    namespaceSelectors: [{matchLabels: {team: x}}]
    serviceSelectors:
    - matchExpressions:
      - {key: app, operator: NotIn, values: [z, y]}
      - {key: app, operator: Exists}
status: {assignedIPv4: 3}
)",
     "pool p ranges=10.0.0.8-10.0.0.11,10.0.1.1-10.0.1.9,"
     "2001:db8::-2001:db8::3 labels=tier:gold manual avoidBuggy priority=7 "
     "namespaces=a,b namespaceSelectors={team:x} "
     "serviceSelectors={app NotIn(y|z)&app Exists()}\n"},
    {R"(
apiVersion: metallb.io/v1beta1
kind: L2Advertisement
metadata: {name: ad}
spec:
  ipAddressPoolSelectors: [{matchLabels: {tier: gold}}]
  nodeSelectors: [{matchLabels: {zone: a}}, {matchLabels: {zone: b}}]
  serviceSelectors: [{}]
  interfaces: [eth0, eth1]
  preferredNodeSelectors:
  - {weight: 10, preference: {matchLabels: {zone: a}}}
---
apiVersion: metallb.io/v1beta1
kind: L2Advertisement
metadata: {name: all}
)",
     "ad ad poolSelectors={tier:gold} nodeSelectors={zone:a},{zone:b} "
     "serviceSelectors={} interfaces=eth0,eth1 preferred=10*{zone:a}\n"
     "ad all\n"},
    {R"(
apiVersion: metallb.io/v1beta1
kind: L2Advertisement
metadata: {name: ad, annotations: {lb.io/election-policy: balanced}}
---
apiVersion: metallb.io/v1beta1
kind: L2Advertisement
metadata: {name: mixed, annotations: {lb.io/election-policy: compat}}
spec: {interfaces: [eth0]}
)",
     "ad ad policy=balanced\nad mixed interfaces=eth0 policy=compat\n"},
    {R"(
apiVersion: v1
kind: Service
metadata:
  name: s
  namespace: web
  labels: {app: s}
  annotations: {metallb.io/allow-shared-ip: key}
  resourceVersion: "5"
spec:
  type: LoadBalancer
  externalTrafficPolicy: Local
  ipFamilyPolicy: PreferDualStack
  ipFamilies: [IPv6, IPv4]
  selector: {b: 2, a: one}
  ports:
  - {port: 80}
  - {port: 53, protocol: UDP, targetPort: dns}
  - {port: 9, protocol: SCTP}
---
apiVersion: v1
kind: Namespace
metadata: {name: web, labels: {team: x}}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: s-1
  namespace: web
  labels: {kubernetes.io/service-name: s}
endpoints:
- {addresses: [10.9.0.1], nodeName: n1, conditions: {ready: true}}
- {nodeName: n2, conditions: {ready: false, serving: true}}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: s-2, namespace: web, labels: {kubernetes.io/service-name: s}}
endpoints: [{addresses: [10.9.0.2]}]
)",
     "service web/s prefer-dual labels=app:s "
     "nsLabels=kubernetes.io/metadata.name:web,team:x families=IPv6,IPv4 "
     "share=key backend=a=one,b=2 ports=t80,u53,s9 local shared "
     "endpoints=[n1/y?,n2/ny,/??]\n"},
    {R"(
apiVersion: v1
kind: Service
metadata: {name: one-cluster-ip}
spec:
  type: LoadBalancer
  ipFamilyPolicy: PreferDualStack
  clusterIP: 10.96.0.1
---
apiVersion: v1
kind: Service
metadata: {name: two}
spec: {type: LoadBalancer, clusterIPs: ["fd00::1", 10.96.0.1]}
---
apiVersion: v1
kind: Service
metadata: {name: two-listed}
spec:
  type: LoadBalancer
  clusterIPs: [10.96.0.1, "fd00::1"]
  ipFamilies: [IPv6, IPv4]
)",
     "service default/one-cluster-ip "
     "nsLabels=kubernetes.io/metadata.name:default families=IPv4\n"
     "service default/two require-dual "
     "nsLabels=kubernetes.io/metadata.name:default families=IPv6,IPv4\n"
     "service default/two-listed require-dual "
     "nsLabels=kubernetes.io/metadata.name:default families=IPv6,IPv4\n"},
    {R"(
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Node
  metadata: {name: n1, labels: {zone: a}}
  status: {conditions: [{type: Ready, status: "True"}]}
- apiVersion: v1
  kind: Node
  metadata: {name: n2}
  status: {conditions: [{type: NetworkUnavailable, status: "True"}]}
- apiVersion: v1
  kind: Node
  metadata:
    name: n3
    deletionTimestamp: 2026-01-01T00:00:00Z
    annotations: {bgp.lb.io/tor: 192.0.2.1, other/tor: 192.0.2.2}
  spec:
    unschedulable: true
    taints: [{key: a/b, effect: NoExecute}, {key: c, effect: NoSchedule}]
)",
     "node n1 labels=zone:a\nnode n2 unavailable\n"
     "node n3 marks=deletion,cordon,a/b,c "
     "bgpAnnotations=bgp.lb.io/tor:192.0.2.1\n"},
};

TEST(ParseManifestsTest, ReadsEveryFieldOfEveryKind) {
  for (const GoodCase& c : kGood) {
    SCOPED_TRACE(c.text);
    EXPECT_EQ(ProblemsOf(c.text), "");
    EXPECT_EQ(DesiredOf(c.text), c.desired);
  }
}

TEST(ParseManifestsTest, TakesOldAnnotationsWithANoticeAndPrefersNewOnes) {
  const std::string text = R"(
apiVersion: v1
kind: Service
metadata:
  name: s
  annotations:
    metallb.universe.tf/loadBalancerIPs: 192.0.2.1
    metallb.universe.tf/allow-shared-ip: old
    metallb.io/allow-shared-ip: new
spec: {type: LoadBalancer}
)";
  EXPECT_EQ(DesiredOf(std::string(kGoodPool) + text),
            "pool good ranges=192.0.2.0-192.0.2.15\n"
            "service default/s nsLabels=kubernetes.io/metadata.name:default "
            "ips=192.0.2.1 share=new shared\n");
  EXPECT_EQ(
      ToText(Read(text).notices),
      "a.yaml:7: Service/default/s: "
      "metadata.annotations[metallb.universe.tf/loadBalancerIPs]: deprecated, "
      "want metallb.io/loadBalancerIPs\n");
}

TEST(ParseManifestsTest, BrokenYamlEndsItsFileOnly) {
  Manifests manifests;
  ParseManifests("a.yaml", std::string(kGoodPool) + "x: [\n", {}, &manifests);
  ParseManifests("b.yaml", "apiVersion: v1\nkind: Node\nmetadata: {name: n}\n",
                 {}, &manifests);
  EXPECT_EQ(ToText(BuildDesired(manifests, {})),
            "pool good ranges=192.0.2.0-192.0.2.15\nnode n\n");
  EXPECT_THAT(manifests.understanding.broken_paths,
              testing::ElementsAre("a.yaml"));
}

TEST(ParseManifestsTest, StopsAfterTheLargestNumberOfObjects) {
  std::string text;
  for (size_t i = 0; i <= kDocumentsPerFileMax; ++i) text += "{kind: X}\n---\n";
  const Manifests manifests = Read(text);
  EXPECT_EQ(manifests.skipped_count, kDocumentsPerFileMax);
  EXPECT_EQ(ToText(manifests.problems),
            "a.yaml: 100001 objects, want at most 100000; the rest is not "
            "read\n");
  EXPECT_THAT(manifests.understanding.broken_paths,
              testing::ElementsAre("a.yaml"));
}

class LoadManifestsTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(testing::TempDir()) /
              testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }

  std::string Path(const std::string& name) const { return folder_ / name; }
  void Write(const std::string& name, const std::string& text) const {
    std::ofstream(Path(name)) << text;
  }

  std::filesystem::path folder_;
};

TEST_F(LoadManifestsTest, ReadsTheFilesOfAFolderInOrder) {
  Write("b.yml", "apiVersion: v1\nkind: Node\nmetadata: {name: n}\n");
  Write("a.yaml", kGoodPool);
  Write("c.txt", "x: [");
  Write(".hidden.yaml", "x: [");
  std::filesystem::create_directory(Path("sub.yaml"));
  const Manifests manifests = LoadManifests({{folder_.string()}}, {});
  EXPECT_EQ(ToText(manifests.problems), "");
  ASSERT_EQ(manifests.objects.size(), 2u);
  EXPECT_EQ(manifests.objects[0].name, "IPAddressPool/good");
  EXPECT_EQ(manifests.objects[0].origin.file(), Path("a.yaml"));
  EXPECT_EQ(manifests.objects[1].name, "Node/n");
}

TEST_F(LoadManifestsTest, NamesWhatItCannotRead) {
  Write("a.yaml", kGoodPool);
  Write("large.yaml", std::string(kFileBytesMax + 1, '#'));
  const Manifests manifests = LoadManifests(
      {{Path("none.yaml"), Path("large.yaml"), Path("a.yaml")}}, {});
  EXPECT_EQ(
      ToText(manifests.problems),
      Path("none.yaml") + ": cannot read it: No such file or directory\n" +
          Path("large.yaml") + ": more than 16777216 bytes, want fewer\n");
  EXPECT_EQ(manifests.objects.size(), 1u);
  EXPECT_THAT(manifests.understanding.broken_paths,
              testing::ElementsAre(Path("none.yaml"), Path("large.yaml")));
}

}  // namespace
}  // namespace lb::config

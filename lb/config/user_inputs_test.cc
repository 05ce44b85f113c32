// Manifests as users brought them, and their neighbours: what is read, what is
// a fault, what is only named.
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/config/desired.h"
#include "lb/config/manifests.h"
#include "lb/config/testing/desired_text.h"

namespace lb::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Desired Read(const std::string& text, const ManifestOptions& options = {}) {
  Manifests manifests;
  ParseManifests("a.yaml", text, options, &manifests);
  return BuildDesired(manifests, {});
}

std::string Service(const std::string& metadata, const std::string& spec) {
  return "apiVersion: v1\nkind: Service\nmetadata: {" + metadata +
         "}\nspec: {" + spec + "}\n---\n";
}

TEST(UserInputsTest, MergeKeysAreMergedAsKubectlDoes) {
  const Desired desired = Read(R"(
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Service
  metadata: {name: first}
  spec: &base
    type: LoadBalancer
    ports: [{port: 80}]
- apiVersion: v1
  kind: Service
  metadata: {name: second}
  spec:
    <<: *base
    ports: [{port: 81}]
- apiVersion: v1
  kind: Service
  metadata: {name: dns}
  spec:
    type: LoadBalancer
    ports:
    - &udp {name: a, port: 53, protocol: UDP}
    - <<: *udp
      name: b
      port: 54
- apiVersion: v1
  kind: Service
  metadata:
    name: grouped
    annotations:
      <<: {metallb.io/allow-shared-ip: k}
  spec: {type: LoadBalancer, ports: [{port: 80}]}
)");
  EXPECT_EQ(ToText(desired.problems), "");
  const std::string labels = "nsLabels=kubernetes.io/metadata.name:default ";
  EXPECT_EQ(ToText(desired),
            "service default/dns " + labels + "ports=u53,u54\n" +
                "service default/first " + labels + "ports=t80\n" +
                "service default/grouped " + labels +
                "share=k ports=t80 shared\n" + "service default/second " +
                labels + "ports=t81\n");
}

TEST(UserInputsTest, AnUnknownValueOfAnEnumIsOneLineWithTheNearest) {
  struct Case {
    std::string spec, line;
  };
  const Case kCases[] = {
      {"type: Loadbalancer",
       "spec.type: \"Loadbalancer\", want ClusterIP, NodePort, LoadBalancer or "
       "ExternalName, did you mean LoadBalancer?"},
      {"tpye: LoadBalancer", "spec.tpye: unknown field, did you mean type?"},
      {"type: LoadBalancer, externalTrafficPolicy: local",
       "spec.externalTrafficPolicy: \"local\", want Cluster or Local, did you "
       "mean Local?"},
      {"type: LoadBalancer, ipFamilyPolicy: PreferDualstack",
       "spec.ipFamilyPolicy: \"PreferDualstack\", want SingleStack, "
       "PreferDualStack or RequireDualStack, did you mean PreferDualStack?"},
      {"type: LoadBalancer, ipFamilies: [ipv6]",
       "spec.ipFamilies[0]: \"ipv6\", want IPv4 or IPv6, did you mean IPv6?"},
      {"type: LoadBalancer, ports: [{port: 53, protocol: udp}]",
       "spec.ports[0].protocol: \"udp\", want TCP, UDP or SCTP, did you mean "
       "UDP?"},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.spec);
    const Desired desired = Read(Service("name: s", c.spec));
    EXPECT_EQ(ToText(desired.problems),
              "a.yaml:4: Service/default/s: " + c.line + "\n");
    EXPECT_TRUE(desired.may_define.Contains("default/s"));
  }
  EXPECT_EQ(ToText(Read("apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\n"
                        "metadata: {name: e, labels: "
                        "{kubernetes.io/service-name: s}}\n"
                        "addressType: ipv4\n")
                       .problems),
            "a.yaml:4: EndpointSlice/default/e: addressType: \"ipv4\", want "
            "IPv4, IPv6 or FQDN, did you mean IPv4?\n");
}

TEST(UserInputsTest, UnknownKindsAndVersionsAreFaults) {
  struct Case {
    std::string api_version, kind, problem;
  };
  const Case kCases[] = {
      {"metallb.io/v1beta1", "IpAddressPool",
       "kind: \"IpAddressPool\": unknown kind of metallb.io, did you mean "
       "IPAddressPool?"},
      {"metallb.io/v1beta1", "IPAddressPools",
       "kind: \"IPAddressPools\": unknown kind of metallb.io, did you mean "
       "IPAddressPool?"},
      {"metallb.io/v1beta1", "L2Advertisment",
       "kind: \"L2Advertisment\": unknown kind of metallb.io, did you mean "
       "L2Advertisement?"},
      {"v1beta1", "L2Advertisement",
       "apiVersion: \"v1beta1\", want metallb.io/v1beta1"},
      {"", "IPAddressPool", "apiVersion: missing, want metallb.io/v1beta1"},
      {"metallb.io/v1beta2", "L2Advertisement",
       "apiVersion: \"metallb.io/v1beta2\", want metallb.io/v1beta1"},
      {"metalb.io/v1beta1", "L2Advertisement",
       "apiVersion: \"metalb.io/v1beta1\", want metallb.io/v1beta1"},
      {"metallb.io/v9", "BGPPeer",
       "apiVersion: \"metallb.io/v9\", want metallb.io/v1beta2"},
      {"v2", "Namespace", "apiVersion: \"v2\", want v1"},
      {"apps/v1", "Namespace", "apiVersion: \"apps/v1\", want v1"},
      {"discovery/v1", "EndpointSlice",
       "apiVersion: \"discovery/v1\", want discovery.k8s.io/v1"},
      {"v1", "service",
       "kind: \"service\": unknown kind, did you mean "
       "Service?"},
      {"v1", "Namespaces",
       "kind: \"Namespaces\": unknown kind, did you mean Namespace?"},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.api_version + " " + c.kind);
    const std::string text =
        (c.api_version.empty() ? "" : "apiVersion: " + c.api_version + "\n") +
        "kind: " + c.kind + "\nmetadata: {name: x}\n";
    const std::string problems = ToText(Read(text).problems);
    EXPECT_THAT(problems, HasSubstr("/x: " + c.problem + "\n"));
  }
}

TEST(UserInputsTest, KindsThatAreNotReadAreNamedOrCounted) {
  const Desired desired = Read(
      "apiVersion: metallb.io/v1beta1\nkind: ServiceBGPStatus\n"
      "metadata: {name: b}\n---\n"
      "apiVersion: metallb.io/v1beta1\nkind: ServiceL2Status\n"
      "metadata: {name: l}\n---\n"
      "apiVersion: cilium.io/v2alpha1\nkind: CiliumLoadBalancerIPPool\n"
      "metadata: {name: pool}\n---\n"
      "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n"
      "metadata: {name: ipaddresspools.metallb.io}\n---\n"
      "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n---\n"
      "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n"
      "data: {config: \"x: 1\"}\n");
  EXPECT_EQ(ToText(desired.problems), "");
  EXPECT_EQ(ToText(desired.notices),
            "a.yaml:9: CiliumLoadBalancerIPPool/pool: skipped: "
            "CiliumLoadBalancerIPPool of cilium.io/v2alpha1 is another "
            "product's\n");
  EXPECT_EQ(CountsText(desired),
            "0 documents read, 6 skipped: 1 CiliumLoadBalancerIPPool "
            "(cilium.io/v2alpha1), 1 ConfigMap (v1), 1 "
            "CustomResourceDefinition (apiextensions.k8s.io/v1), 1 Pod (v1), "
            "1 ServiceBGPStatus (metallb.io/v1beta1), 1 ServiceL2Status "
            "(metallb.io/v1beta1)");
}

TEST(UserInputsTest, CountsOtherKindsAndNamesThoseOfOtherProducts) {
  const Desired desired = Read(R"(
apiVersion: apps/v1
kind: Deployment
metadata: {name: d}
---
# Nothing here.
---
apiVersion: serving.knative.dev/v1
kind: Service
metadata: {name: k}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: e}
)");
  EXPECT_EQ(ToText(desired.problems), "");
  EXPECT_EQ(
      ToText(desired.notices),
      "a.yaml:8: Service/default/k: skipped: Service of serving.knative.dev/v1 "
      "is another product's\n");
  EXPECT_EQ(CountsText(desired),
            "0 documents read, 3 skipped: 2 Deployment (apps/v1), 1 Service "
            "(serving.knative.dev/v1)");
}

TEST(UserInputsTest, TheConfigMapBeforeMetallb013IsConverted) {
  const Desired desired = Read(R"(
apiVersion: v1
kind: ConfigMap
metadata: {namespace: metallb-system, name: config}
data:
  config: |
    peers: [{peer-address: 10.0.0.1}]
    address-pools:
    - name: default
      protocol: layer2
      addresses: [192.0.2.240-192.0.2.250, "2001:db8::/120"]
    - name: routed
      protocol: bgp
      auto-assign: false
      addresses:
      - 198.51.100.0/24
)");
  EXPECT_EQ(ToText(desired.problems), "");
  EXPECT_EQ(ToText(desired),
            "pool default ranges=192.0.2.240-192.0.2.250,"
            "2001:db8::-2001:db8::ff\n"
            "pool routed ranges=198.51.100.0-198.51.100.255 manual\n"
            "ad default pools=default\n");
  const std::string head = "{apiVersion: metallb.io/v1beta1, kind: ";
  const std::string from =
      "converted from ConfigMap/metallb-system/config, want in its place: ";
  EXPECT_EQ(
      ToText(desired.notices),
      "a.yaml:7: ConfigMap/metallb-system/config: data.config.peers: not "
      "converted, want BGPPeer objects\n"
      "a.yaml:13: ConfigMap/metallb-system/config: "
      "data.config.address-pools[1].protocol: bgp is not converted, want a "
      "BGPAdvertisement\n"
      "a.yaml:9: IPAddressPool/default: " +
          from + head +
          "IPAddressPool, metadata: {name: default}, spec: {addresses: "
          "[192.0.2.240-192.0.2.250, \"2001:db8::/120\"]}}\n"
          "a.yaml:9: L2Advertisement/default: " +
          from + head +
          "L2Advertisement, metadata: {name: default}, spec: "
          "{ipAddressPools: [default]}}\n"
          "a.yaml:12: IPAddressPool/routed: " +
          from + head +
          "IPAddressPool, metadata: {name: routed}, spec: {addresses: "
          "[198.51.100.0/24], autoAssign: false}}\n");
}

TEST(UserInputsTest, FaultsOfOldObjectsHaveTheLinesOfTheOldText) {
  EXPECT_EQ(ToText(Read("apiVersion: v1\nkind: ConfigMap\n"
                        "metadata: {name: config}\ndata:\n  config: |\n"
                        "    address-pools:\n    - name: a\n"
                        "      protocol: layer3\n    - name: b\n"
                        "      protocol: layer2\n"
                        "      addresses: [192.0.2.0/99]\n      x: 1\n")
                       .problems),
            "a.yaml:8: ConfigMap/config: "
            "data.config.address-pools[0].protocol: \"layer3\", want layer2 or "
            "bgp, did you mean layer2?\n"
            "a.yaml:12: ConfigMap/config: data.config.address-pools[1].x: "
            "unknown field, want one of name, protocol, addresses, "
            "auto-assign, avoid-buggy-ips, bgp-advertisements\n"
            "a.yaml:11: IPAddressPool/b: spec.addresses[0]: "
            "\"192.0.2.0/99\": prefix length 99, want 0..32\n");
  EXPECT_THAT(ToText(Read("apiVersion: v1\nkind: ConfigMap\n"
                          "metadata: {name: config}\ndata:\n  config: |\n"
                          "    address-pools: [\n")
                         .problems),
              HasSubstr("ConfigMap/config: data.config: "));
}

TEST(UserInputsTest, AnAddressPoolIsConverted) {
  const std::string text = R"(
apiVersion: metallb.io/v1alpha1
kind: AddressPool
metadata: {name: first, namespace: metallb-system, labels: {tier: gold}}
spec:
  protocol: layer2
  autoAssign: false
  addresses:
  - 192.0.2.240-192.0.2.250
)";
  const Desired desired = Read(text);
  EXPECT_EQ(ToText(desired.problems), "");
  EXPECT_EQ(ToText(desired),
            "pool first ranges=192.0.2.240-192.0.2.250 labels=tier:gold "
            "manual\nad first pools=first\n");
  EXPECT_EQ(desired.notices.size(), 2u);
  EXPECT_THAT(ToText(Read("apiVersion: metallb.io/v1beta1\nkind: AddressPool\n"
                          "metadata: {name: p}\n"
                          "spec: {addresses: [192.0.2.0/28]}\n")
                         .problems),
              HasSubstr("AddressPool/p: spec.protocol: missing, want layer2 "
                        "or bgp"));
}

TEST(UserInputsTest, UnknownAnnotationsOfOursAreNamed) {
  struct Case {
    std::string annotation, notice;
  };
  const Case kCases[] = {
      {"metallb.universe.tf/allow-shared",
       "did you mean metallb.io/allow-shared-ip?"},
      {"metallb.io/loadBalancerIP", "did you mean metallb.io/loadBalancerIPs?"},
      {"metallb.universe.tf/loadbalancerIPs",
       "did you mean metallb.io/loadBalancerIPs?"},
      {"metallb.io/ip-address-pool", "did you mean metallb.io/address-pool?"},
      {"MetalLB.io/address-pool", "did you mean metallb.io/address-pool?"},
      {"lb.io/address-pool", "did you mean metallb.io/address-pool?"},
      {"lb.io/reserved", "did you mean lb.io/reservation?"},
      {"lb.io/exclude",
       "has no effect on Service objects, only on IPAddressPool"},
      {"metallb.universe.tf/L2Advertisement",
       "unknown annotation, want one of metallb.io/loadBalancerIPs, "
       "metallb.io/address-pool, metallb.io/allow-shared-ip, "
       "lb.io/reservation"},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.annotation);
    const Desired desired =
        Read(Service("name: s, annotations: {" + c.annotation + ": x}",
                     "type: LoadBalancer"));
    EXPECT_EQ(ToText(desired.problems), "");
    ASSERT_EQ(desired.notices.size(), 1u) << ToText(desired.notices);
    EXPECT_THAT(desired.notices[0].ToString(), HasSubstr(c.notice));
    EXPECT_THAT(desired.notices[0].ToString(), HasSubstr(c.annotation));
  }
  for (const std::string annotation :
       {"metallb.io/address-pool", "metallb.io/ip-allocated-from-pool",
        "kubectl.kubernetes.io/last-applied-configuration", "mylb.io/x"}) {
    EXPECT_THAT(Read(Service("name: s, annotations: {" + annotation + ": ''}",
                             "type: LoadBalancer"))
                    .notices,
                IsEmpty())
        << annotation;
  }
  EXPECT_THAT(
      ToText(Read("apiVersion: metallb.io/v1beta1\nkind: IPAddressPool\n"
                  "metadata: {name: p, annotations: {lb.io/cooldown: 1m}}\n"
                  "spec: {addresses: [192.0.2.0/28]}\n")
                 .notices),
      HasSubstr("did you mean lb.io/cool-down?"));
  EXPECT_THAT(
      ToText(Read("apiVersion: metallb.io/v1beta1\nkind: L2Advertisement\n"
                  "metadata: {name: a, annotations: {lb.io/policy: x}}\n")
                 .notices),
      HasSubstr("want "));
}

TEST(UserInputsTest, AddressesThatNoServiceCanHaveAreFaults) {
  struct Case {
    std::string text, problem;
  };
  const Case kCases[] = {
      {"127.0.0.0/8",
       "127.0.0.0-127.255.255.255 is loopback, want addresses "
       "that a service can have"},
      {"0.0.0.0/0", "is unspecified"},
      {"223.0.0.0-224.0.0.5", "224.0.0.0-224.0.0.5 is multicast"},
      {"255.255.255.255/32", "is limited broadcast"},
      {"169.254.1.0/24", "is link-local"},
      {"'fe80::/64'", "is link-local"},
      {"'ff02::/120'", "is multicast"},
      {"'::1/128'", "::1 is loopback"},
      {"'::ffff:10.0.0.1-::ffff:10.0.0.9'",
       "IPv4 written as IPv6, want 10.0.0.1-10.0.0.9"},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.text);
    const std::string problems =
        ToText(Read("apiVersion: metallb.io/v1beta1\nkind: IPAddressPool\n"
                    "metadata: {name: p}\nspec: {addresses: [" +
                    c.text + "]}\n")
                   .problems);
    EXPECT_THAT(problems, HasSubstr("spec.addresses[0]: "));
    EXPECT_THAT(problems, HasSubstr(c.problem));
  }
  EXPECT_THAT(
      ToText(Read(Service("name: s",
                          "type: LoadBalancer, loadBalancerIP: 224.0.0.5"))
                 .problems),
      HasSubstr("spec.loadBalancerIP: \"224.0.0.5\": 224.0.0.5 is multicast"));
  EXPECT_THAT(ToText(Read(Service("name: s, annotations: "
                                  "{metallb.io/loadBalancerIPs: "
                                  "'::ffff:10.0.0.1'}",
                                  "type: LoadBalancer"))
                         .problems),
              HasSubstr("IPv4 written as IPv6, want 10.0.0.1"));
}

TEST(UserInputsTest, RangesAreReadWhateverTheirDashes) {
  EXPECT_EQ(ToText(Read("apiVersion: metallb.io/v1beta1\nkind: IPAddressPool\n"
                        "metadata: {name: p}\nspec:\n  addresses:\n"
                        "  - \"192.0.2.1\\t- 192.0.2.3\"\n"
                        "  - 192.0.2.5\xc2\xa0\xe2\x80\x93\xc2\xa0"
                        "192.0.2.7\n")),
            "pool p ranges=192.0.2.1-192.0.2.3,192.0.2.5-192.0.2.7\n");
}

TEST(UserInputsTest, ListsOfTheApiAreRead) {
  EXPECT_EQ(ToText(Read("apiVersion: v1\nkind: NamespaceList\nitems:\n"
                        "- metadata: {name: a}\n- metadata: {name: b}\n---\n"
                        "apiVersion: v1\nkind: NodeList\nitems:\n"
                        "- metadata: {name: n}\n")),
            "node n\n");
  struct Case {
    std::string text, problem;
  };
  const Case kCases[] = {
      {"kind: List\nitems: ~\n",
       "a.yaml:2: List: items: nothing, want a list of objects, [] if there "
       "are none\n"},
      {"kind: ServiceList\n",
       "a.yaml:1: ServiceList: items: missing, want a list of objects, [] if "
       "there are none\n"},
      {"kind: List\nitems: {}\n",
       "a.yaml:2: List: items: a map, want a list of objects, [] if there are "
       "none\n"},
      {"kind: List\nitems: [~, 5]\n",
       "a.yaml:2: List: items[0]: nothing, want a Kubernetes object\n"
       "a.yaml:2: List: items[1]: \"5\", want a Kubernetes object\n"},
      {"kind: List\nitems: []\n", ""},
  };
  for (const Case& c : kCases) {
    EXPECT_EQ(ToText(Read(c.text).problems), c.problem) << c.text;
  }
}

TEST(UserInputsTest, ServicesOfAnotherClassAreKnownByName) {
  const std::string text =
      Service("name: a", "type: LoadBalancer, loadBalancerClass: x.io/lb") +
      Service("name: b", "type: LoadBalancer") +
      Service("name: c", "type: ClusterIP, loadBalancerClass: x.io/lb");
  EXPECT_THAT(Read(text).other_class,
              ElementsAre(std::pair("default/a", "x.io/lb")));
  EXPECT_THAT(CountsText(Read(text)), HasSubstr("; 1 services of another"));
  EXPECT_THAT(Read(text, {.load_balancer_class = "x.io/lb"}).other_class,
              ElementsAre(std::pair("default/b", "none")));
}

}  // namespace
}  // namespace lb::config

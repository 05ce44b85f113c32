// MetalLB's own tables, as services in and routes per peer out: what its
// speaker decides (speaker/bgp_controller_test.go). The facts are MetalLB's,
// the manifests and names are ours. What its FRR modes make of that, file by
// file, is in daemon/routing/metallb.
//
// Differences by design:
//  - Two advertisements of one prefix are one route here. MetalLB's speaker
//    lists both, and its sessions merge them.
//  - A localPref of 0 is none, so a router takes 100.
//  - A conflict of preferences is one of an address and its length. MetalLB
//    goes by the families of the pool.
//  - A service without any EndpointSlice counts as having endpoints, as on
//    hosts without Kubernetes. So "no endpoints" is an empty slice here.
//  - MetalLB's FRR mode writes two routes of one prefix with different
//    preferences; here the highest is told, and a line names both.
//  - VRFs are refused, so the rows about them have no place here.
//  - Passwords and their Secrets are no routes: lb/config has them.
#include <string>
#include <vector>

#include "daemon/routes/testing/route_story.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lb {
namespace {

constexpr char kHere[] = "here";

std::string Object(const std::string& kind, const std::string& name,
                   const std::string& spec) {
  return fmt::format(
      "apiVersion: metallb.io/{}\nkind: {}\nmetadata: {{name: {}}}\n"
      "spec: {{{}}}\n---\n",
      kind == "BGPPeer" ? "v1beta2" : "v1beta1", kind, name, spec);
}

// p1 is 192.0.2.1, p2 is 192.0.2.2.
std::string Peer(const std::string& name, const std::string& selectors = "") {
  return Object(
      "BGPPeer", name,
      fmt::format(
          "myASN: 64512, peerASN: 64513, peerAddress: 192.0.2.{}{}",
          name.substr(1),
          selectors.empty() ? "" : ", nodeSelectors: [" + selectors + "]"));
}

std::string Pool(const std::string& name, const std::string& addresses) {
  return Object("IPAddressPool", name,
                fmt::format("addresses: [{}]", addresses));
}

std::string Ad(const std::string& name, const std::string& spec = "") {
  return Object("BGPAdvertisement", name, spec);
}

std::string Node(const std::string& name, const std::string& labels = "") {
  return fmt::format(
      "apiVersion: v1\nkind: Node\n"
      "metadata: {{name: {0}, labels: {{kubernetes.io/hostname: {0}{1}}}}}\n"
      "---\n",
      name, labels);
}

std::string On(const std::string& node) {
  return fmt::format(
      "nodeSelectors: [{{matchLabels: {{kubernetes.io/hostname: {}}}}}]", node);
}

const std::string kNodes = Node(kHere) + Node("there");
const std::string kPool = Pool("pool", "10.20.30.0/24");

std::string Service(const std::string& name,
                    const std::string& policy = "Cluster",
                    const std::string& labels = "") {
  return fmt::format(
      "apiVersion: v1\nkind: Service\n"
      "metadata: {{name: {}, labels: {{{}}}}}\n"
      "spec: {{type: LoadBalancer, externalTrafficPolicy: {}}}\n---\n",
      name, labels, policy);
}

// Each is "node", "node ready=false" and the like; one slice for each list.
std::string Slices(const std::string& service,
                   const std::vector<std::vector<std::string>>& slices) {
  std::string text;
  for (size_t i = 0; i < slices.size(); ++i) {
    std::string endpoints;
    for (const std::string& one : slices[i]) {
      endpoints +=
          fmt::format("{{addresses: [10.1.1.1], nodeName: {}}}, ", one);
    }
    text += fmt::format(
        "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\n"
        "metadata: {{name: {0}-{1}, labels: {{kubernetes.io/service-name: "
        "{0}}}}}\nendpoints: [{2}]\n---\n",
        service, i, endpoints);
  }
  return text;
}

constexpr char kReady[] = "conditions: {ready: true}";
constexpr char kNotReady[] = "conditions: {ready: false}";
std::string At(const std::string& node, const std::string& conditions) {
  return node + ", " + conditions;
}
std::string There() { return At("there", kReady); }

struct Row {
  const char* name;
  std::string manifests;
  std::string routes;
  std::string verdict = "announces";  // Of the service s1.
};

// s1 has 10.20.30.1 unless `story` was told otherwise.
void RunAlone(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    RouteStory story(kHere);
    story.SetManifests(row.manifests);
    story.SetAddress("default/s1", "10.20.30.1", "pool");
    EXPECT_EQ(story.Routes(), row.routes);
    EXPECT_EQ(story.Verdict("default/s1"), row.verdict);
  }
}

const std::string kBase = kNodes + kPool + Peer("p1") + Ad("ad", On(kHere));
const std::string kOne = "to p1:\n10.20.30.1/32\n";
const std::string kNone = "to p1:\n";

TEST(MetallbRowsTest, EndpointsDecide) {
  const auto with = [](const std::string& policy,
                       const std::vector<std::vector<std::string>>& slices) {
    return kBase + Service("s1", policy) + Slices("s1", slices);
  };
  const std::string not_ready_here = At(kHere, kNotReady);
  const std::string ready_here = At(kHere, kReady);
  RunAlone({
      {"no peers and no advertisements",
       kNodes + kPool + Service("s1") + Slices("s1", {{There()}}), "", ""},
      {"a service that is not for load balancers",
       kBase + "apiVersion: v1\nkind: Service\nmetadata: {name: s1}\n"
               "spec: {type: ClusterIP}\n",
       kNone, ""},
      {"Cluster: an endpoint elsewhere", with("Cluster", {{There()}}), kOne},
      {"Local: an endpoint elsewhere", with("Local", {{There()}}), kNone,
       "noLocalEndpoints"},
      {"Local: one here, too", with("Local", {{There()}, {ready_here}}), kOne},
      {"Local: one of two here is not ready",
       with("Local", {{There()}, {not_ready_here}, {There()}, {ready_here}}),
       kOne},
      {"Local: the one here is not ready",
       with("Local", {{There(), not_ready_here}}), kNone, "noLocalEndpoints"},
      {"Cluster: an empty list", with("Cluster", {{}}), kNone, "noEndpoints"},
      {"Local: an empty list", with("Local", {{}}), kNone, "noLocalEndpoints"},
      {"Cluster: only endpoints that are not ready",
       with("Cluster", {{At("there", kNotReady)}}), kNone, "noEndpoints"},
      {"Cluster: one of two is not ready",
       with("Cluster", {{There(), not_ready_here}}), kOne},
      {"Cluster: serving though not ready",
       with("Cluster", {{"there, conditions: {ready: false, serving: true}"}}),
       kOne},
      {"Cluster: ready though not serving",
       with("Cluster", {{"there, conditions: {ready: true, serving: false}"}}),
       kOne},
      {"Cluster: no word about readiness", with("Cluster", {{"there"}}), kOne},
      {"Cluster: one address, not ready and ready",
       with("Cluster", {{At("there", kNotReady), At("there", kReady)}}), kOne},
      {"Cluster: one address, ready and not ready",
       with("Cluster", {{At("there", kReady), At("there", kNotReady)}}), kOne},
      {"Cluster: one address, twice not ready",
       with("Cluster", {{At("there", kNotReady), At("there", kNotReady)}}),
       kNone, "noEndpoints"},
      {"Cluster: two addresses, one ready",
       with("Cluster", {{not_ready_here, There()}}), kOne},
  });
}

const std::string kServed = Service("s1") + Slices("s1", {{There()}});

TEST(MetallbRowsTest, AdvertisementsDecide) {
  const std::string base = kNodes + kPool + Peer("p1") + kServed;
  const std::string tagged =
      "localPref: 100, communities: ['0:1234', '0:2345']";
  RunAlone({
      {"a host and its network",
       base + Ad("host", tagged) +
           Ad("net",
              "aggregationLength: 24, localPref: "
              "1000"),
       "to p1:\n10.20.30.0/24 local-preference 1000\n"
       "10.20.30.1/32 local-preference 100, communities 0:1234 0:2345\n"},
      {"the network is for another node",
       base + Ad("host", tagged + ", " + On(kHere)) +
           Ad("net", "aggregationLength: 24, localPref: 1000, " + On("there")),
       "to p1:\n10.20.30.1/32 local-preference 100, communities 0:1234 "
       "0:2345\n"},
      {"the host is for one peer by name",
       base + Ad("host", tagged + ", peers: [p1]") +
           Ad("net", "aggregationLength: 24, localPref: 1000"),
       "to p1:\n10.20.30.0/24 local-preference 1000\n"
       "10.20.30.1/32 local-preference 100, communities 0:1234 0:2345\n"},
      {"two peers", base + Peer("p2") + Ad("ad"),
       "to p1:\n10.20.30.1/32\nto p2:\n10.20.30.1/32\n"},
      {"to one of two peers", base + Peer("p2") + Ad("ad", "peers: [p2]"),
       "to p1:\nto p2:\n10.20.30.1/32\n"},
      {"to no peer that is there", base + Ad("ad", "peers: [p9]"), kNone},
      {"for another node", base + Ad("ad", On("there")), kNone, "notOwner"},
      {"for another pool", base + Ad("ad", "ipAddressPools: [other]"), kNone,
       "notOwner"},
      {"the same community by two advertisements",
       base + Ad("a", "communities: ['1111:2222']") +
           Ad("b", "communities: ['1111:2222', '3333:4444']"),
       "to p1:\n10.20.30.1/32 communities 1111:2222 3333:4444\n"},
      {"large communities beside others",
       base + Ad("ad", "communities: ['1111:2222', 'large:1111:2222:3333']"),
       "to p1:\n10.20.30.1/32 communities 1111:2222 large:1111:2222:3333\n"},
      {"one preference, twice",
       base + Ad("a", "localPref: 300") + Ad("b", "localPref: 300"),
       "to p1:\n10.20.30.1/32 local-preference 300\n"},
      {"communities and a preference to one peer, the host to both",
       base + Peer("p2") + Ad("a", "communities: ['1:1']") +
           Ad("b", "aggregationLength: 24, localPref: 200, peers: [p2]"),
       "to p1:\n10.20.30.1/32 communities 1:1\n"
       "to p2:\n10.20.30.0/24 local-preference 200\n"
       "10.20.30.1/32 communities 1:1\n"},
  });
}

TEST(MetallbRowsTest, ServiceSelectorsDecide) {
  const std::string base = kNodes + kPool + Peer("p1") +
                           Service("s1", "Cluster", "app: nginx") +
                           Slices("s1", {{There()}});
  const std::string nginx = "serviceSelectors: [{matchLabels: {app: nginx}}]";
  const std::string apache = "serviceSelectors: [{matchLabels: {app: apache}}]";
  RunAlone({
      {"none matches all", base + Ad("a"), kOne},
      {"one that matches", base + Ad("a", nginx), kOne},
      {"one that does not", base + Ad("a", apache), kNone,
       "noMatchingAdvertisement"},
      {"the one that matches is for another node",
       base + Ad("a", nginx + ", " + On("there")), kNone, "notOwner"},
      {"any of two",
       base + Ad("a",
                 "serviceSelectors: [{matchLabels: {app: apache}}, "
                 "{matchLabels: {app: nginx}}]"),
       kOne},
      {"one of two advertisements", base + Ad("a", apache) + Ad("b", nginx),
       kOne},
      {"two of three advertisements",
       base + Ad("a", apache) + Ad("b", nginx + ", communities: ['1:1']") +
           Ad("c", "communities: ['1:2']"),
       "to p1:\n10.20.30.1/32 communities 1:1 1:2\n"},
  });
}

// The advertisement b has a selector, so that not the object is refused but the
// service: lb/config has the rows of two without a selector.
TEST(MetallbRowsTest, PreferencesThatConflict) {
  const std::string base =
      kNodes + kPool + Peer("p1") + Peer("p2") + Peer("p3") + kServed;
  const std::string any = ", serviceSelectors: [{}]";
  const auto two = [&](const std::string& a, const std::string& b) {
    return base + Ad("a", "localPref: 100" + a) +
           Ad("b", "localPref: 200" + any + b);
  };
  const std::string conflict = "conflictingAdvertisements";
  const std::string none = "to p1:\nto p2:\nto p3:\n";
  const std::string low = "10.20.30.1/32 local-preference 100\n";
  const std::string high = "10.20.30.1/32 local-preference 200\n";
  RunAlone({
      {"two on one node", two("", ""), none, conflict},
      {"on all nodes and on this one", two("", ", " + On(kHere)), none,
       conflict},
      {"on this node and on all", two(", " + On(kHere), ""), none, conflict},
      {"on this node and on another", two(", " + On(kHere), ", " + On("there")),
       "to p1:\n" + low + "to p2:\n" + low + "to p3:\n" + low},
      {"on no node and on this one", two(", " + On("gone"), ""),
       "to p1:\n" + high + "to p2:\n" + high + "to p3:\n" + high},
      {"to a peer each", two(", peers: [p1]", ", peers: [p2]"),
       "to p1:\n" + low + "to p2:\n" + high + "to p3:\n"},
      {"to one peer, and to it and another",
       two(", peers: [p1]", ", peers: [p2, p1]"), none, conflict},
      {"the other way round", two(", peers: [p2, p1]", ", peers: [p1]"), none,
       conflict},
      {"to two peers each, one in common",
       two(", peers: [p1, p3]", ", peers: [p2, p1]"), none, conflict},
      {"the other in common", two(", peers: [p2, p1]", ", peers: [p1, p3]"),
       none, conflict},
      {"to all peers, and to one", two("", ", peers: [p1]"), none, conflict},
      {"to one peer, and to all", two(", peers: [p1]", ""), none, conflict},
      {"one preference, twice",
       base + Ad("a", "localPref: 100") + Ad("b", "localPref: 100" + any),
       "to p1:\n" + low + "to p2:\n" + low + "to p3:\n" + low},
      {"one advertisement", base + Ad("a", "localPref: 100"),
       "to p1:\n" + low + "to p2:\n" + low + "to p3:\n" + low},
      {"no advertisement", base, none, ""},
  });
}

TEST(MetallbRowsTest, NodesThatAreExcluded) {
  const std::string excluded =
      ", node.kubernetes.io/exclude-from-external-load-balancers: ''";
  const std::string manifests = Node(kHere, excluded) +
                                Node("there", excluded) + kPool + Peer("p1") +
                                Ad("ad") + kServed;
  for (const char* node : {kHere, "there"}) {
    for (const bool ignore : {false, true}) {
      RouteStory story(node, ignore);
      story.SetManifests(manifests);
      story.SetAddress("default/s1", "10.20.30.1", "pool");
      EXPECT_EQ(story.Verdict("default/s1"),
                ignore ? "announces" : "nodeLabeledExcludeBalancers");
      EXPECT_EQ(story.Routes(), ignore ? kOne : kNone);
    }
  }
}

// One speaker that lives through all of it.
TEST(MetallbRowsTest, ServicesComeAndGo) {
  RouteStory story(kHere);
  const std::string base = kNodes + kPool + Ad("ad", On(kHere));
  const std::string peers = Peer("p1") + Peer("p2");
  const std::string second = Service("s2") + Slices("s2", {{There()}});
  story.SetManifests(base + Peer("p1"));
  EXPECT_EQ(story.Routes(), kNone) << "one peer, no services";
  story.SetManifests(base + peers + kServed + second);
  story.SetAddress("default/s1", "10.20.30.1", "pool");
  EXPECT_EQ(story.Routes(), "to p1:\n10.20.30.1/32\nto p2:\n10.20.30.1/32\n")
      << "the second service has no address";
  story.SetAddress("default/s2", "10.20.30.5", "pool");
  EXPECT_EQ(story.Routes(),
            "to p1:\n10.20.30.1/32\n10.20.30.5/32\n"
            "to p2:\n10.20.30.1/32\n10.20.30.5/32\n");
  story.SetAddress("default/s2", "10.20.30.1", "pool");
  EXPECT_EQ(story.Routes(), "to p1:\n10.20.30.1/32\nto p2:\n10.20.30.1/32\n")
      << "two services share the address";
  story.SetManifests(base + peers + second);
  EXPECT_EQ(story.Routes(), "to p1:\n10.20.30.1/32\nto p2:\n10.20.30.1/32\n")
      << "the first service is deleted";
  story.SetManifests(base + Peer("p2") + second);
  EXPECT_EQ(story.Routes(), "to p2:\n10.20.30.1/32\n") << "a peer is deleted";
  story.SetManifests(base + Peer("p2"));
  EXPECT_EQ(story.Routes(), "to p2:\n") << "and the second service";
}

TEST(MetallbRowsTest, PeersByNodeSelectors) {
  RouteStory story(kHere);
  const std::string rest = kPool + Ad("ad");
  const auto here = [&](const std::string& labels, const std::string& peers) {
    story.SetManifests(rest + Node(kHere, labels) + peers);
    return story.Routes();
  };
  const std::string bar = "{matchLabels: {foo: bar}}";
  const std::string either =
      "{matchExpressions: [{key: foo, operator: In, values: [bar, baz]}]}";
  const std::string frontend = "{matchLabels: {host: frontend}}";
  const std::string both = "to p1:\nto p2:\n";
  EXPECT_EQ(here("", ""), "");
  EXPECT_EQ(here("", Peer("p1")), kNone);
  EXPECT_EQ(here("", Peer("p1") + Peer("p2", bar)), kNone);
  EXPECT_EQ(here(", foo: bar", Peer("p1") + Peer("p2", bar)), both);
  EXPECT_EQ(here(", foo: baz", Peer("p1") + Peer("p2", bar)), kNone);
  EXPECT_EQ(here(", foo: baz", Peer("p1") + Peer("p2", either)), both);
  EXPECT_EQ(here(", foo: bar", Peer("p1") + Peer("p2", either)), both);
  const std::string any = frontend + ", " + either;
  EXPECT_EQ(here(", foo: bar", Peer("p1") + Peer("p2", any)), both);
  EXPECT_EQ(here(", host: frontend", Peer("p1") + Peer("p2", any)), both);
  EXPECT_EQ(here("", Peer("p1") + Peer("p2", any)), kNone);
}

TEST(MetallbRowsTest, PeersOfServices) {
  RouteStory story(kHere);
  const std::string first = Service("s1") + Slices("s1", {{There()}});
  const std::string second = Service("s2") + Slices("s2", {{There()}});
  const std::string pools = kNodes + kPool + Pool("other", "10.20.40.0/24");
  const std::string ads =
      Ad("a", "ipAddressPools: [pool]") + Ad("b", "ipAddressPools: [other]");
  const std::string to_p1 = Ad("a", "ipAddressPools: [pool], peers: [p1]") +
                            Ad("b", "ipAddressPools: [other]");
  const std::string peers = Peer("p1") + Peer("p2");
  story.SetManifests(pools + ads + peers);
  story.SetAddress("default/s1", "10.20.30.1", "pool");
  story.SetAddress("default/s2", "10.20.40.1", "other");
  EXPECT_EQ(story.Routes(), "to p1:\nto p2:\n");
  story.SetManifests(pools + ads + peers + first);
  EXPECT_EQ(story.Routes(), "to p1:\n10.20.30.1/32\nto p2:\n10.20.30.1/32\n");
  story.SetManifests(pools + ads + peers + first + second);
  EXPECT_EQ(story.Routes(),
            "to p1:\n10.20.30.1/32\n10.20.40.1/32\n"
            "to p2:\n10.20.30.1/32\n10.20.40.1/32\n");
  story.SetManifests(pools + to_p1 + peers + first + second);
  EXPECT_EQ(story.Routes(),
            "to p1:\n10.20.30.1/32\n10.20.40.1/32\nto p2:\n10.20.40.1/32\n");
  story.SetManifests(pools + to_p1 + peers + second);
  EXPECT_EQ(story.Routes(), "to p1:\n10.20.40.1/32\nto p2:\n10.20.40.1/32\n");
  story.SetManifests(pools + to_p1 + Peer("p2") + first + second);
  EXPECT_EQ(story.Routes(), "to p2:\n10.20.40.1/32\n");
}

// What FRR is told: an advertisement changes, and is taken away again.
TEST(MetallbRowsTest, AnAdvertisementChanges) {
  RouteStory story(kHere);
  const std::string base = kNodes + kPool + Peer("p1") + Peer("p2") + kServed;
  story.SetAddress("default/s1", "10.20.30.1", "pool");
  story.SetManifests(base + Ad("a",
                               "communities: ['1111:2222'], localPref: "
                               "300, peers: [p1]"));
  EXPECT_EQ(story.Routes(),
            "to p1:\n10.20.30.1/32 local-preference 300, communities "
            "1111:2222\nto p2:\n");
  story.SetManifests(base + Ad("a",
                               "communities: ['1111:2222', '3333:4444'], "
                               "localPref: 400, aggregationLength: 25"));
  EXPECT_EQ(
      story.Routes(),
      "to p1:\n10.20.30.0/25 local-preference 400, communities 1111:2222 "
      "3333:4444\nto p2:\n10.20.30.0/25 local-preference 400, communities "
      "1111:2222 3333:4444\n");
  story.SetManifests(base);
  EXPECT_EQ(story.Routes(), "to p1:\nto p2:\n");
}

TEST(MetallbRowsTest, BothFamilies) {
  RouteStory story(kHere);
  const std::string pools =
      kNodes + kPool + Pool("six", "'2001:db8::/64'") + Peer("p1") +
      Ad("net", "aggregationLength: 24, aggregationLengthV6: 64") +
      Ad("host", "ipAddressPools: [six], communities: ['1:2']");
  story.SetManifests(pools + kServed + Service("s2"));
  story.SetAddress("default/s1", "10.20.30.1", "pool");
  story.SetAddress("default/s2", "2001:db8::5", "six");
  EXPECT_EQ(story.Routes(),
            "to p1:\n10.20.30.0/24\n2001:db8::/64\n2001:db8::5/128 communities "
            "1:2\n");
}

// Two services of one aggregate by advertisements with other preferences.
TEST(MetallbRowsTest, TheHighestPreferenceOfAnAggregateAndALine) {
  RouteStory story(kHere);
  story.SetManifests(kNodes + Pool("pool", "10.20.0.0/17") +
                     Pool("other", "10.20.128.0/17") + Peer("p1") + kServed +
                     Service("s2") +
                     Ad("a",
                        "ipAddressPools: [pool], localPref: 200, "
                        "aggregationLength: 17") +
                     Ad("b",
                        "ipAddressPools: [other], localPref: 300, "
                        "aggregationLength: 17"));
  story.SetAddress("default/s1", "10.20.30.1", "pool");
  story.SetAddress("default/s2", "10.20.30.2", "other");  // As it was before.
  EXPECT_EQ(story.Routes(), "to p1:\n10.20.0.0/17 local-preference 300\n");
  EXPECT_THAT(story.planner().routes().problems(),
              testing::ElementsAre("10.20.0.0/17 to p1: local-preference 300 "
                                   "of b, not 200 of a"));
}

}  // namespace
}  // namespace lb

#include "lb/config/desired.h"

#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/config/manifests.h"
#include "lb/config/testing/desired_text.h"

namespace lb::config {
namespace {

using Files = std::vector<std::pair<std::string, std::string>>;

std::string Pool(const std::string& name, const std::string& range) {
  return "apiVersion: metallb.io/v1beta1\nkind: IPAddressPool\nmetadata: "
         "{name: " +
         name + "}\nspec: {addresses: [" + range + "]}\n---\n";
}

std::string ServiceAt(const std::string& name, const std::string& address) {
  return "apiVersion: v1\nkind: Service\nmetadata: {name: " + name +
         "}\nspec: {type: LoadBalancer, loadBalancerIP: " + address +
         "}\n---\n";
}

Desired Build(const Files& files, const Desired& previous = {}) {
  Manifests manifests;
  for (const auto& [name, text] : files) {
    ParseManifests(name, text, {}, &manifests);
  }
  return BuildDesired(manifests, previous);
}

// Pools with their ranges, and services with their addresses.
std::string Short(const Desired& desired) {
  std::string text;
  for (const auto& pool : desired.pools) {
    text += pool.name + "=" + pool.ranges[0].ToString() + " ";
  }
  for (const auto& [name, service] : desired.services) {
    text += service.request.service + "=";
    for (const auto& address : service.request.requested_addresses) {
      text += address.ToString();
    }
    text += " ";
  }
  return text;
}

TEST(BuildDesiredTest, OfNothingIsEmpty) {
  const Desired desired = Build({});
  EXPECT_EQ(ToText(desired), "");
  EXPECT_EQ(ToText(desired.problems), "");
}

TEST(BuildDesiredTest, TheLaterOfOverlappingPoolsIsRefused) {
  const Desired desired =
      Build({{"a.yaml", Pool("z", "10.0.0.0/30")},
             {"b.yaml", Pool("a", "10.0.0.2-10.0.0.9") +
                            Pool("b", "10.0.0.8-10.0.0.9")}});
  EXPECT_EQ(Short(desired), "b=10.0.0.8-10.0.0.9 z=10.0.0.0-10.0.0.3 ");
  EXPECT_EQ(ToText(desired.problems),
            "b.yaml:4: IPAddressPool/a: spec.addresses: 10.0.0.2-10.0.0.9 "
            "overlaps IPAddressPool/z in 10.0.0.2-10.0.0.3, want ranges that "
            "share no address (IPAddressPool/z is at a.yaml:1)\n");
}

// Else a reading that changes nothing would have new problems.
TEST(BuildDesiredTest, AProblemReadsTheSameInTheNextReading) {
  const Desired before =
      Build({{"a.yaml", Pool("p", "10.0.1.0/30") + Pool("r", "10.0.0.4/30")}});
  const Files after = {{"a.yaml", Pool("p", "10.0.0.0/29") +
                                      Pool("q", "10.0.0.0/30") +
                                      Pool("r", "10.0.0.4/30")}};
  const Desired first = Build(after, before);
  ASSERT_EQ(first.problems.size(), 1u);
  EXPECT_EQ(ToText(Build(after, first).problems), ToText(first.problems));
}

TEST(BuildDesiredTest, APoolThatOverlapsItselfIsRefused) {
  const Desired desired =
      Build({{"a.yaml", Pool("p", "10.0.0.0/30, 10.0.0.1-10.0.0.9")}});
  EXPECT_EQ(ToText(desired.problems),
            "a.yaml:4: IPAddressPool/p: spec.addresses: 10.0.0.1-10.0.0.9 "
            "overlaps another range of the pool in 10.0.0.1-10.0.0.3, want "
            "ranges that share no address\n");
}

TEST(BuildDesiredTest, AServiceThatAsksForNothingNeedsNoPool) {
  const Desired desired = Build(
      {{"a.yaml",
        "apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec: {type: "
        "LoadBalancer}\n"}});
  EXPECT_EQ(Short(desired), "default/s= ");
  EXPECT_EQ(ToText(desired.problems), "");
}

TEST(BuildDesiredTest, AServiceMustBeAllowedWhatItAsksFor) {
  const std::string closed =
      "apiVersion: metallb.io/v1beta1\nkind: IPAddressPool\nmetadata: {name: "
      "c}\nspec: {addresses: [10.0.0.0/30], serviceAllocation: "
      "{namespaceSelectors: [{matchLabels: {team: x}}]}}\n---\n";
  const Desired refused =
      Build({{"a.yaml", closed + ServiceAt("s", "10.0.0.1")}});
  EXPECT_EQ(Short(refused), "c=10.0.0.0-10.0.0.3 ");
  EXPECT_EQ(ToText(refused.problems),
            "a.yaml:9: Service/default/s: spec.loadBalancerIP: asks for "
            "10.0.0.1 of pool c: namespace not allowed, want an address that a "
            "pool gives to this service\n");
  const Desired allowed =
      Build({{"a.yaml", closed + ServiceAt("s", "10.0.0.1") +
                            "apiVersion: v1\nkind: Namespace\nmetadata: {name: "
                            "default, labels: {team: x}}\n"}});
  EXPECT_EQ(Short(allowed), "c=10.0.0.0-10.0.0.3 default/s=10.0.0.1 ");
}

TEST(BuildDesiredTest, AnUnknownPoolInAnAdvertisementIsANotice) {
  const Desired desired = Build(
      {{"a.yaml",
        "apiVersion: metallb.io/v1beta1\nkind: L2Advertisement\nmetadata: "
        "{name: ad}\nspec:\n  ipAddressPools:\n  - p\n  - q\n---\n" +
            Pool("p", "10.0.0.0/30")}});
  EXPECT_EQ(ToText(desired.problems), "");
  EXPECT_EQ(desired.advertisements.size(), 1u);
  EXPECT_EQ(ToText(desired.notices),
            "a.yaml:7: L2Advertisement/ad: spec.ipAddressPools[1]: \"q\": no "
            "such pool\n");
}

TEST(BuildDesiredTest, KnowsThatASliceHasNoEndpoints) {
  const Desired desired = Build(
      {{"a.yaml",
        "apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec: {type: "
        "LoadBalancer}\n---\napiVersion: discovery.k8s.io/v1\nkind: "
        "EndpointSlice\nmetadata: {name: e, labels: "
        "{kubernetes.io/service-name: s}}\nendpoints: []\n"}});
  ASSERT_EQ(desired.services.size(), 1u);
  const auto& traffic = desired.services.begin()->second.traffic;
  ASSERT_TRUE(traffic.endpoints.has_value());
  EXPECT_THAT(*traffic.endpoints, testing::IsEmpty());
}

struct ReloadCase {
  std::string name;
  Files before;
  Files after;
  std::string desired;
  size_t problems;
};

const std::string kPoolP = Pool("p", "10.0.0.0/30");
const std::string kPoolQ = Pool("q", "10.0.1.0/30");

const ReloadCase kReloads[] = {
    {"a good change is taken",
     {{"a.yaml", kPoolP}},
     {{"a.yaml", Pool("p", "10.0.9.0/30")}},
     "p=10.0.9.0-10.0.9.3 ",
     0},
    {"what is gone from a readable file is gone",
     {{"a.yaml", kPoolP + kPoolQ}},
     {{"a.yaml", kPoolQ}},
     "q=10.0.1.0-10.0.1.3 ",
     0},
    {"a bad pool keeps its value",
     {{"a.yaml", kPoolP + kPoolQ}},
     {{"a.yaml", Pool("p", "10.0.0.0/33") + kPoolQ}},
     "p=10.0.0.0-10.0.0.3 q=10.0.1.0-10.0.1.3 ",
     1},
    {"a broken file keeps what it held, before and after the break",
     {{"a.yaml", kPoolP + kPoolQ}},
     {{"a.yaml", Pool("p", "10.0.9.0/30") + "x: [\n"}},
     "p=10.0.9.0-10.0.9.3 q=10.0.1.0-10.0.1.3 ",
     1},
    {"a pool that newly overlaps keeps its value; its victim is untouched",
     {{"a.yaml", kPoolP + kPoolQ}},
     {{"a.yaml", Pool("p", "10.0.1.2-10.0.1.9") + kPoolQ}},
     "p=10.0.0.0-10.0.0.3 q=10.0.1.0-10.0.1.3 ",
     1},
    {"two pools that exchange their ranges are taken",
     {{"a.yaml", kPoolP + kPoolQ}},
     {{"a.yaml", Pool("p", "10.0.1.0/30") + Pool("q", "10.0.0.0/30")}},
     "p=10.0.1.0-10.0.1.3 q=10.0.0.0-10.0.0.3 ",
     0},
    {"a last good value that is taken meanwhile is given up",
     {{"a.yaml", kPoolP + kPoolQ}},
     {{"a.yaml", Pool("n", "10.0.0.0/30") + Pool("p", "10.0.1.0/29") + kPoolQ}},
     "n=10.0.0.0-10.0.0.3 q=10.0.1.0-10.0.1.3 ",
     1},
    {"a bad service keeps its value",
     {{"a.yaml", kPoolP}, {"b.yaml", ServiceAt("s", "10.0.0.1")}},
     {{"a.yaml", kPoolP}, {"b.yaml", ServiceAt("s", "10.0.7.1")}},
     "p=10.0.0.0-10.0.0.3 default/s=10.0.0.1 ",
     1},
    {"a service outlives the pool of its address, with a problem",
     {{"a.yaml", kPoolP}, {"b.yaml", ServiceAt("s", "10.0.0.1")}},
     {{"a.yaml", kPoolQ}, {"b.yaml", ServiceAt("s", "10.0.0.1")}},
     "q=10.0.1.0-10.0.1.3 default/s=10.0.0.1 ",
     1},
    {"an object that moves to another file moves",
     {{"a.yaml", kPoolP}},
     {{"a.yaml", "x: [\n"}, {"b.yaml", Pool("p", "10.0.9.0/30")}},
     "p=10.0.9.0-10.0.9.3 ",
     1},
    {"a duplicate in an earlier file does not replace what is in force",
     {{"b.yaml", kPoolP}},
     {{"a.yaml", Pool("p", "10.0.9.0/30")}, {"b.yaml", kPoolP}},
     "p=10.0.0.0-10.0.0.3 ",
     1},
    {"a duplicate keeps the first definition",
     {{"a.yaml", kPoolP}},
     {{"a.yaml", kPoolP}, {"b.yaml", Pool("p", "10.0.9.0/30")}},
     "p=10.0.0.0-10.0.0.3 ",
     1},
};

TEST(BuildDesiredTest, KeepsTheLastGoodValueOfWhatIsBad) {
  for (const ReloadCase& c : kReloads) {
    SCOPED_TRACE(c.name);
    const Desired before = Build(c.before);
    ASSERT_EQ(ToText(before.problems), "");
    const Desired after = Build(c.after, before);
    EXPECT_EQ(Short(after), c.desired);
    EXPECT_EQ(after.problems.size(), c.problems) << ToText(after.problems);
    // Reading the same again changes nothing, however often.
    EXPECT_EQ(ToText(Build(c.after, after)), ToText(after));
  }
}

TEST(BuildDesiredTest, KeepsAllOfAFolderThatCannotBeListed) {
  const Desired before = Build({{"dir/a.yaml", kPoolP}, {"dirt.yaml", kPoolQ}});
  Manifests manifests;
  manifests.understanding.broken_paths = {"dir"};
  EXPECT_EQ(Short(BuildDesired(manifests, before)), "p=10.0.0.0-10.0.0.3 ");
}

}  // namespace
}  // namespace lb::config

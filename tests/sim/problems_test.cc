// Each unmet request of an operator is one line on every node, with the place
// and what to do, as long as it lasts. Nothing else is a line.
#include "daemon/problems/problems.h"

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "daemon/status_view/status_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/sim/cluster.h"

namespace lb {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// The time for news to reach all nodes. A service that vanished keeps its
// addresses for 5 s.
constexpr absl::Duration kFollowed = absl::Seconds(8);

using Lines = std::vector<std::string>;

Lines LinesOf(const Agent& agent) {
  Lines lines;
  for (const Problem& problem : ListProblems(agent.View())) {
    lines.push_back(problem.text);
  }
  return lines;
}

std::string Pool(const std::string& spec) {
  return "---\napiVersion: metallb.io/v1beta1\nkind: IPAddressPool\n"
         "metadata: {name: p}\nspec: {" +
         spec + "}\n";
}

std::string Advertisement(const std::string& spec) {
  return "---\napiVersion: metallb.io/v1beta1\nkind: L2Advertisement\n"
         "metadata: {name: l2}\nspec: {" +
         spec + "}\n";
}

// A service of type LoadBalancer; each part ends with a comma.
std::string Service(const std::string& name, const std::string& annotations,
                    const std::string& spec) {
  return "---\napiVersion: v1\nkind: Service\nmetadata: {name: " + name +
         ", namespace: default, annotations: {" + annotations +
         "}}\nspec: {type: LoadBalancer, " + spec + "ports: [{port: 80}]}\n";
}

const std::string kPool = Pool("addresses: [172.18.8.201-172.18.8.205]");
const std::string kAll = Advertisement("");
const std::string kWeb = Service("web", "", "");

struct WishCase {
  const char* name;
  std::string wrong;
  Lines lines;  // Of all nodes, exactly.
  std::string right;
  std::string before = {};  // What the cluster was told at first; else `wrong`.
};

class WishTest : public testing::TestWithParam<WishCase> {
 protected:
  void ExpectOnAll(const Lines& lines) {
    for (const std::string& node : cluster_.names()) {
      SCOPED_TRACE(node);
      EXPECT_THAT(LinesOf(cluster_.agent(node)), ElementsAreArray(lines));
      const auto view = cluster_.view(node);
      EXPECT_EQ(view.DescribeNode().problems_size(),
                static_cast<int>(lines.size()));
      // A service that is named says why by itself.
      const auto services = view.DescribeServices();
      for (const auto& service : services.services()) {
        const bool works =
            !service.addresses().empty() && !service.announcers().empty();
        EXPECT_EQ(service.reason().empty(), works) << service.name();
      }
    }
  }

  Cluster cluster_{/*seed=*/1, /*nodes=*/3};
};

TEST_P(WishTest, IsALineUntilItIsResolved) {
  const WishCase& wish = GetParam();
  if (!wish.before.empty()) {
    cluster_.SetManifests(wish.before);
    cluster_.StartAll();
    ASSERT_TRUE(cluster_.RunUntilAgreed(kSettled)) << cluster_.Dump();
    ExpectOnAll({});
  }
  cluster_.SetManifests(wish.wrong);
  if (wish.before.empty()) cluster_.StartAll();
  cluster_.RunFor(kFollowed);
  ExpectOnAll(wish.lines);
  cluster_.SetManifests(wish.right);
  cluster_.RunFor(kFollowed);
  ExpectOnAll({});
}

constexpr char kOrphan[] =
    "Service/default/web: 172.18.8.201 is kept, but a new request for it would "
    "be refused: asks for 172.18.8.201, which lies in no pool, want `lbctl "
    "release 172.18.8.201`, which gives the service another, or a pool that "
    "gives it out to the service";

std::string NoAddress(const std::string& why) {
  return "Service/default/web: no address: " + why;
}

std::string Nobody(const std::string& verdict, const std::string& remedy) {
  return "Service/default/web: nobody may announce it: n1 " + verdict +
         ", n2 " + verdict + ", n3 " + verdict + ", want " + remedy;
}

INSTANTIATE_TEST_SUITE_P(
    Pools, WishTest,
    testing::Values(
        WishCase{"TheAddressLeftItsPool",
                 Pool("addresses: [172.18.8.202-172.18.8.205]") + kAll + kWeb,
                 {kOrphan},
                 kPool + kAll + kWeb,
                 kPool + kAll + kWeb},
        WishCase{"ThePoolIsGone",
                 kAll + kWeb,
                 {kOrphan},
                 kPool + kAll + kWeb,
                 kPool + kAll + kWeb},
        WishCase{"ThereIsNoPool",
                 kAll + kWeb,
                 {NoAddress("there are no pools, want an IPAddressPool")},
                 kPool + kAll + kWeb},
        WishCase{"ThePoolIsFull",
                 Pool("addresses: [172.18.8.201/32]") + kAll +
                     Service("a", "", "") + kWeb,
                 {NoAddress("pool p: full, want an IPAddressPool that is open "
                            "to the service and has an address left")},
                 kPool + kAll + Service("a", "", "") + kWeb},
        WishCase{"NoPoolAssignsAutomatically",
                 Pool("addresses: [172.18.8.201/32], autoAssign: false") +
                     kAll + kWeb,
                 {NoAddress("pool p: not assigned automatically, want "
                            "spec.autoAssign: true on an IPAddressPool, or "
                            "metallb.io/address-pool on the service")},
                 Pool("addresses: [172.18.8.201/32], autoAssign: false") +
                     kAll + Service("web", "metallb.io/address-pool: p", "")},
        WishCase{"TheNamespaceIsNotAllowed",
                 Pool("addresses: [172.18.8.201/32], serviceAllocation: "
                      "{namespaces: [blue]}") +
                     kAll + kWeb,
                 {NoAddress("pool p: namespace not allowed, want an "
                            "IPAddressPool that is open to the service and "
                            "has an address left")},
                 kPool + kAll + kWeb},
        WishCase{"TheServiceIsNotSelected",
                 Pool("addresses: [172.18.8.201/32], serviceAllocation: "
                      "{serviceSelectors: [{matchLabels: {app: x}}]}") +
                     kAll + kWeb,
                 {NoAddress("pool p: service labels do not match, want an "
                            "IPAddressPool that is open to the service and "
                            "has an address left")},
                 kPool + kAll + kWeb},
        WishCase{
            "ItAsksForAPoolThatIsNot",
            kPool + kAll + Service("web", "metallb.io/address-pool: q", ""),
            {"test.yaml:14: Service/default/web: "
             "metadata.annotations[metallb.io/address-pool]: asks for pool q, "
             "which does not exist, want one of the pools: p"},
            kPool + kAll + kWeb},
        WishCase{
            "ItAsksForAnAddressOfNoPool",
            kPool + kAll + Service("web", "", "loadBalancerIP: 172.18.8.9, "),
            {"test.yaml:15: Service/default/web: spec.loadBalancerIP: asks "
             "for 172.18.8.9, which lies in no pool, want an address of one "
             "of the pools: p"},
            kPool + kAll + kWeb},
        WishCase{
            "ItAsksForAnotherServicesAddress",
            kPool + kAll + Service("a", "", "loadBalancerIP: 172.18.8.201, ") +
                Service("web", "", "loadBalancerIP: 172.18.8.201, "),
            {NoAddress("172.18.8.201 is held by default/a: not shared, "
                       "want another address in the service's manifest, or "
                       "metallb.io/allow-shared-ip with one "
                       "value on both services, and other ports")},
            kPool + kAll + Service("a", "", "loadBalancerIP: 172.18.8.201, ") +
                kWeb}),
    [](const auto& info) { return std::string(info.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Advertisements, WishTest,
    testing::Values(
        WishCase{"ThereIsNone",
                 kPool + kWeb,
                 {Nobody("noMatchingAdvertisement",
                         "an L2Advertisement for pool p: spec.ipAddressPools "
                         "that name it, or none at all")},
                 kPool + kAll + kWeb},
        WishCase{"NoneIsForThePool",
                 kPool + Advertisement("ipAddressPools: [q]") + kWeb,
                 {Nobody("noMatchingAdvertisement",
                         "an L2Advertisement for pool p: spec.ipAddressPools "
                         "that name it, or none at all")},
                 kPool + Advertisement("ipAddressPools: [p]") + kWeb},
        WishCase{
            "NoNodeIsSelected",
            kPool + Advertisement("nodeSelectors: [{matchLabels: {rack: a}}]") +
                kWeb,
            {Nobody("noMatchingAdvertisement",
                    "spec.nodeSelectors of L2Advertisement/l2 to match a "
                    "member")},
            kPool + kAll + kWeb},
        WishCase{
            "TheServiceIsNotSelected",
            kPool + Advertisement("serviceSelectors: [{matchLabels: {a: b}}]") +
                kWeb,
            {Nobody("noMatchingAdvertisement",
                    "spec.serviceSelectors of L2Advertisement/l2 to match "
                    "the service")},
            kPool + kAll + kWeb},
        WishCase{"NoNodeHasTheInterfaces",
                 kPool + Advertisement("interfaces: [eth9]") + kWeb,
                 {Nobody("noUsableInterface (wants ARP on eth9; it has eth0 "
                         "(ARP and NDP))",
                         "spec.interfaces of L2Advertisement/l2 to name a "
                         "usable one of a member")},
                 kPool + Advertisement("interfaces: [eth0, eth9]") + kWeb}),
    [](const auto& info) { return std::string(info.param.name); });

// States that look like faults and are none.
INSTANTIATE_TEST_SUITE_P(
    NoFaults, WishTest,
    testing::Values(
        WishCase{"AServiceOfAnotherClass",
                 kPool + kAll +
                     Service("web", "", "loadBalancerClass: other.io/lb, "),
                 {},
                 kPool + kAll},
        WishCase{"AnAdvertisementThatReachesNobodyBesideOneThatDoes",
                 kPool + kAdvertisement +
                     Advertisement("nodeSelectors: [{matchLabels: {rack: "
                                   "a}}], interfaces: [eth9]") +
                     kWeb,
                 {},
                 kPool + kAll + kWeb},
        WishCase{"AnAdvertisementThatNoServiceNeeds",
                 kPool + kAdvertisement + Advertisement("ipAddressPools: [q]") +
                     kWeb,
                 {},
                 kPool + kAll + kWeb},
        WishCase{"APoolThatIsClosedToAll",
                 kPool + kAll +
                     "---\napiVersion: metallb.io/v1beta1\n"
                     "kind: IPAddressPool\nmetadata: {name: q}\nspec: "
                     "{addresses: [10.0.0.0/24], autoAssign: false}\n" +
                     kWeb,
                 {},
                 kPool + kAll + kWeb}),
    [](const auto& info) { return std::string(info.param.name); });

// Interfaces that an advertisement names and the node lacks were shown as
// announcing.
TEST(InterfacesTest, OnlyThoseThatTheNodeHasAreShown) {
  Cluster cluster(/*seed=*/1, /*nodes=*/3);
  cluster.SetManifests(kPool + Advertisement("interfaces: [eth0, eth9]") +
                       kWeb);
  cluster.StartAll();
  ASSERT_TRUE(cluster.RunUntilAgreed(kSettled)) << cluster.Dump();
  for (const std::string& node : cluster.names()) {
    const auto service = cluster.view(node).DescribeService("default/web");
    ASSERT_EQ(service->announcers_size(), 1) << node;
    EXPECT_THAT(service->announcers(0).interfaces(), ElementsAre("eth0"))
        << node;
    const auto explained = cluster.view(node).Explain("default/web");
    ASSERT_TRUE(explained.ok());
    EXPECT_THAT(explained->nodes(0).interfaces(), ElementsAre("eth0")) << node;
  }
}

// A pool that is gone was not in the list, and neither were the services that
// hold its addresses.
TEST(PoolsTest, AGonePoolIsListedAsLongAsItsAddressesAreHeld) {
  Cluster cluster(/*seed=*/1, /*nodes=*/1);
  cluster.SetManifests(kPool + kAll + kWeb);
  cluster.StartAll();
  ASSERT_TRUE(cluster.RunUntilAgreed(kSettled)) << cluster.Dump();
  cluster.SetManifests(PoolManifest("q", "10.0.0.1-10.0.0.9") + kAll);
  cluster.RunFor(absl::Seconds(1));
  status::v1::ListPoolsRequest request;
  const auto absent = cluster.view("n1").ListPools(request)->pools(0);
  EXPECT_EQ(absent.name(), "p");
  EXPECT_TRUE(absent.gone());
  ASSERT_EQ(absent.absent_holders_size(), 1);
  EXPECT_EQ(absent.absent_holders(0).service(), "default/web");

  cluster.SetManifests(PoolManifest("q", "10.0.0.1-10.0.0.9") + kAll + kWeb);
  cluster.RunFor(kFollowed);
  request.set_pool("p");
  request.set_holders(true);
  const auto held = cluster.view("n1").ListPools(request);
  ASSERT_EQ(held->pools_size(), 1);
  ASSERT_EQ(held->pools(0).holders_size(), 1);
  EXPECT_EQ(held->pools(0).holders(0).address(), "172.18.8.201");

  cluster.SetManifests(PoolManifest("q", "10.0.0.1-10.0.0.9") + kAll);
  cluster.RunFor(kFollowed);
  EXPECT_EQ(cluster.view("n1").ListPools(request)->pools_size(), 0);
}

TEST(ExplainTest, AServiceWithoutAnAddressSaysWhy) {
  Cluster cluster(/*seed=*/1, /*nodes=*/1);
  cluster.SetManifests(kAll + kWeb);
  cluster.StartAll();
  cluster.RunFor(kFollowed);
  const auto why = [&](const char* service) {
    return std::string(cluster.view("n1").Explain(service).status().message());
  };
  EXPECT_EQ(why("default/web"), "Service/default/web: there are no pools");
  EXPECT_EQ(why("default/none"),
            "Service/default/none: there is no such service");
}

// Faults of a host: each line comes and goes.
class HostTest : public testing::Test {
 protected:
  HostTest() {
    cluster_.SetManifests(kPool + kAll + kWeb);
    cluster_.StartAll();
    EXPECT_TRUE(cluster_.RunUntilAgreed(kSettled)) << cluster_.Dump();
    EXPECT_THAT(LinesOf(cluster_.agent("n1")), IsEmpty());
  }
  Lines Kinds(ProblemKind kind) {
    cluster_.RunFor(kFollowed);
    Lines lines;
    for (const Problem& problem : ListProblems(cluster_.agent("n1").View())) {
      if (problem.kind == kind) lines.push_back(problem.text);
    }
    return lines;
  }

  Cluster cluster_{/*seed=*/3, /*nodes=*/1, Delivery::kLoopback};
};

TEST_F(HostTest, ObjectsThatAreRefused) {
  const std::string good = kPool + kAll + kWeb;
  cluster_.SetManifests(
      good +
      "---\napiVersion: metallb.io/v1beta1\nkind: IPAddressPool\n"
      "metadata: {name: bad}\nspec: {addresses: [10.0.0.0/33]}\n");
  EXPECT_THAT(Kinds(ProblemKind::kObjectRefused),
              ElementsAre(HasSubstr("IPAddressPool/bad: spec.addresses[0]: ")));
  cluster_.SetManifests(good);
  EXPECT_THAT(LinesOf(cluster_.agent("n1")), IsEmpty());
}

TEST_F(HostTest, NoUsableInterface) {
  cluster_.host("n1").SetCarrier(false);
  EXPECT_THAT(Kinds(ProblemKind::kInterface),
              ElementsAre("Node/n1: interfaces: none is usable, want one at "
                          "least"));
  cluster_.host("n1").SetCarrier(true);
  EXPECT_THAT(Kinds(ProblemKind::kInterface), IsEmpty());
  EXPECT_THAT(LinesOf(cluster_.agent("n1")), IsEmpty());
}

TEST_F(HostTest, MoreAddressesThanItCanTell) {
  const auto own = [](int i) {
    return *net::ParseIpPrefix("10.9." + std::to_string(i / 250) + "." +
                               std::to_string(i % 250 + 1) + "/32");
  };
  for (int i = 0; i < 300; ++i) {
    cluster_.host("n1").links().AddAddress("eth0", own(i));
  }
  EXPECT_THAT(
      Kinds(ProblemKind::kOwnedAddress),
      ElementsAre(HasSubstr("Node/n1: its host has more than 256 addresses")));
  for (int i = 0; i < 300; ++i) {
    cluster_.host("n1").links().RemoveAddress("eth0", own(i));
  }
  EXPECT_THAT(Kinds(ProblemKind::kOwnedAddress), IsEmpty());
}

TEST_F(HostTest, AStateFolderThatCannotBeWritten) {
  cluster_.host("n1").state().SetWriteError(
      absl::ResourceExhaustedError("no space left on device"));
  cluster_.SetManifests(kPool + kAll + kWeb + Service("a", "", ""));
  EXPECT_THAT(Kinds(ProblemKind::kState),
              ElementsAre("Node/n1: state-dir: no space left on device"));
  // The service is named too: it has no address.
  EXPECT_THAT(Kinds(ProblemKind::kNoAddress),
              ElementsAre("Service/default/a: no address: the state folder "
                          "cannot be written: no space left on device"));
  cluster_.host("n1").state().SetWriteError(absl::OkStatus());
  EXPECT_THAT(Kinds(ProblemKind::kState), IsEmpty());
  EXPECT_THAT(LinesOf(cluster_.agent("n1")), IsEmpty());
}

// Such a node announced nothing, and had no problem.
TEST(AwaitingTest, ANodeThatIsCutOffSaysWhatItWaitsFor) {
  Cluster cluster(/*seed=*/5, /*nodes=*/2);
  cluster.SetManifests(kPool + kAll + kWeb);
  cluster.StartAll();
  ASSERT_TRUE(cluster.RunUntilAgreed(kSettled)) << cluster.Dump();
  cluster.host("n1").SetCarrier(false);
  cluster.RunFor(absl::Seconds(20));
  const Lines lines = LinesOf(cluster.agent("n1"));
  EXPECT_THAT(lines, Contains(AllOf(HasSubstr("Node/n1: gossip: waits to hear "
                                              "from the cluster since "),
                                    HasSubstr(": 172.18.8.11:7946 has no "
                                              "carrier, want its link up"))));
  EXPECT_THAT(
      lines,
      Contains(HasSubstr("Service/default/web: nobody may announce it: n1 ")));
  cluster.host("n1").SetCarrier(true);
  cluster.RunFor(2 * kSettled);
  EXPECT_THAT(LinesOf(cluster.agent("n1")), IsEmpty());
}

// It is no problem that a node which starts waits for its settle time.
TEST(AwaitingTest, ANodeThatStartsWithoutACableSaysSoAfterItsSettleTime) {
  Cluster cluster(/*seed=*/6, /*nodes=*/2);
  cluster.SetManifests(kPool + kAll + kWeb);
  cluster.host("n1").SetCarrier(false);
  cluster.StartAll();
  const auto waits = Contains(HasSubstr("waits to hear from the cluster"));
  cluster.RunFor(cluster.agent("n1").View().options.settle_time);
  EXPECT_THAT(LinesOf(cluster.agent("n1")), Not(waits));
  cluster.RunFor(absl::Seconds(1));
  EXPECT_THAT(LinesOf(cluster.agent("n1")), waits);
  cluster.host("n1").SetCarrier(true);
  cluster.RunFor(2 * kSettled);
  EXPECT_THAT(LinesOf(cluster.agent("n1")), IsEmpty());
}

TEST(OptionsTest, ThoseThatDiffer) {
  Cluster cluster(/*seed=*/4, /*nodes=*/2);
  cluster.SetManifests(kPool + kAll);
  cluster.SetOptions(
      "n2", [](AgentOptions& options) { options.ignore_exclude_label = true; });
  cluster.StartAll();
  cluster.RunFor(kSettled);
  EXPECT_THAT(LinesOf(cluster.agent("n1")),
              ElementsAre(HasSubstr("Member/n2: ignore-exclude-lb: true there "
                                    "and false here")));
  cluster.Kill("n2");
  cluster.SetOptions("n2", {});
  cluster.Start("n2");
  cluster.RunFor(kSettled);
  EXPECT_THAT(LinesOf(cluster.agent("n1")), IsEmpty());
  EXPECT_THAT(LinesOf(cluster.agent("n2")), IsEmpty());
}

}  // namespace
}  // namespace lb

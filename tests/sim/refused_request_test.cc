// A service whose manifest asks for another address or pool, and is refused,
// keeps what it has (in MetalLB it has none then). There is an event, and a
// line on every node until the request is granted or withdrawn. Formerly only
// the node that assigns addresses knew of it.
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "daemon/problems/problems.h"
#include "daemon/status_view/status_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/sim/cluster.h"

namespace lb {
namespace {

using ::testing::ElementsAreArray;
using ::testing::HasSubstr;

// The time for news to reach all nodes. A service that vanished keeps its
// addresses for 5 s.
constexpr absl::Duration kFollowed = absl::Seconds(8);

using Lines = std::vector<std::string>;

// A service of type LoadBalancer; each part ends with a comma.
std::string Service(const std::string& name, const std::string& annotations,
                    const std::string& spec) {
  return "---\napiVersion: v1\nkind: Service\nmetadata: {name: " + name +
         ", namespace: default, annotations: {" + annotations +
         "}}\nspec: {type: LoadBalancer, " + spec + "ports: [{port: 80}]}\n";
}

struct RefusedCase {
  const char* name;
  std::string wish;  // The service's manifest; before, it asks for nothing.
  std::string why;   // Of the line and of the event.
  std::string want;  // What the line adds.
  std::string rest;  // Of the manifests that grant it; empty: none does.
};

// One address, which another service has.
constexpr char kOtherPool[] =
    "---\napiVersion: metallb.io/v1beta1\nkind: IPAddressPool\n"
    "metadata: {name: q}\n"
    "spec: {addresses: [10.0.0.1-10.0.0.1], autoAssign: false}\n";
const std::string kRest =
    PoolManifest("p", "172.18.8.201-172.18.8.205") + kOtherPool +
    PoolManifest("r", "172.18.8.12-172.18.8.12") + kAdvertisement;
const std::string kWeb = Service("web", "", "");
const std::string kOther = Service("a", "metallb.io/address-pool: q", "");

class RefusedRequestTest : public testing::TestWithParam<RefusedCase> {
 protected:
  Lines LinesOf(const std::string& node) {
    Lines lines;
    for (const Problem& problem : ListProblems(cluster_.agent(node).View())) {
      EXPECT_EQ(problem.kind, ProblemKind::kRequestRefused) << problem.text;
      lines.push_back(problem.text);
    }
    return lines;
  }
  void ExpectOnAll(const Lines& lines) {
    for (const std::string& node : cluster_.names()) {
      SCOPED_TRACE(node);
      EXPECT_THAT(LinesOf(node), ElementsAreArray(lines));
      const auto web = cluster_.view(node).DescribeService("default/web");
      EXPECT_EQ(web->reason().empty(), lines.empty()) << web->reason();
    }
  }
  void ExpectKept() {
    for (const std::string& node : cluster_.names()) {
      EXPECT_EQ(cluster_.AddressOf(node, "web"), "172.18.8.201");
    }
    EXPECT_EQ(cluster_.AnnouncersOf("172.18.8.201").size(), 1U);
  }
  int CountRefusals(const std::string& node) {
    int count = 0;
    for (const Event& event : cluster_.host(node).log().Since(0)) {
      const bool is_refusal = event.reason == "AllocationFailed" &&
                              event.object.ToString() == "Service/default/web";
      if (!is_refusal) continue;
      EXPECT_THAT(event.message, HasSubstr(GetParam().why));
      ++count;
    }
    return count;
  }

  Cluster cluster_{/*seed=*/1, /*nodes=*/3};
};

TEST_P(RefusedRequestTest, IsALineAndAnEventAndTheAddressStays) {
  const RefusedCase& refused = GetParam();
  cluster_.SetManifests(kRest + kOther + kWeb);
  cluster_.StartAll();
  ASSERT_TRUE(cluster_.RunUntilAgreed(kSettled)) << cluster_.Dump();
  ExpectOnAll({});
  ExpectKept();
  const Lines lines = {
      "Service/default/web: keeps 172.18.8.201 (pool p), as it is refused what "
      "it asks for: " +
      refused.why + refused.want};
  cluster_.SetManifests(kRest + kOther + refused.wish);
  cluster_.RunFor(kFollowed);
  ExpectOnAll(lines);
  ExpectKept();
  for (const std::string& node : cluster_.names()) {
    EXPECT_EQ(CountRefusals(node), 1) << node;
  }
  // A node that starts again knows it too.
  cluster_.Kill("n2");
  cluster_.Start("n2");
  cluster_.RunFor(kSettled);
  ExpectOnAll(lines);
  // Withdrawn.
  cluster_.SetManifests(kRest + kOther + kWeb);
  cluster_.RunFor(kFollowed);
  ExpectOnAll({});
  ExpectKept();
  // The request is made again, and now it can be granted.
  if (refused.rest.empty()) return;
  cluster_.SetManifests(kRest + kOther + refused.wish);
  cluster_.RunFor(kFollowed);
  ExpectOnAll(lines);
  cluster_.SetManifests(refused.rest + refused.wish);
  cluster_.RunFor(kFollowed);
  ExpectOnAll({});
  EXPECT_EQ(cluster_.AddressOf("n1", "web"), "10.0.0.1");
}

INSTANTIATE_TEST_SUITE_P(
    Requests, RefusedRequestTest,
    testing::Values(
        RefusedCase{"AnotherServiceHasTheAddress",
                    Service("web", "", "loadBalancerIP: 10.0.0.1, "),
                    "10.0.0.1 is held by default/a: not shared",
                    ", want another address in the service's manifest, or "
                    "metallb.io/allow-shared-ip with one value on both "
                    "services, and other ports",
                    kRest},
        RefusedCase{"ThePoolIsFull",
                    Service("web", "metallb.io/address-pool: q", ""),
                    "pool q: full",
                    ", want IPAddressPool/q larger, or open to the service, or "
                    "another in metallb.io/address-pool",
                    kRest},
        RefusedCase{
            "AHostHasTheAddress",
            Service("web", "metallb.io/loadBalancerIPs: 172.18.8.12", ""),
            "pool r: 172.18.8.12 is n2's own, want an address that no host has",
            "", ""},
        RefusedCase{"TheOtherFamilyIsMissing",
                    Service("web", "",
                            "ipFamilyPolicy: RequireDualStack, ipFamilies: "
                            "[IPv4, IPv6], "),
                    "pool p: no IPv6 addresses; pool q: not assigned "
                    "automatically; pool r: no IPv6 addresses",
                    ", want an IPAddressPool that is open to the service and "
                    "has an address left",
                    ""}),
    [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace lb

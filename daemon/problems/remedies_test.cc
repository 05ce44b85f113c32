#include "daemon/problems/remedies.h"

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace lb {
namespace {

using election::L2Advertisement;
using election::NodeVerdict;

// The remedy for pool p when nodes n1, n2, ... have these verdicts.
std::string Remedy(const std::vector<NodeVerdict>& verdicts,
                   const std::vector<L2Advertisement>& advertisements,
                   const DeliveryRemedies& delivery = {}) {
  election::Explanation explanation;
  for (const NodeVerdict verdict : verdicts) {
    const std::string name = "n" + std::to_string(explanation.nodes.size() + 1);
    explanation.nodes.push_back({.node = name, .verdict = verdict});
  }
  return RemedyForNoAnnouncer(advertisements, {.pool = "p"}, explanation,
                              delivery);
}

TEST(RemedyForNoAnnouncerTest, EachVerdictHasOne) {
  const std::vector<L2Advertisement> all = {{.name = "all"}};
  const struct {
    NodeVerdict verdict;
    const char* remedy;
  } cases[] = {
      {NodeVerdict::kSharedIpWithServiceSelector,
       "L2Advertisement/all without spec.serviceSelectors, or the service "
       "without metallb.io/allow-shared-ip"},
      {NodeVerdict::kNoEndpoints,
       "a ready endpoint in an EndpointSlice of the service"},
      {NodeVerdict::kNoLocalEndpoints,
       "a ready endpoint on a member, or externalTrafficPolicy: Cluster"},
      {NodeVerdict::kNodeNetworkUnavailable,
       "condition NetworkUnavailable of Node/n1 to be False"},
      {NodeVerdict::kNodeLabeledExcludeBalancers,
       "Node/n1 without the label "
       "node.kubernetes.io/exclude-from-external-load-balancers"},
      {NodeVerdict::kNoUsableInterface,
       "a usable interface on a member: `lbctl interfaces` there says what "
       "each lacks"},
      {NodeVerdict::kNoMatchingAdvertisement,
       "spec.nodeSelectors of L2Advertisement/all to match a member"},
      {NodeVerdict::kNotMember, ""},
  };
  for (const auto& [verdict, remedy] : cases) {
    EXPECT_EQ(Remedy({verdict}, all), remedy);
  }
}

TEST(RemedyForNoAnnouncerTest, AnyOfThemHelpsAndNoneIsSaidTwice) {
  EXPECT_EQ(Remedy({NodeVerdict::kNoLocalEndpoints,
                    NodeVerdict::kNodeNetworkUnavailable,
                    NodeVerdict::kNoLocalEndpoints},
                   {}),
            "a ready endpoint on a member, or externalTrafficPolicy: Cluster; "
            "or condition NetworkUnavailable of Node/n2 to be False");
}

// The interface works, so the remedy is not about it.
TEST(RemedyForNoAnnouncerTest, ANodeThatDoesNotDeliverHasItsOwnRemedy) {
  EXPECT_EQ(
      Remedy({NodeVerdict::kNoUsableInterface, NodeVerdict::kNoUsableInterface},
             {{.name = "all"}}, {{"n1", "a cure for n1"}}),
      "a cure for n1; or a usable interface on a member: `lbctl "
      "interfaces` there says what each lacks");
}

TEST(RemedyForDeliveryTest, AsksForNothingOnceAllIsWell) {
  EXPECT_EQ(RemedyForDelivery("n1", std::nullopt),
            "n1 to take packets for services: `lbctl problems` there says what "
            "it lacks, or from when on it can be elected again");
  EXPECT_EQ(RemedyForDelivery("n1", absl::FromUnixSeconds(10)),
            "no action needed: n1 takes such packets again, and can be "
            "elected from 1970-01-01T00:00:10Z on, if it stays well");
}

TEST(RemedyForNoAddressTest, GoesByWhatTheServiceAsksFor) {
  const net::IpAddress address = *net::ParseIpAddress("10.0.0.1");
  const std::vector<ipam::Pool> pools = {
      {.name = "p", .ranges = {{address, address}}}};
  EXPECT_EQ(RemedyForNoAddress({.requested_pool = "p"}, pools, false),
            "IPAddressPool/p larger, or open to the service, or another in "
            "metallb.io/address-pool");
  EXPECT_EQ(RemedyForNoAddress({.requested_pool = "q"}, pools, false),
            "an IPAddressPool/q, or another in metallb.io/address-pool");
  EXPECT_EQ(RemedyForNoAddress({.requested_addresses = {address}}, {}, false),
            "an IPAddressPool with 10.0.0.1, or another address in the "
            "service's manifest");
  EXPECT_EQ(RemedyForNoAddress({.reservation = "r"}, pools, false),
            "its addresses in an IPAddressPool's lb.io/reserve, and held by no "
            "other service");
  std::vector<ipam::Pool> closed = pools;
  closed[0].service_allocation.emplace();
  EXPECT_EQ(
      RemedyForNoAddress({.requested_addresses = {address}}, closed, false),
      "spec.serviceAllocation of IPAddressPool/p to match the service, or "
      "another address in the service's manifest");
}

}  // namespace
}  // namespace lb

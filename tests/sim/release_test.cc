// Addresses freed by hand, on simulated hosts: every node agrees.
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"
#include "tests/sim/cluster.h"

namespace lb {
namespace {

using ::testing::HasSubstr;

class ReleaseTest : public testing::Test {
 protected:
  ReleaseTest() {
    Give("172.18.8.201-172.18.8.210",
         ServiceManifest("web") + ServiceManifest("named", "172.18.8.205"));
    cluster_.StartAll();
    EXPECT_TRUE(cluster_.RunUntilAgreed(absl::Seconds(15)));
  }

  void Give(const std::string& range, const std::string& services) {
    cluster_.SetManifests(PoolManifest("pool", range) + kAdvertisement +
                          services);
  }
  // "OK", once it is on disk, or the error.
  std::string Release(const std::string& node,
                      const ipam::ReplicatedAllocator::ReleaseTarget& target) {
    std::string outcome = "never answered";
    const auto released =
        cluster_.agent(node).Release(target, [&](const absl::Status& saved) {
          outcome = std::string(saved.ToString());
        });
    if (!released.ok()) return std::string(released.status().message());
    EXPECT_EQ(outcome, "never answered");
    cluster_.RunFor(absl::Seconds(1));
    return outcome;
  }
  std::string ReleaseAddress(const std::string& node,
                             const std::string& address) {
    return Release(node, {.address = *net::ParseIpAddress(address)});
  }
  void ExpectOnAll(const std::string& line) {
    for (const std::string& node : cluster_.names()) {
      EXPECT_THAT(cluster_.Show(node), HasSubstr(line)) << node;
    }
  }

  Cluster cluster_{/*seed=*/1, /*nodes=*/3};
};

TEST_F(ReleaseTest, AnOrphanedAddressIsReplacedOnAllNodesWhoeverIsAsked) {
  std::string address = "172.18.8.201";
  ExpectOnAll("default/web " + address);
  int last = 211;
  for (const std::string& node : cluster_.names()) {
    SCOPED_TRACE(node);
    // The next address of the pool, which is always another one.
    Give("172.18.8." + std::to_string(last) + "-172.18.8.220",
         ServiceManifest("web"));
    cluster_.RunFor(absl::Seconds(10));
    ExpectOnAll("default/web " + address);  // It need not move.
    EXPECT_EQ(ReleaseAddress(node, address), "OK");
    ASSERT_TRUE(cluster_.RunUntilAgreed(absl::Seconds(5))) << cluster_.Dump();
    address = "172.18.8." + std::to_string(last);
    ExpectOnAll("default/web " + address);
    ++last;
  }
}

TEST_F(ReleaseTest, WhatNoManifestHasIsFreeAtOnceThoughOneIsBroken) {
  // Since the nodes started they have understood only the name of "web".
  const std::string broken = ServiceManifest("web", "no-address");
  for (const std::string& node : cluster_.names()) cluster_.Kill(node);
  Give("172.18.8.201-172.18.8.210", broken + ServiceManifest("new"));
  cluster_.StartAll();
  cluster_.RunFor(absl::Seconds(20));
  // It is kept, as "web" may still be wanted; so "new" gets another one.
  ExpectOnAll("default/new 172.18.8.202");
  EXPECT_EQ(Release("n2", {.service = "default/web"}), "OK");
  Give("172.18.8.201-172.18.8.210",
       broken + ServiceManifest("new") + ServiceManifest("newer"));
  ASSERT_TRUE(cluster_.RunUntilAgreed(absl::Seconds(5))) << cluster_.Dump();
  ExpectOnAll("default/newer 172.18.8.201");
}

TEST_F(ReleaseTest, WhatWouldBeGivenAgainIsRefused) {
  const std::string before = cluster_.Show("n1");
  EXPECT_THAT(ReleaseAddress("n1", "172.18.8.205"),
              HasSubstr("172.18.8.205: default/named asks for it by name"));
  EXPECT_THAT(ReleaseAddress("n1", "172.18.8.201"),
              HasSubstr("172.18.8.201: default/web would be given it again"));
  EXPECT_THAT(Release("n1", {.service = "default/web"}),
              HasSubstr("would be given it again"));
  EXPECT_EQ(ReleaseAddress("n1", "172.18.8.209"),
            "172.18.8.209: no service holds it");
  EXPECT_EQ(Release("n1", {.service = "default/none"}),
            "default/none: it holds no address");
  cluster_.RunFor(absl::Seconds(5));
  EXPECT_EQ(cluster_.Show("n1"), before);
}

TEST_F(ReleaseTest, ANodeThatHasNotHeardTheClusterFreesNothing) {
  cluster_.Kill("n1");
  cluster_.Start("n1");
  EXPECT_THAT(ReleaseAddress("n1", "172.18.8.201"),
              HasSubstr("waiting to hear from the cluster"));
}

TEST_F(ReleaseTest, AFullDiskIsAnAnswer) {
  Give("172.18.8.211-172.18.8.220", ServiceManifest("web"));
  cluster_.RunFor(absl::Seconds(10));
  cluster_.host("n1").state().SetWriteError(
      absl::ResourceExhaustedError("disk full"));
  EXPECT_THAT(ReleaseAddress("n1", "172.18.8.201"), HasSubstr("disk full"));
  cluster_.host("n1").state().SetWriteError(absl::OkStatus());
  ASSERT_TRUE(cluster_.RunUntilAgreed(absl::Seconds(5))) << cluster_.Dump();
  ExpectOnAll("default/web 172.18.8.211");
}

}  // namespace
}  // namespace lb

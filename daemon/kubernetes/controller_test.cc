// What a controller gives to Services, and what it writes and tells of it.
#include <cstddef>
#include <string>

#include "absl/time/time.h"
#include "daemon/kubernetes/testing/controller_fixture.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/kubernetes/json_writer.h"

namespace lb {
namespace {

using kubernetes::LoggedRequest;
using testing::ElementsAre;
using testing::UnorderedElementsAre;

TEST_F(ControllerTest, AServiceGetsAnAddressInItsStatus) {
  Start("n1");
  ASSERT_NE(Acting(), nullptr);
  cluster_.CreateService("web");
  EXPECT_LE(UntilStatus("web", "192.0.2.1 a"), absl::Milliseconds(20));
  Settle();
  EXPECT_THAT(cluster_.Events(), ElementsAre("IPAllocated d/web"));
  EXPECT_EQ(cluster_.CountsOf("a"), "1 9");
}

TEST_F(ControllerTest, AServiceCostsThreeWritesAtMost) {
  Start("n1");
  ASSERT_NE(Acting(), nullptr);
  cluster_.CreatePool("b", "\"198.51.100.0/24\"");
  Settle();
  const size_t leases = Writes("/leases/");
  const size_t before = Writes("/");
  for (int i = 0; i < 200; ++i) {
    cluster_.CreateService(fmt::format("s{}", i));
  }
  loop_.RunFor(absl::Seconds(20));
  EXPECT_EQ(Writes("/services/"), 200u);
  EXPECT_EQ(Writes("/events"), 200u);
  const size_t writes = Writes("/") - before - (Writes("/leases/") - leases);
  EXPECT_LE(writes, 420u);
  for (int i = 0; i < 200; ++i) {
    EXPECT_THAT(cluster_.RecordOf(fmt::format("s{}", i)).addresses,
                testing::SizeIs(1));
  }
}

TEST_F(ControllerTest, NothingIsWrittenWhileNothingChanges) {
  Start("n1");
  Start("n2");
  ASSERT_NE(Acting(), nullptr);
  for (const char* name : {"a", "b", "c"}) cluster_.CreateService(name);
  Settle();
  const size_t before = Writes("/") - Writes("/leases");
  loop_.RunFor(absl::Minutes(10));
  EXPECT_EQ(Writes("/") - Writes("/leases"), before);
}

TEST_F(ControllerTest, ADeletedServicesAddressIsFree) {
  cluster_.CreatePool("b", "\"198.51.100.1/32\"");
  Start("n1");
  ASSERT_NE(Acting(), nullptr);
  const std::string wants_b = R"("metallb.io/address-pool":"b")";
  cluster_.CreateService("one", "", wants_b);
  UntilStatus("one", "198.51.100.1 b");
  cluster_.CreateService("two", "", wants_b);
  Settle();
  EXPECT_EQ(cluster_.StatusOf("two"), "");
  cluster_.DeleteService("one");
  EXPECT_LE(UntilStatus("two", "198.51.100.1 b"), absl::Milliseconds(50));
  Settle();
  EXPECT_THAT(cluster_.Events(),
              ElementsAre("IPAllocated d/one", "AllocationFailed d/two",
                          "IPAllocated d/two"));
}

TEST_F(ControllerTest, AnAddressIsGivenOnOnceNoStatusSaysIt) {
  Start("n1");
  ASSERT_NE(Acting(), nullptr);
  cluster_.CreateService("one", R"(,"loadBalancerIP":"192.0.2.5")");
  UntilStatus("one", "192.0.2.5 a");
  cluster_.CreateService("two", R"(,"loadBalancerIP":"192.0.2.5")");
  Settle();
  // The first gives it up while the server takes long for each write.
  cluster_.server_.faults().slow = 100;
  cluster_.server_.faults().slow_max = absl::Milliseconds(900);
  cluster_.MayChange("one");
  cluster_.PatchService("one", R"({"spec":{"loadBalancerIP":"192.0.2.6"}})");
  loop_.RunFor(absl::Seconds(20));
  EXPECT_EQ(cluster_.StatusOf("one"), "192.0.2.6 a");
  EXPECT_EQ(cluster_.StatusOf("two"), "192.0.2.5 a");
}

TEST_F(ControllerTest, AnotherWritersStatusIsRepaired) {
  Start("n1");
  ASSERT_NE(Acting(), nullptr);
  cluster_.CreateService("web");
  UntilStatus("web", "192.0.2.1 a");
  Settle();
  cluster_.MayChange("web");
  cluster_.SetStatus("web", "192.0.2.9");
  UntilStatus("web", "192.0.2.1 a");
}

// The controller looks at both at once. It took the address out of the status
// of the one that holds it, until the other one's was repaired.
TEST_F(ControllerTest, WhatAnotherStatusSaysTakesNoAddressAway) {
  Start("n1");
  ASSERT_NE(Acting(), nullptr);
  cluster_.CreateService("web");
  UntilStatus("web", "192.0.2.1 a");
  cluster_.CreateService("mail");
  UntilStatus("mail", "192.0.2.2 a");
  Settle();
  cluster_.MayChange("mail");
  cluster_.server_.faults() = {.slow = 100, .slow_max = absl::Seconds(1)};
  cluster_.SetStatus("mail", "192.0.2.1");
  loop_.RunFor(absl::Milliseconds(5));
  cluster_.PatchService("web", R"({"metadata":{"labels":{"a":"b"}}})");
  Settle();
  EXPECT_EQ(cluster_.StatusOf("mail"), "192.0.2.2 a");
  EXPECT_EQ(cluster_.StatusOf("web"), "192.0.2.1 a");
  EXPECT_THAT(cluster_.faults(),
              testing::Each(testing::HasSubstr("is in the statuses of")));
  cluster_.ForgetFaults();
}

TEST_F(ControllerTest, ABadServiceKeepsItsAddressAndSaysWhy) {
  Start("n1");
  ASSERT_NE(Acting(), nullptr);
  cluster_.CreateService("web");
  UntilStatus("web", "192.0.2.1 a");
  cluster_.PatchService("web", R"({"spec":{"loadBalancerIP":"nonsense"}})");
  cluster_.CreateService("other");
  Settle();
  EXPECT_EQ(cluster_.StatusOf("web"), "192.0.2.1 a");
  EXPECT_EQ(cluster_.StatusOf("other"), "192.0.2.2 a");
  EXPECT_THAT(cluster_.Events(), testing::Contains("nolbIPsIPFamily d/web"));
}

TEST_F(ControllerTest, ABadPoolIsRefusedWithAnEventAndTheOthersWork) {
  cluster_.CreatePool("bad", "\"192.0.2.300/32\"");
  cluster_.CreateService("web");
  Start("n1");
  Settle();
  EXPECT_EQ(cluster_.StatusOf("web"), "192.0.2.1 a");
  EXPECT_THAT(cluster_.Events(),
              UnorderedElementsAre("ConfigurationError metallb-system/bad",
                                   "IPAllocated d/web"));
}

TEST_F(ControllerTest, AFaultOfAnObjectForBgpIsAnEventOnIt) {
  cluster_.CreateService("web");
  Start("n1");
  ASSERT_NE(Acting(), nullptr);
  Settle();
  cluster_.CreateOwn("BGPPeer", "tor",
                     R"("spec":{"myASN":64512,"peerASN":65000,)"
                     R"("peerAddress":"192.0.2.254","bfdProfile":"fast"})");
  cluster_.CreateOwn("BGPPeer", "good",
                     R"("spec":{"myASN":64512,"peerASN":65000,)"
                     R"("peerAddress":"192.0.2.253"})");
  cluster_.CreateOwn("BGPAdvertisement", "alias",
                     R"("spec":{"communities":["unknown"]})");
  cluster_.CreateOwn("Community", "wrong",
                     R"("spec":{"communities":[{"name":"a","value":"1"}]})");
  cluster_.CreateOwn("BFDProfile", "slow", R"("spec":{"detectMultiplier":1})");
  cluster_.CreateOwn("L2Advertisement", "typo", R"("spec":{"poools":["a"]})");
  Settle();
  EXPECT_THAT(cluster_.Events(),
              UnorderedElementsAre("IPAllocated d/web",
                                   "ConfigurationError metallb-system/tor",
                                   "ConfigurationError metallb-system/alias",
                                   "ConfigurationError metallb-system/wrong",
                                   "ConfigurationError metallb-system/slow",
                                   "ConfigurationError metallb-system/typo"));
}

TEST_F(ControllerTest, PoolsOfOtherNamespacesDoNotCount) {
  cluster_.server_.Create(SimKubernetes::ResourceOf("IPAddressPool"),
                          R"({"metadata":{"namespace":"default","name":"0"},)"
                          R"("spec":{"addresses":["203.0.113.0/24"]}})");
  cluster_.CreateService("web");
  Start("n1");
  Settle();
  EXPECT_EQ(cluster_.StatusOf("web"), "192.0.2.1 a");
}

TEST_F(ControllerTest, AnAddressOfANodeIsNoServices) {
  cluster_.server_.Create(SimKubernetes::ResourceOf("Node"),
                          R"({"metadata":{"name":"n1"},"status":{"addresses":)"
                          R"([{"type":"InternalIP","address":"192.0.2.1"}]}})");
  cluster_.server_.Patch(SimKubernetes::ResourceOf("Node"), {"", "n1"},
                         R"({"status":{"addresses":)"
                         R"([{"type":"InternalIP","address":"192.0.2.1"}]}})");
  cluster_.CreateService("web");
  Start("n1");
  Settle();
  EXPECT_EQ(cluster_.StatusOf("web"), "192.0.2.2 a");
}

TEST_F(ControllerTest, MakesTheSecretOfGossipIfThereIsNone) {
  const kubernetes::Resource secrets = {"", "v1", "secrets"};
  Start("n1");
  Settle();
  const kubernetes::ObjectKey key = {"metallb-system", "memberlist"};
  const std::string before =
      kubernetes::JsonText(*cluster_.server_.store().Objects(secrets).at(key));
  EXPECT_THAT(before, testing::HasSubstr(R"("secretkey":"BwcHBwcHBw)"));
  controllers_[0]->Kill();
  Start("n2");
  loop_.RunFor(absl::Seconds(10));
  EXPECT_EQ(
      kubernetes::JsonText(*cluster_.server_.store().Objects(secrets).at(key)),
      before);
}

TEST_F(ControllerTest, ANewerServerDropsAServiceOfAnotherType) {
  Start("n1");
  ASSERT_NE(Acting(), nullptr);
  cluster_.CreateService("one");
  UntilStatus("one", "192.0.2.1 a");
  cluster_.MayChange("one");
  // It clears the status itself.
  cluster_.PatchService("one", R"({"spec":{"type":"ClusterIP"}})");
  cluster_.PatchService("one", R"({"status":{"loadBalancer":null}})", "status");
  Settle();
  cluster_.CreateService("two");
  UntilStatus("two", "192.0.2.1 a");
}

// Kubernetes before 1.31 selects no Services by type, and before 1.29 leaves
// their statuses alone.
TEST_F(ControllerTest, ClearsTheStatusOfAServiceOfAnotherTypeOnOldServers) {
  cluster_.server_.fields().knows_spec_type = false;
  Start("n1");
  ASSERT_NE(Acting(), nullptr);
  cluster_.CreateService("one");
  UntilStatus("one", "192.0.2.1 a");
  cluster_.MayChange("one");
  cluster_.PatchService("one", R"({"spec":{"type":"ClusterIP"}})");
  cluster_.CreateService("two");
  UntilStatus("one", "");
  Settle();
  EXPECT_EQ(cluster_.StatusOf("two"), "192.0.2.2 a");
  cluster_.CreateService("three");
  UntilStatus("three", "192.0.2.1 a");
}

// The watch tells of the change before the answer to the write does.
TEST_F(ControllerTest, AServiceThatChangesWhileItsStatusIsWrittenIsNotPutOff) {
  Start("n1");
  ASSERT_NE(Acting(), nullptr);
  cluster_.server_.SetCacheLag(absl::Milliseconds(1));
  cluster_.CreateService("web");
  loop_.RunFor(absl::Milliseconds(5));
  cluster_.PatchService("web", R"({"metadata":{"labels":{"a":"b"}}})");
  EXPECT_LE(UntilStatus("web", "192.0.2.1 a"), absl::Milliseconds(100));
  EXPECT_EQ(cluster_.server_.log().Count(
                [](const LoggedRequest& r) { return r.code == 409; }),
            1u);
}

}  // namespace
}  // namespace lb

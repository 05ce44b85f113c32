// Controllers against a simulated API server.
#include "daemon/kubernetes/controller.h"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "daemon/kubernetes/testing/sim_controller.h"
#include "daemon/kubernetes/testing/sim_kubernetes.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/kubernetes/json_writer.h"

namespace lb {
namespace {

using kubernetes::LoggedRequest;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class ControllerTest : public testing::Test {
 protected:
  ControllerTest() { cluster_.CreatePool("a", "\"192.0.2.1-192.0.2.10\""); }
  ~ControllerTest() override { EXPECT_THAT(cluster_.faults(), IsEmpty()); }

  SimController& Start(const std::string& name) {
    controllers_.push_back(std::make_unique<SimController>(&cluster_, name));
    return *controllers_.back();
  }

  // Waits for one that acts.
  SimController* Acting(absl::Duration limit = absl::Seconds(10)) {
    SimController* acting = nullptr;
    loop_.RunUntil(
        [&] {
          for (const auto& controller : controllers_) {
            if (controller->acts()) acting = controller.get();
          }
          return acting != nullptr;
        },
        limit);
    return acting;
  }

  void Settle() { loop_.RunFor(absl::Seconds(3)); }

  // Waits until the status is this; how long that took.
  absl::Duration UntilStatus(const std::string& name, std::string_view status,
                             absl::Duration limit = absl::Seconds(30)) {
    const absl::Time begin = loop_.Now();
    const bool is_so = loop_.RunUntil(
        [&] { return cluster_.StatusOf(name) == status; }, limit);
    EXPECT_TRUE(is_so) << cluster_.StatusOf(name) << ", want " << status;
    return loop_.Now() - begin;
  }

  size_t Writes(std::string_view path) const {
    return cluster_.server_.log().Count([&](const LoggedRequest& request) {
      return request.is_write() && request.path.find(path) != std::string::npos;
    });
  }

  // Starts a controller, whose write of the status of "web" has reached the
  // server and takes up to `slow_max` there.
  SimController& StartWithASlowWrite(absl::Duration slow_max) {
    SimController& one = Start("n1");
    EXPECT_NE(Acting(), nullptr);
    Settle();
    cluster_.server_.faults() = {.slow = 100, .slow_max = slow_max};
    cluster_.CreateService("web");
    loop_.RunUntil([&] { return Writes("/services/") == 1; }, absl::Seconds(9));
    cluster_.server_.faults() = {};
    return one;
  }
  // The holder of the Lease, as the server has it.
  std::string Holder() const {
    const auto& leases =
        cluster_.server_.store().Objects(kubernetes::LeaseResource());
    return std::string(
        kubernetes::TextAt(*leases.begin()->second, "spec.holderIdentity"));
  }

  SimKubernetes cluster_{1};
  io::SimLoop& loop_ = cluster_.loop_;
  std::vector<std::unique_ptr<SimController>> controllers_;
};

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

TEST_F(ControllerTest, TakesUpWhatStatusesSayBeforeItAssigns) {
  cluster_.CreateService("b-new");
  cluster_.CreateService("old");
  cluster_.SetStatus("old", "192.0.2.1");
  cluster_.CreateService("older");
  cluster_.SetStatus("older", "192.0.2.7");
  Start("n1");
  Settle();
  EXPECT_EQ(cluster_.StatusOf("old"), "192.0.2.1 a");
  EXPECT_EQ(cluster_.StatusOf("older"), "192.0.2.7 a");
  EXPECT_EQ(cluster_.StatusOf("b-new"), "192.0.2.2 a");
  EXPECT_EQ(Writes("/services/"), 1u);
}

TEST_F(ControllerTest, AnAddressThatNoPoolHasAnyMoreStays) {
  cluster_.CreateService("web");
  cluster_.SetStatus("web", "203.0.113.9", "gone");
  Start("n1");
  Settle();
  EXPECT_EQ(cluster_.StatusOf("web"), "203.0.113.9 gone");
  EXPECT_EQ(Writes("/services/"), 0u);
}

TEST_F(ControllerTest, OfTwoStatusesWithOneAddressTheOlderKeepsIt) {
  cluster_.CreateService("older");
  cluster_.SetStatus("older", "192.0.2.5");
  loop_.RunFor(absl::Seconds(2));
  cluster_.CreateService("a-younger");
  cluster_.SetStatus("a-younger", "192.0.2.5");
  Start("n1");
  cluster_.MayChange("a-younger");
  Settle();
  EXPECT_EQ(cluster_.StatusOf("older"), "192.0.2.5 a");
  EXPECT_EQ(cluster_.StatusOf("a-younger"), "192.0.2.1 a");
  EXPECT_THAT(cluster_.Events(),
              UnorderedElementsAre("ClearAssignment d/a-younger",
                                   "IPAllocated d/a-younger"));
  cluster_.ForgetFaults();
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

// Its object was bad before the controller came, so nothing of it is known.
TEST_F(ControllerTest, ABadServiceKeepsItsAddressOverATakeover) {
  cluster_.CreateService("bad", R"(,"loadBalancerIP":"nonsense")");
  cluster_.SetStatus("bad", "192.0.2.1");
  cluster_.CreateService("good");
  Start("n1");
  Settle();
  EXPECT_EQ(cluster_.StatusOf("bad"), "192.0.2.1 a");
  EXPECT_EQ(cluster_.StatusOf("good"), "192.0.2.2 a");
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

TEST_F(ControllerTest, SharersShareOverATakeover) {
  const std::string key = R"("metallb.io/allow-shared-ip":"k")";
  cluster_.CreateService("one", "", key);
  cluster_.SetStatus("one", "192.0.2.4");
  cluster_.CreateService("two", R"(,"loadBalancerIP":"192.0.2.4")", key);
  cluster_.PatchService("two", R"({"spec":{"ports":[{"port":443}]}})");
  Start("n1");
  UntilStatus("two", "192.0.2.4 a");
  controllers_[0]->Kill();
  Start("n2");
  loop_.RunFor(absl::Seconds(20));
  EXPECT_EQ(cluster_.StatusOf("one"), "192.0.2.4 a");
  EXPECT_EQ(cluster_.StatusOf("two"), "192.0.2.4 a");
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

TEST_F(ControllerTest, OneOfThreeActsAndAnotherFollowsWithoutAChange) {
  for (const char* name : {"n1", "n2", "n3"}) Start(name);
  SimController* first = Acting();
  ASSERT_NE(first, nullptr);
  for (const char* name : {"a", "b", "c"}) cluster_.CreateService(name);
  Settle();
  const std::string before = cluster_.StatusOf("c");
  const size_t writes = Writes("/services/");
  first->Kill();
  const absl::Time killed = loop_.Now();
  cluster_.CreateService("d");
  UntilStatus("d", "192.0.2.4 a");
  // The Lease allows it after 5 s.
  EXPECT_LE(loop_.Now() - killed, absl::Seconds(6));
  EXPECT_EQ(cluster_.StatusOf("c"), before);
  EXPECT_EQ(Writes("/services/"), writes + 1);
}

TEST_F(ControllerTest, OneThatStopsGivesTheLeaseUp) {
  Start("n1");
  SimController* first = Acting();
  ASSERT_NE(first, nullptr);
  Start("n2");
  Settle();
  first->Stop();
  cluster_.CreateService("web");
  EXPECT_LE(UntilStatus("web", "192.0.2.1 a"), absl::Seconds(1));
  EXPECT_FALSE(first->runs());
}

// A write that waited is not sent after the Lease was lost.
TEST_F(ControllerTest, OneThatIsCutOffWritesNothingMore) {
  Start("n1");
  SimController* first = Acting();
  ASSERT_NE(first, nullptr);
  Start("n2");
  Settle();
  cluster_.server_.Cut("n1");
  for (const char* name : {"a", "b", "c"}) cluster_.CreateService(name);
  loop_.RunFor(absl::Seconds(12));
  EXPECT_FALSE(first->acts());
  cluster_.server_.Join("n1");
  loop_.RunFor(absl::Seconds(30));
  EXPECT_EQ(cluster_.StatusOf("c"), "192.0.2.3 a");
  EXPECT_EQ(cluster_.server_.log().Count([](const LoggedRequest& request) {
    return request.host == "n1" && request.is_write() &&
           request.path.find("/services/") != std::string::npos;
  }),
            0u);
}

TEST_F(ControllerTest, AServerThatWasAwayIsWrittenToOnce) {
  Start("n1");
  ASSERT_NE(Acting(), nullptr);
  Settle();
  cluster_.server_.Restart(absl::Seconds(30), absl::Seconds(1));
  cluster_.CreateService("web");
  loop_.RunFor(absl::Seconds(31));
  EXPECT_LE(UntilStatus("web", "192.0.2.1 a"), absl::Seconds(12));
  Settle();
  EXPECT_EQ(Writes("/services/"), 1u);
}

// A server with an older state lists less; its services may be back soon.
TEST_F(ControllerTest, AServiceThatAListLacksKeepsItsAddressForAWhile) {
  cluster_.CreatePool("b", "\"198.51.100.1/32\"");
  Start("n1");
  ASSERT_NE(Acting(), nullptr);
  Settle();
  const auto backup = cluster_.server_.MakeBackup();
  const std::string wants_b = R"("metallb.io/address-pool":"b")";
  cluster_.CreateService("one", "", wants_b);
  UntilStatus("one", "198.51.100.1 b");
  const auto newer = cluster_.server_.MakeBackup();
  loop_.RunFor(absl::Milliseconds(100));
  cluster_.server_.Restore(backup, absl::Milliseconds(100));
  loop_.RunFor(absl::Milliseconds(900));
  cluster_.CreateService("two", "", wants_b);
  loop_.RunFor(absl::Seconds(20));
  ASSERT_FALSE(cluster_.HasService("one"));
  EXPECT_EQ(cluster_.StatusOf("two"), "");
  loop_.RunFor(absl::Minutes(1));
  EXPECT_EQ(cluster_.StatusOf("two"), "198.51.100.1 b");
}

// The Lease goes back with the store, or runs out while it is away.
TEST_F(ControllerTest, AServiceThatAListLacksKeepsItsAddressInTheNextTermToo) {
  cluster_.CreatePool("b", "\"198.51.100.1/32\"");
  Start("n1");
  ASSERT_NE(Acting(), nullptr);
  const std::string wants_3 = R"(,"loadBalancerIP":"192.0.2.3")";
  cluster_.CreateService("other", wants_3);
  UntilStatus("other", "192.0.2.3 a");
  const auto backup = cluster_.server_.MakeBackup();
  const std::string wants_b = R"("metallb.io/address-pool":"b")";
  cluster_.CreateService("one", "", wants_b);
  UntilStatus("one", "198.51.100.1 b");
  loop_.RunFor(absl::Milliseconds(100));
  cluster_.server_.Restore(backup, absl::Seconds(4));
  loop_.RunFor(absl::Seconds(10));
  ASSERT_NE(Acting(), nullptr);
  cluster_.CreateService("two", "", wants_b);
  loop_.RunFor(absl::Seconds(20));
  EXPECT_EQ(cluster_.StatusOf("two"), "");
  // Another one of the name inherits nothing.
  cluster_.CreateService("one", wants_3);
  UntilStatus("two", "198.51.100.1 b");
  EXPECT_EQ(cluster_.StatusOf("one"), "");
}

// The server may carry a write out when another controller acts already.
TEST_F(ControllerTest, GivesTheLeaseUpOnceNoWriteIsUnderWay) {
  SimController& one = StartWithASlowWrite(absl::Milliseconds(300));
  one.Stop();
  EXPECT_TRUE(
      loop_.RunUntil([&] { return Holder().empty(); }, absl::Seconds(1)));
  EXPECT_EQ(cluster_.StatusOf("web"), "192.0.2.1 a");
}

TEST_F(ControllerTest, KeepsTheLeaseIfAWriteIsUnderWayWhenItMustStop) {
  SimController& one = StartWithASlowWrite(absl::Minutes(10));
  one.Stop();
  loop_.RunFor(absl::Seconds(2));
  EXPECT_FALSE(one.runs());
  EXPECT_NE(Holder(), "");
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

TEST_F(ControllerTest, TakesUpTenThousandServicesWithoutAWrite) {
  cluster_.CreatePool("big", "\"10.0.0.0/16\"");
  for (int i = 0; i < 10'000; ++i) {
    const std::string name = fmt::format("s{}", i);
    cluster_.CreateService(name);
    cluster_.SetStatus(name, fmt::format("10.0.{}.{}", i / 250, i % 250),
                       "big");
  }
  cluster_.CreateService("new");
  Start("n1");
  UntilStatus("new", "192.0.2.1 a");
  Settle();
  EXPECT_EQ(Writes("/services/"), 1u);
  EXPECT_EQ(cluster_.CountsOf("big"), "10000 55536");
}

}  // namespace
}  // namespace lb

// Controllers that take over from one another, and servers that were away or
// have gone back to an older state.
#include <cstddef>
#include <string>

#include "absl/time/time.h"
#include "daemon/kubernetes/testing/controller_fixture.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/kubernetes/lease_record.h"
#include "lb/kubernetes/tree_path.h"

namespace lb {
namespace {

using kubernetes::LoggedRequest;
using testing::UnorderedElementsAre;

class ControllerTermTest : public ControllerTest {
 protected:
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
};

TEST_F(ControllerTermTest, TakesUpWhatStatusesSayBeforeItAssigns) {
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

TEST_F(ControllerTermTest, AnAddressThatNoPoolHasAnyMoreStays) {
  cluster_.CreateService("web");
  cluster_.SetStatus("web", "203.0.113.9", "gone");
  Start("n1");
  Settle();
  EXPECT_EQ(cluster_.StatusOf("web"), "203.0.113.9 gone");
  EXPECT_EQ(Writes("/services/"), 0u);
}

TEST_F(ControllerTermTest, OfTwoStatusesWithOneAddressTheOlderKeepsIt) {
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

// Its object was bad before the controller came, so nothing of it is known.
TEST_F(ControllerTermTest, ABadServiceKeepsItsAddressOverATakeover) {
  cluster_.CreateService("bad", R"(,"loadBalancerIP":"nonsense")");
  cluster_.SetStatus("bad", "192.0.2.1");
  cluster_.CreateService("good");
  Start("n1");
  Settle();
  EXPECT_EQ(cluster_.StatusOf("bad"), "192.0.2.1 a");
  EXPECT_EQ(cluster_.StatusOf("good"), "192.0.2.2 a");
}

TEST_F(ControllerTermTest, SharersShareOverATakeover) {
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

TEST_F(ControllerTermTest, OneOfThreeActsAndAnotherFollowsWithoutAChange) {
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

TEST_F(ControllerTermTest, OneThatStopsGivesTheLeaseUp) {
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
TEST_F(ControllerTermTest, OneThatIsCutOffWritesNothingMore) {
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

TEST_F(ControllerTermTest, AServerThatWasAwayIsWrittenToOnce) {
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
TEST_F(ControllerTermTest, AServiceThatAListLacksKeepsItsAddressForAWhile) {
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
TEST_F(ControllerTermTest,
       AServiceThatAListLacksKeepsItsAddressInTheNextTermToo) {
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

// A controller acts on with what it remembers, and the Service whose object it
// cannot understand has an address again that went to another one since. Both
// had it, and for good.
TEST_F(ControllerTermTest, AnOlderStateOfABadServiceKeepsItsAddress) {
  Start("n1");
  ASSERT_NE(Acting(), nullptr);
  cluster_.CreateService("bad");
  UntilStatus("bad", "192.0.2.1 a");
  cluster_.CreateService("good");
  UntilStatus("good", "192.0.2.2 a");
  cluster_.PatchService("bad", R"({"spec":{"externalTrafficPolicy":"No"}})");
  Settle();
  const auto backup = cluster_.server_.MakeBackup();
  for (const char* name : {"bad", "good"}) cluster_.MayChange(name);
  cluster_.PatchService("bad", R"({"spec":{"type":"ClusterIP"}})");
  cluster_.PatchService("bad", R"({"status":{"loadBalancer":null}})", "status");
  cluster_.PatchService("good", R"({"spec":{"loadBalancerIP":"192.0.2.1"}})");
  UntilStatus("good", "192.0.2.1 a");
  cluster_.server_.Restore(backup, absl::Milliseconds(100));
  loop_.RunFor(absl::Seconds(30));
  EXPECT_EQ(cluster_.StatusOf("bad"), "192.0.2.1 a");
  EXPECT_EQ(cluster_.StatusOf("good"), "192.0.2.2 a");
}

// A controller that hears of it late has seen no object without the address but
// a bad one, and held the address for good.
TEST_F(ControllerTermTest, ABadServiceWhoseStatusWasClearedKeepsNothing) {
  Start("n1");
  ASSERT_NE(Acting(), nullptr);
  cluster_.CreateService("bad");
  UntilStatus("bad", "192.0.2.1 a");
  cluster_.PatchService("bad", R"({"spec":{"externalTrafficPolicy":"No"}})");
  Settle();
  cluster_.server_.Restart(absl::Seconds(1), absl::ZeroDuration());
  cluster_.MayChange("bad");
  cluster_.PatchService("bad", R"({"spec":{"type":"ClusterIP"}})");
  cluster_.PatchService("bad", R"({"status":{"loadBalancer":null}})", "status");
  cluster_.PatchService("bad", R"({"spec":{"type":"LoadBalancer"}})");
  cluster_.server_.Compact();
  loop_.RunFor(absl::Seconds(10));
  cluster_.CreateService("good", R"(,"loadBalancerIP":"192.0.2.1")");
  UntilStatus("good", "192.0.2.1 a");
}

// The server may carry a write out when another controller acts already.
TEST_F(ControllerTermTest, GivesTheLeaseUpOnceNoWriteIsUnderWay) {
  SimController& one = StartWithASlowWrite(absl::Milliseconds(300));
  one.Stop();
  EXPECT_TRUE(
      loop_.RunUntil([&] { return Holder().empty(); }, absl::Seconds(1)));
  EXPECT_EQ(cluster_.StatusOf("web"), "192.0.2.1 a");
}

TEST_F(ControllerTermTest, KeepsTheLeaseIfAWriteIsUnderWayWhenItMustStop) {
  SimController& one = StartWithASlowWrite(absl::Minutes(10));
  one.Stop();
  loop_.RunFor(absl::Seconds(2));
  EXPECT_FALSE(one.runs());
  EXPECT_NE(Holder(), "");
}

TEST_F(ControllerTermTest, TakesUpTenThousandServicesWithoutAWrite) {
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

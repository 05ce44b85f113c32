// A controller that learns late of what Services ask for, and of what decides
// about it.
#include "absl/time/time.h"
#include "daemon/kubernetes/testing/sim_controller.h"
#include "daemon/kubernetes/testing/sim_kubernetes.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lb {
namespace {

using testing::IsEmpty;

class ControllerWishTest : public testing::Test {
 protected:
  ControllerWishTest() {
    cluster_.CreatePool("a", "\"192.0.2.1-192.0.2.10\"");
    cluster_.CreateService("web");
    cluster_.loop_.RunFor(absl::Seconds(20));
    EXPECT_EQ(cluster_.StatusOf("web"), "192.0.2.1 a");
    cluster_.server_.SetCacheLag(absl::Seconds(3));
  }
  ~ControllerWishTest() override { EXPECT_THAT(cluster_.faults(), IsEmpty()); }

  void Ask(const char* patch) {
    cluster_.PatchService("web", patch);
    cluster_.loop_.RunFor(absl::Milliseconds(100));
  }

  SimKubernetes cluster_{1};
  SimController controller_{&cluster_, "n1"};
};

// The write that followed the wish was refused, as the object had changed. Then
// the Service moved to what it did not ask for any more.
TEST_F(ControllerWishTest, OneThatWasWithdrawnInTimeMovesNothing) {
  Ask(R"({"spec":{"loadBalancerIP":"192.0.2.7"}})");
  Ask(R"({"spec":{"loadBalancerIP":null}})");
  cluster_.loop_.RunFor(absl::Minutes(1));
  EXPECT_EQ(cluster_.StatusOf("web"), "192.0.2.1 a");
}

TEST_F(ControllerWishTest, OneThatStandsIsMetThoughTheObjectChanged) {
  cluster_.MayChange("web");
  Ask(R"({"spec":{"loadBalancerIP":"192.0.2.7"}})");
  Ask(R"({"metadata":{"labels":{"tier":"front"}}})");
  cluster_.loop_.RunFor(absl::Minutes(1));
  EXPECT_EQ(cluster_.StatusOf("web"), "192.0.2.7 a");
}

// MetalLB beside lbd: each gives addresses to Services of its own class.
TEST(ControllerClassTest, WhatAnotherControllerGaveIsNotGivenTwice) {
  SimKubernetes cluster(1);
  cluster.CreatePool("a", "\"192.0.2.1-192.0.2.10\"");
  cluster.CreateService("theirs", R"(,"loadBalancerClass":"metallb")");
  cluster.SetStatus("theirs", "192.0.2.1");
  cluster.MayChange("theirs");
  const SimController controller(&cluster, "n1");
  const auto status_of_new = [&](const char* name, const char* more = "") {
    cluster.CreateService(name, more);
    cluster.loop_.RunFor(absl::Seconds(20));
    return cluster.StatusOf(name);
  };
  EXPECT_EQ(status_of_new("one"), "192.0.2.2 a");
  cluster.SetStatus("theirs", "192.0.2.3");
  EXPECT_EQ(status_of_new("two"), "192.0.2.1 a");
  EXPECT_EQ(status_of_new("three"), "192.0.2.4 a");
  EXPECT_EQ(cluster.StatusOf("theirs"), "192.0.2.3 a");
  cluster.DeleteService("theirs");
  EXPECT_EQ(status_of_new("four"), "192.0.2.3 a");
  EXPECT_THAT(cluster.faults(), IsEmpty());
}

// A pool for namespaces without the label "team". Those of the Services have
// it.
class ControllerNamespacesTest : public testing::Test {
 protected:
  ControllerNamespacesTest() {
    cluster_.server_.Create(
        SimKubernetes::ResourceOf("Namespace"),
        R"({"metadata":{"name":"d","labels":{"team":"a"}}})");
    cluster_.CreateService("web");
  }
  ~ControllerNamespacesTest() override {
    EXPECT_THAT(cluster_.faults(), IsEmpty());
  }

  void CreatePool() {
    cluster_.CreateOwn(
        "IPAddressPool", "a",
        R"("spec":{"addresses":["192.0.2.1-192.0.2.10"],"serviceAllocation":)"
        R"({"namespaceSelectors":[{"matchExpressions":)"
        R"([{"key":"team","operator":"DoesNotExist"}]}]}})");
  }
  void Withhold() {
    cluster_.server_.RemoveKind(SimKubernetes::ResourceOf("Namespace"));
  }
  void Provide() { cluster_.AddKind(FindSourceKind("Namespace")); }
  void Run() { cluster_.loop_.RunFor(absl::Seconds(20)); }
  void ExpectAssignedOnceTheLabelIsGone() {
    EXPECT_EQ(cluster_.StatusOf("web"), "");
    cluster_.server_.Patch(SimKubernetes::ResourceOf("Namespace"), {"", "d"},
                           R"({"metadata":{"labels":null}})");
    Run();
    EXPECT_EQ(cluster_.StatusOf("web"), "192.0.2.1 a");
  }

  SimKubernetes cluster_{1};
};

TEST_F(ControllerNamespacesTest, APoolThatComesGivesNothingBeforeTheyAreKnown) {
  const SimController controller(&cluster_, "n1");
  Run();
  ASSERT_TRUE(controller.acts());
  Withhold();
  CreatePool();
  Run();
  EXPECT_EQ(cluster_.StatusOf("web"), "");
  Provide();
  Run();
  ExpectAssignedOnceTheLabelIsGone();
}

TEST_F(ControllerNamespacesTest, AControllerThatStartsGivesNothingBefore) {
  CreatePool();
  Withhold();
  const SimController controller(&cluster_, "n1");
  Run();
  EXPECT_FALSE(controller.acts());
  EXPECT_EQ(cluster_.StatusOf("web"), "");
  Provide();
  Run();
  EXPECT_TRUE(controller.acts());
  ExpectAssignedOnceTheLabelIsGone();
}

// A service keeps the address that it holds, whatever is known of its
// namespace.
TEST_F(ControllerNamespacesTest, ARestartMeanwhileChangesNoAddress) {
  cluster_.CreatePool("b", "\"198.51.100.1-198.51.100.9\"");
  SimController controller(&cluster_, "n1");
  Run();
  EXPECT_EQ(cluster_.StatusOf("web"), "198.51.100.1 b");
  Withhold();
  CreatePool();
  controller.Kill();
  controller.Start();
  Run();
  Provide();
  Run();
  EXPECT_TRUE(controller.acts());
  EXPECT_EQ(cluster_.StatusOf("web"), "198.51.100.1 b");
}

}  // namespace
}  // namespace lb

// A controller that learns late of what Services ask for.
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

}  // namespace
}  // namespace lb

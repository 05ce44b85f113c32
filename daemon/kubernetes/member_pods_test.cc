#include "daemon/kubernetes/member_pods.h"

#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/prng.h"
#include "lb/io/sim/sim_loop.h"
#include "lb/kubernetes/resource.h"
#include "lb/kubernetes/testing/sim_api_server.h"
#include "lb/net/ip_address.h"

namespace lb {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr char kLbd[] = R"("app.kubernetes.io/name":"lbd")";
constexpr char kMetallb[] = R"("app.kubernetes.io/name":"metallb")";

std::string Status(std::string_view address, std::string_view ready) {
  return fmt::format(
      R"("status":{{"phase":"Running","podIP":"{}","conditions":)"
      R"([{{"type":"PodScheduled","status":"True"}},)"
      R"({{"type":"Ready","status":"{}"}}]}})",
      address, ready);
}

class MemberPodsTest : public testing::Test {
 protected:
  MemberPodsTest()
      : server_(&loop_, {}, Prng(1)),
        pods_(&loop_, server_.AddHost("n1"), {"lb", "app=metallb"}, Prng(2),
              [this] { told_ = Addresses(); }) {
    server_.AddKind({.resource = kPods, .kind = "Pod"});
  }

  void Create(std::string_view name, std::string_view label,
              std::string_view status) {
    const std::string json =
        fmt::format(R"({{"metadata":{{"namespace":"lb","name":"{}","labels":)"
                    R"({{"app":"metallb",{}}}}},{}}})",
                    name, label, status);
    server_.Create(kPods, json);
  }
  void Patch(const std::string& name, std::string_view status) {
    server_.Patch(kPods, {"lb", name}, fmt::format("{{{}}}", status));
  }
  std::vector<std::string> Addresses() const {
    std::vector<std::string> texts;
    for (const net::IpAddress& address : pods_.addresses()) {
      texts.push_back(address.ToString());
    }
    return texts;
  }

  const kubernetes::Resource kPods = {"", "v1", "pods"};
  io::SimLoop loop_;
  kubernetes::SimApiServer server_;
  MemberPods pods_;
  std::vector<std::string> told_;  // At the last change.
};

TEST_F(MemberPodsTest, AnLbdThatStartsCounts) {
  pods_.Start();
  loop_.RunFor(absl::Seconds(1));
  Create("a", kLbd, Status("10.0.0.1", "False"));
  loop_.RunFor(absl::Seconds(1));
  EXPECT_THAT(told_, ElementsAre("10.0.0.1"));
}

TEST_F(MemberPodsTest, ASpeakerThatStartsCountsOnceItIsReady) {
  pods_.Start();
  loop_.RunFor(absl::Seconds(1));
  Create("a", kMetallb, Status("10.0.0.1", "False"));
  loop_.RunFor(absl::Seconds(2));
  EXPECT_THAT(told_, IsEmpty());
  Patch("a", Status("10.0.0.1", "True"));
  loop_.RunFor(absl::Seconds(1));
  EXPECT_THAT(told_, ElementsAre("10.0.0.1"));
}

TEST_F(MemberPodsTest, ASpeakerThatDoesNotGetReadyCountsAfterAWhile) {
  pods_.Start();
  loop_.RunFor(absl::Seconds(1));
  Create("a", kMetallb, Status("10.0.0.1", "False"));
  loop_.RunFor(absl::Seconds(4));
  // Another change of the pod does not make it start again.
  Patch("a", Status("10.0.0.1", "Unknown"));
  EXPECT_THAT(told_, IsEmpty());
  loop_.RunFor(MemberPods::kSpeakerStart - absl::Seconds(3));
  EXPECT_THAT(told_, ElementsAre("10.0.0.1"));
}

TEST_F(MemberPodsTest, ASpeakerThatWasReadyGoesOnCounting) {
  Create("a", kMetallb, Status("10.0.0.1", "True"));
  pods_.Start();
  loop_.RunFor(absl::Seconds(1));
  EXPECT_THAT(told_, ElementsAre("10.0.0.1"));
  Patch("a", Status("10.0.0.1", "False"));
  loop_.RunFor(absl::Seconds(1));
  EXPECT_THAT(Addresses(), ElementsAre("10.0.0.1"));
}

TEST_F(MemberPodsTest, APodThatEndsDoesNotCount) {
  Create("a", kLbd, Status("10.0.0.1", "True"));
  pods_.Start();
  loop_.RunFor(absl::Seconds(1));
  EXPECT_THAT(Addresses(), ElementsAre("10.0.0.1"));
  EXPECT_NE(pods_.UidOf("a"), "");
  server_.Delete(kPods, {"lb", "a"});
  loop_.RunFor(absl::Seconds(1));
  EXPECT_THAT(Addresses(), IsEmpty());
  EXPECT_EQ(pods_.UidOf("a"), "");
}

}  // namespace
}  // namespace lb

// A speaker says which members it has lost, and a controller reads that.
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "daemon/kubernetes/configuration_state.h"
#include "daemon/kubernetes/speaker_statuses.h"
#include "daemon/kubernetes/testing/sim_kubernetes.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/event_log.h"
#include "lb/kubernetes/json_tree.h"

namespace lb {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class LostMembersTest : public testing::Test {
 protected:
  LostMembersTest() : client_(cluster_.server_.AddHost("n1")) { Start(); }

  void Start() {
    statuses_ = std::make_unique<SpeakerStatuses>(
        SpeakerStatuses::Ports{
            &cluster_.loop_, client_,
            [](EventType, const std::string&, const std::string&) {}},
        SpeakerStatuses::Options{"n1", std::string(kOwnNamespace)},
        cluster_.prng_.Fork(fmt::format("run {}", ++runs_)));
    SourceUpdate update;
    update.desired = std::make_shared<config::Desired>();
    statuses_->OnUpdate(update, /*is_complete=*/true);
    Settle();
  }
  void Settle() { cluster_.loop_.RunFor(absl::Seconds(1)); }
  void Lose(const std::set<std::string, std::less<>>& lost) {
    statuses_->SetLost(LostMembersText(lost));
    Settle();
  }
  // As the server has it.
  std::optional<SpeakerReport> Report() const {
    const auto& states =
        cluster_.server_.store().Objects(ConfigurationStates());
    const auto found = states.find({std::string(kOwnNamespace), "speaker-n1"});
    if (found == states.end()) return std::nullopt;
    return ReadSpeakerReport(*found->second);
  }
  size_t Writes() const {
    return cluster_.server_.log().Count(
        [](const kubernetes::LoggedRequest& request) {
          return request.is_write();
        });
  }

  SimKubernetes cluster_{1};
  http::Client* const client_;
  int runs_ = 0;
  std::unique_ptr<SpeakerStatuses> statuses_;
};

TEST_F(LostMembersTest, EachChangeIsOneWrite) {
  ASSERT_TRUE(Report().has_value());
  EXPECT_EQ(Report()->node, "n1");
  EXPECT_THAT(Report()->lost, IsEmpty());
  const size_t before = Writes();
  Lose({"n3"});
  EXPECT_THAT(Report()->lost, ElementsAre("n3"));
  Lose({"n2", "n3"});
  EXPECT_THAT(Report()->lost, ElementsAre("n2", "n3"));
  Lose({"n2", "n3"});
  EXPECT_EQ(Writes(), before + 2);
  Lose({});
  EXPECT_THAT(Report()->lost, IsEmpty());
  EXPECT_EQ(Writes(), before + 3);
  const auto& states = cluster_.server_.store().Objects(ConfigurationStates());
  const config::YamlNode* const annotations =
      kubernetes::NodeAt(*states.begin()->second, "metadata.annotations");
  EXPECT_TRUE(annotations == nullptr || annotations->children.empty());
}

TEST_F(LostMembersTest, ARunThatEndedWithoutAWordIsCorrectedByTheNext) {
  Lose({"n3"});
  Start();
  EXPECT_THAT(Report()->lost, IsEmpty());
}

TEST(SpeakerReportTest, ReadsWhatIsThere) {
  const auto read = [](std::string_view metadata) {
    return ReadSpeakerReport(*kubernetes::ReadJson(
        fmt::format(R"({{"metadata":{{{}}}}})", metadata)));
  };
  constexpr std::string_view kLabels =
      R"("labels":{"metallb.io/component-type":"speaker",)"
      R"("metallb.io/node-name":"n1"})";
  EXPECT_FALSE(read("").has_value());
  EXPECT_FALSE(read(R"("labels":{"metallb.io/component-type":"controller"})"));
  EXPECT_THAT(read(kLabels)->lost, IsEmpty());  // MetalLB's.
  EXPECT_THAT(
      read(fmt::format(R"({},"annotations":{{"lb.io/lost-members":" b  a "}})",
                       kLabels))
          ->lost,
      ElementsAre("a", "b"));
  std::string many;
  for (int i = 0; i < 1000; ++i) many += fmt::format("n{} ", i);
  EXPECT_THAT(
      read(fmt::format(R"({},"annotations":{{"lb.io/lost-members":"{}"}})",
                       kLabels, many))
          ->lost,
      SizeIs(kLostMembersMax));
}

}  // namespace
}  // namespace lb

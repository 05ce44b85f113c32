#include "daemon/kubernetes/configuration_state.h"

#include <string>
#include <string_view>
#include <vector>

#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/kubernetes/json_tree.h"

namespace lb {
namespace {

using config::Problem;
using testing::EndsWith;
using testing::IsEmpty;
using testing::Pair;
using testing::StartsWith;
using testing::UnorderedElementsAre;
using Result = ConfigurationState::Result;

Problem ProblemOf(std::string object, std::string message) {
  return {.origin = config::Origin::OfKubernetes("71523"),
          .object = std::move(object),
          .field = "spec.addresses[0]",
          .message = std::move(message)};
}

config::YamlNode Json(std::string_view text) {
  const auto tree = kubernetes::ReadJson(text);
  EXPECT_TRUE(tree.ok()) << tree.status();
  return *tree;
}

TEST(ConfigurationStateTest, WithoutProblemsItIsValid) {
  EXPECT_EQ(StateOf({}), (ConfigurationState{Result::kValid, ""}));
}

TEST(ConfigurationStateTest, NamesEachFaultOnceWithoutAVersion) {
  const ConfigurationState state =
      StateOf({ProblemOf("L2Advertisement/all", "no list, want a list"),
               ProblemOf("IPAddressPool/a", "prefix length 33, want 0..32"),
               ProblemOf("IPAddressPool/a", "prefix length 33, want 0..32")});
  EXPECT_EQ(state.result, Result::kInvalid);
  EXPECT_EQ(state.summary,
            "IPAddressPool/a: spec.addresses[0]: prefix length 33, want "
            "0..32\nL2Advertisement/all: spec.addresses[0]: no list, want a "
            "list");
}

TEST(ConfigurationStateTest, AServiceIsNoConfiguration) {
  EXPECT_EQ(StateOf({ProblemOf("Service/d/web", "bad"),
                     ProblemOf("EndpointSlice/d/web-x", "bad")})
                .result,
            Result::kValid);
  EXPECT_EQ(StateOf({ProblemOf("Node/n1", "bad")}).result, Result::kInvalid);
}

TEST(ConfigurationStateTest, TheSummaryIsBoundedAndCountsTheRest) {
  std::vector<Problem> problems;
  for (int i = 0; i < 10'000; ++i) {
    problems.push_back(ProblemOf(fmt::format("IPAddressPool/p{:05}", i),
                                 std::string(10'000, 'x')));
  }
  const ConfigurationState state = StateOf(problems);
  EXPECT_LE(state.summary.size(), ConfigurationState::kSummaryBytesMax);
  EXPECT_GE(state.summary.size(), ConfigurationState::kSummaryBytesMax / 2);
  EXPECT_THAT(state.summary, StartsWith("IPAddressPool/p00000: "));
  EXPECT_THAT(state.summary, EndsWith(" more"));
}

TEST(ConfigurationStateTest, EachProcessHasMetallbsNameAndLabels) {
  const auto controller = ConfigurationReader::Controller();
  EXPECT_EQ(controller.object, "controller");
  EXPECT_THAT(
      controller.labels,
      UnorderedElementsAre(Pair("metallb.io/component-type", "controller")));
  EXPECT_EQ(controller.condition, "poolReconcilerValid");
  const auto speaker = ConfigurationReader::Speaker("n1");
  EXPECT_EQ(speaker.object, "speaker-n1");
  EXPECT_THAT(speaker.labels,
              UnorderedElementsAre(Pair("metallb.io/component-type", "speaker"),
                                   Pair("metallb.io/node-name", "n1")));
  EXPECT_EQ(speaker.condition, "configReconcilerValid");
}

TEST(ConfigurationStateTest, TheStatusHasOneCondition) {
  const std::string since = "2026-11-30T21:00:00Z";
  struct Case {
    ConfigurationState state;
    const char* status;
  };
  for (const auto& [state, status] :
       {Case{{Result::kValid, ""},
             R"({"result":"Valid","errorSummary":"","conditions":[{"type":)"
             R"("configReconcilerValid","status":"True","reason":"Reconciled",)"
             R"("message":"","lastTransitionTime":"2026-11-30T21:00:00Z"}]})"},
        Case{
            {Result::kInvalid, "a\nb"},
            R"({"result":"Invalid","errorSummary":"a\u000ab","conditions":[{)"
            R"("type":"configReconcilerValid","status":"False","reason":)"
            R"("ConfigurationError","message":"a\u000ab","lastTransitionTime":)"
            R"("2026-11-30T21:00:00Z"}]})"},
        Case{{Result::kUnknown, "a"},
             R"({"result":"Unknown","errorSummary":"a","conditions":[{"type":)"
             R"("configReconcilerValid","status":"Unknown","reason":)"
             R"("UnknownError","message":"a","lastTransitionTime":)"
             R"("2026-11-30T21:00:00Z"}]})"}}) {
    const auto reader = ConfigurationReader::Speaker("n1");
    const StatusObjects::Wish wish = WishOf(reader, state, since);
    EXPECT_EQ(wish.status, status);
    const config::YamlNode object = Json(fmt::format(
        R"({{"metadata":{{"labels":{{"metallb.io/component-type":"speaker",)"
        R"("metallb.io/node-name":"n1","app":"x"}}}},"status":{}}})",
        status));
    const StatusObjects::Object read = ReadConfigurationState(
        reader, {.key = {"metallb-system", "speaker-n1"}}, object);
    EXPECT_EQ(read.key, "speaker-n1");
    EXPECT_EQ(read.says, wish);
    const ConditionTime time = ReadConditionTime(read.says.status);
    EXPECT_EQ(time.since, since);
    EXPECT_EQ(time.status, ConditionStatusOf(state.result));
  }
}

TEST(ConfigurationStateTest, ATimeThatIsNoneDoesNotCount) {
  for (const char* status :
       {"", "{}", R"({"conditions":[]})", R"({"conditions":[{},{}]})",
        R"({"conditions":[{"lastTransitionTime":"yesterday"}]})",
        R"({"conditions":[{"lastTransitionTime":7}]})",
        R"({"conditions":"x"})"}) {
    EXPECT_THAT(ReadConditionTime(status).since, IsEmpty()) << status;
  }
}

}  // namespace
}  // namespace lb

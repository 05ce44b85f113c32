#include "daemon/options/flags.h"

#include <fstream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/options/options.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/config/version.h"

namespace lb {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

absl::StatusOr<ParsedFlags> Parse(const std::vector<std::string>& arguments) {
  return ParseFlags(arguments);
}

std::string WriteFile(const std::string& name, const std::string& text) {
  const std::string path = testing::TempDir() + "/" + name;
  std::ofstream(path) << text;
  return path;
}

TEST(ParseFlagsTest, NothingGivesTheDefaults) {
  const auto parsed = Parse({});
  ASSERT_THAT(parsed, IsOk());
  EXPECT_EQ(parsed->action, ParsedFlags::Action::kRun);
  EXPECT_EQ(parsed->options, Options());
}

TEST(ParseFlagsTest, TakesBothFormsAndRepeatedFlags) {
  const auto parsed =
      Parse({"--node-name", "n1", "--manifests=a", "--manifests", "b",
             "--join=192.0.2.1,192.0.2.2:9", "--join=192.0.2.3",
             "--deliver=loopback", "--check"});
  ASSERT_THAT(parsed, IsOk());
  EXPECT_EQ(parsed->action, ParsedFlags::Action::kCheck);
  EXPECT_EQ(parsed->options.node_name, "n1");
  EXPECT_THAT(parsed->options.manifests, ElementsAre("a", "b"));
  ASSERT_EQ(parsed->options.gossip.join.size(), 3u);
  EXPECT_EQ(parsed->options.gossip.join[1].ToString(), "192.0.2.2:9");
  EXPECT_EQ(parsed->options.deliver, Deliver::kLoopback);
}

TEST(ParseFlagsTest, AnEmptyPatternClearsTheExcludeList) {
  const auto parsed = Parse({"--exclude-interfaces", ""});
  ASSERT_THAT(parsed, IsOk());
  EXPECT_THAT(parsed->options.exclude_interfaces, IsEmpty());
}

TEST(ParseFlagsTest, FlagsReplaceTheFile) {
  const std::string file = WriteFile(
      "flags.yaml", "node-name: f\nmanifests: [x, y]\nlog-level: debug\n");
  const auto parsed =
      Parse({"--manifests=z", "--config", file, "--node-name=g"});
  ASSERT_THAT(parsed, IsOk());
  EXPECT_EQ(parsed->options.node_name, "g");
  EXPECT_THAT(parsed->options.manifests, ElementsAre("z"));
  EXPECT_EQ(parsed->options.log_level, LogLevel::kDebug);
}

TEST(ParseFlagsTest, EveryFaultOfTheFileIsALine) {
  const std::string file =
      WriteFile("faults.yaml", "node-name: a b\nlog-level: loud\n");
  EXPECT_THAT(
      Parse({"--config", file}),
      StatusIs(absl::StatusCode::kInvalidArgument,
               file +
                   ":1: options: node-name: \"a b\", want 1 to 253 letters, "
                   "digits, '-', '_' and '.'\n" +
                   file +
                   ":2: options: log-level: \"loud\", want one of "
                   "debug, info, warning, error"));
}

TEST(ParseFlagsTest, ErrorsSayHowToRepairThem) {
  struct Case {
    std::vector<std::string> arguments;
    std::string message;
  };
  const Case cases[] = {
      {{"--manifest=x"},
       "--manifest=x: unknown flag, did you mean --manifests? (--help lists "
       "all)"},
      {{"--node-nam", "n"},
       "--node-nam: unknown flag, did you mean --node-name? (--help lists "
       "all)"},
      {{"--frobnicate"}, "--frobnicate: unknown flag (--help lists all)"},
      {{"start"}, "start: unknown argument (--help lists all)"},
      {{"--deliver=ipvs"}, "--deliver: \"ipvs\", want one of none, loopback"},
      {{"--log-level=wanring"},
       "--log-level: \"wanring\", want one of debug, info, warning, error, did "
       "you mean warning?"},
      {{"--election-policy=stiky"},
       "--election-policy: \"stiky\", want compat, sticky or balanced, did "
       "you mean sticky?"},
      {{"--ignore-exclude-lb=maybe"},
       "--ignore-exclude-lb: \"maybe\", want true or false"},
      {{"--ignore-exclude-lb=99999999999999999999"},
       "--ignore-exclude-lb: \"99999999999999999999\", want true or false"},
      {{"--insecure-status=treu"},
       "--insecure-status: \"treu\", want true or false, did you mean true?"},
      {{"--admin-over-tls="}, "--admin-over-tls: \"\", want true or false"},
      {{"--check=maybe"}, "--check: \"maybe\", want true or false"},
      {{"--hold-down=5"},
       "--hold-down: \"5\", want a duration such as 1m30s, from 0 to 1h"},
      {{"--config"}, "--config: no value, want FILE (--help lists all flags)"},
      {{"--node-name="},
       "--node-name: no value, want NAME (--help lists all flags)"},
      {{"--node-name=a", "--node-name=b"},
       "--node-name: given 2 times, want it once"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.message);
    EXPECT_THAT(Parse(c.arguments),
                StatusIs(absl::StatusCode::kInvalidArgument, c.message));
  }
  EXPECT_THAT(
      Parse({"--node-name"}),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("--node-name")));
}

TEST(ParseFlagsTest, AFlagWithoutAValueIsTrue) {
  const auto bare = Parse({"--insecure-status", "--node-name", "n1"});
  ASSERT_THAT(bare, IsOk());
  EXPECT_TRUE(bare->options.status.insecure);
  EXPECT_EQ(bare->options.node_name, "n1");
  const std::string file = WriteFile("bool.yaml", "insecure-status: true\n");
  const auto taken_back = Parse({"--config", file, "--insecure-status=false"});
  ASSERT_THAT(taken_back, IsOk());
  EXPECT_FALSE(taken_back->options.status.insecure);
}

TEST(ParseFlagsTest, RefusesOptionsThatDoNotGoTogether) {
  EXPECT_THAT(Parse({"--status-tls-cert=c"}),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "status-tls-key: not given, want both certificate and "
                       "key"));
}

TEST(ParseFlagsTest, HelpNamesEveryOptionWithItsDefault) {
  const auto parsed = Parse({"--help"});
  ASSERT_THAT(parsed, IsOk());
  EXPECT_EQ(parsed->action, ParsedFlags::Action::kPrintText);
  for (const OptionSpec& spec : AllOptions()) {
    EXPECT_THAT(parsed->text, HasSubstr("--" + std::string(spec.name)));
    EXPECT_THAT(parsed->text, HasSubstr(spec.show(Options())));
  }
  EXPECT_THAT(Parse({"-h", "--frobnicate"}), IsOk());
}

TEST(ParseFlagsTest, VersionIsOneLine) {
  const auto parsed = Parse({"--version"});
  ASSERT_THAT(parsed, IsOk());
  EXPECT_EQ(parsed->text, "lbd " + std::string(config::kVersion) + "\n");
}

}  // namespace
}  // namespace lb

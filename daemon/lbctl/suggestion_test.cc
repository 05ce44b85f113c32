#include "daemon/lbctl/suggestion.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace lb::lbctl {
namespace {

const std::vector<std::string> kCommands = {"status", "services", "members",
                                            "problems", "pools"};
const std::vector<std::string> kFlags = {"--server", "--output", "--tls-ca",
                                         "--tls-cert"};

TEST(DescribeUnknownTest, NamesTheNearestCommand) {
  const std::pair<std::string, std::string> cases[] = {
      {"memebrs", "memebrs: unknown command, did you mean members?"},
      {"service", "service: unknown command, did you mean services?"},
      {"Status", "Status: unknown command, did you mean status?"},
      {"probl", "probl: unknown command, did you mean problems?"},
      {"frobnicate", "frobnicate: unknown command"},
      {"", ": unknown command"},
  };
  for (const auto& [given, want] : cases) {
    EXPECT_EQ(DescribeUnknown(given, kCommands, kFlags),
              want + " (--help lists all)");
  }
}

TEST(DescribeUnknownTest, NamesTheNearestFlag) {
  EXPECT_EQ(DescribeUnknown("--sevrer=unix:/x", kCommands, kFlags),
            "--sevrer: unknown flag, did you mean --server? (--help lists "
            "all)");
  EXPECT_EQ(DescribeUnknown("--xyzzy", kCommands, kFlags),
            "--xyzzy: unknown flag (--help lists all)");
}

TEST(DescribeUnknownTest, ASurplusArgumentIsNoCommand) {
  EXPECT_EQ(DescribeUnknown("n1\n", {}, kFlags),
            "n1\\x0a: unknown argument (--help lists all)");
}

TEST(SuggestNameTest, IsNearOrBeginsSo) {
  const std::vector<std::string> names = {"worker-1", "worker-2", "gateway"};
  EXPECT_EQ(SuggestName("gatwaey", names), ", did you mean gateway?");
  EXPECT_EQ(SuggestName("gate", names), ", did you mean gateway?");
  EXPECT_EQ(SuggestName("worker-2", names), "");
  EXPECT_EQ(SuggestName("frobnicate", names), "");
}

TEST(SuggestOneOfTest, ListsAllIfNoneIsNearAndTheyAreFew) {
  EXPECT_EQ(SuggestOneOf("n9", {"n1", "n2", "n3"}), ", want one of n1, n2, n3");
  EXPECT_EQ(SuggestOneOf("n9", {"n1"}), ", want n1");
  EXPECT_EQ(SuggestOneOf("gatwaey", {"n1", "gateway"}),
            ", did you mean gateway?");
  EXPECT_EQ(SuggestOneOf("n1", {"n1", "n2"}), "");
  EXPECT_EQ(SuggestOneOf("n9", {}), "");
  EXPECT_EQ(SuggestOneOf("n9", {"a", "b", "c", "d", "e", "f", "g"}), "");
}

TEST(NearestServiceTest, TheNameCountsBeforeTheNamespace) {
  const std::vector<std::string> services = {"blue/shop", "blue/web",
                                             "default/database", "green/web"};
  const std::pair<std::string, std::string> cases[] = {
      {"database", "default/database"},  // Users of kubectl write it so.
      {"blue/database", "default/database"},
      {"blue/shpo", "blue/shop"},
      {"databse", "default/database"},
      {"green/wbe", "green/web"},
      {"default/frobnicate", ""},
      {"default/data", "default/database"},
      {"blue/shop2", "blue/shop"},
      {"blue/web", ""},  // The service exists.
  };
  for (const auto& [given, want] : cases) {
    EXPECT_EQ(NearestService(given, services),
              want.empty() ? "" : "did you mean " + want + "?")
        << given;
  }
  EXPECT_EQ(NearestService("default/web", services), "");  // Two have the name.
}

// For names of two letters, a difference of one letter is too much.
TEST(NearestServiceTest, ShortNamesAreNearIfOneBeginsWithTheOther) {
  const std::vector<std::string> services = {"default/s1", "default/s2",
                                             "other/s11x"};
  EXPECT_EQ(NearestService("default/s11", services),
            "did you mean default/s1?");
  EXPECT_EQ(NearestService("default/s", services), "");
  EXPECT_EQ(NearestService("default/s3", services), "");
}

}  // namespace
}  // namespace lb::lbctl

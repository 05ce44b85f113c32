// Each rule fires on its example, and only then.
#include "tests/tidy/rules.h"

#include <string>
#include <string_view>
#include <vector>

#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/tidy/exceptions.h"
#include "tests/tidy/source_file.h"
#include "tests/tidy/written_tree.h"

namespace lb::tidy {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> RulesBroken(const std::string& path,
                                     std::string_view text) {
  std::vector<std::string> rules;
  for (const Finding& finding : CheckSource(ParseSource(path, text))) {
    rules.emplace_back(finding.rule);
  }
  return rules;
}

std::string Repeat(int count, std::string_view line) {
  std::string text;
  for (int i = 0; i < count; ++i) text += line;
  return text;
}

struct Case {
  std::string path;
  std::string text;
  std::string rule;
};

// Each breaks its rule, or keeps all if it names none.
void Check(const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    SCOPED_TRACE(fmt::format("{}: {}", c.path, c.text.substr(0, 80)));
    if (c.rule.empty()) {
      EXPECT_THAT(RulesBroken(c.path, c.text), IsEmpty());
    } else {
      EXPECT_THAT(RulesBroken(c.path, c.text), Contains(c.rule));
    }
  }
}

TEST(RulesTest, LimitsFireAboveThem) {
  Check({
      {"lb/net/a.cc", std::string(80, 'x'), ""},
      {"lb/net/a.cc", std::string(81, 'x'), "columns"},
      {"lb/net/a.cc", Repeat(80, "\xc3\xa4"), ""},  // 160 bytes.
      {"lb/net/a.cc", Repeat(500, "\n"), ""},
      {"lb/net/a.cc", Repeat(501, "\n"), "file-length"},
      {"lb/net/a.h", "// A.\n" + Repeat(249, "\n"), ""},
      {"lb/net/a.h", "// A.\n" + Repeat(250, "\n"), "file-length"},
  });
}

struct FunctionCase {
  std::string text;
  std::string rule;
};

TEST(RulesTest, FunctionsHaveLimits) {
  for (const FunctionCase& c : std::vector<FunctionCase>{
           {"void F() {\n" + Repeat(58, "a();\n") + "}\n", ""},
           {"void F() {\n" + Repeat(59, "a();\n") + "}\n", "function-length"},
           {"class A {\n  void F() {\n" + Repeat(59, "a();\n") + "  }\n};\n",
            "function-length"},
           {"TEST(A, B) {\n" + Repeat(59, "a();\n") + "}\n", "function-length"},
           {"void F(int a, int b, int c, int d, int e) {}\n", ""},
           {"void F(int a, int b, int c, int d, int e, int f) {}\n",
            "parameters"},
           {"void F(bool a, int b) {}\n", ""},
           {"void F(bool a, bool b) {}\n", "two-flags"},
           {"void F(bool a, const bool b) {}\n", "two-flags"},
       }) {
    SCOPED_TRACE(c.text.substr(0, 80));
    std::vector<std::string> rules;
    for (const Finding& finding : CheckFunctions(TagsOf({{"a.cc", c.text}}))) {
      EXPECT_EQ(finding.path, "a.cc");
      rules.emplace_back(finding.rule);
    }
    if (c.rule.empty()) {
      EXPECT_THAT(rules, IsEmpty());
    } else {
      EXPECT_THAT(rules, ElementsAre(c.rule));
    }
  }
}

TEST(RulesTest, BansFireOnTheirWords) {
  Check({
      {"daemon/a.cc", "auto t = absl::Now();", "clock"},
      {"lb/net/a.cc", "auto t = std::chrono::steady_clock::now();", "clock"},
      {"lb/net/a.cc", "clock_gettime(clock, &time);", "clock"},
      {"lb/net/a.cc", "loop->Now(); x = absl::Nowhere();", ""},
      {"lb/net/a.cc", "// absl::Now() is banned.", ""},
      {"lb/net/a.cc", "Say(\"absl::Now()\", R\"(absl::Now())\");", ""},
      {"lb/net/a.cc", "const int n = 1'000; absl::Now(); f('a');", "clock"},
      {"lb/io/posix/a.cc", "auto t = absl::Now();", ""},
      {"daemon/a_benchmark.cc", "auto t = absl::Now();", ""},
      {"tests/sim/a_test.cc", "absl::SleepFor(x);", "sleep"},
      {"tests/sim/a_test.cc", "std::this_thread::sleep_for(x);", "sleep"},
      {"daemon/a.cc", "usleep(1);", "sleep"},
      {"daemon/a.cc", "asleep(1);", ""},
      {"tests/interop/a_test.cc", "absl::SleepFor(x);", ""},
      {"tests/kubernetes/a_test.cc", "auto t = absl::Now();", ""},
      {"lb/net/a.cc", "int n = rand();", "random"},
      {"lb/net/a.cc", "std::random_device device;", "random"},
      {"lb/net/a.cc", "int n = Errand();", ""},
      {"daemon/a.cc", "std::thread worker;", "thread"},
      {"lb/io/posix/a.cc", "std::thread worker;", ""},
      {"daemon/a.h", "// A.\nabsl::Mutex mutex_;", "mutex"},
      {"lb/gossip/a.cc", "absl::flat_hash_map<int, int> m;", "hash"},
      {"lb/gossip/a.cc", "std::unordered_set<int> m;", "hash"},
      {"lb/gossip/a.cc", "std::hash<int> h;", "hash"},
      {"lb/config/a.cc", "std::unordered_set<int> m;", ""},
      {"lb/ipam/a.cc", "std::map<const Pool*, int> m;", "pointer-key"},
      {"lb/ipam/a.cc", "btree_set<Pool*> m;", "pointer-key"},
      {"lb/ipam/a.cc", "btree_map<int, Pool*> m;", ""},
      {"lb/config/a.cc", "if (bad) throw bad;", "throw"},
      {"lb/config/a.cc", "std::cout << 1;", "output"},
      {"lb/config/a.cc", "class PoolManager {};", "name"},
      {"lb/config/a.cc", "struct NodeInfo;", "name"},
      {"lb/config/a.cc", "class ManagerOfPools;", ""},
  });
}

TEST(RulesTest, IncludesGoDownOnly) {
  Check({
      {"lb/net/a.cc", "#include \"lb/io/loop.h\"", "row"},
      {"lb/io/a.cc", "#include \"lb/net/arp.h\"", ""},
      {"lb/gossip/a.cc", "#include \"lb/ipam/pool.h\"", "row"},
      {"lb/history/a.cc", "#include \"lb/ipam/pool.h\"", "row"},
      {"lb/gossip/a.cc", "#include \"lb/gossip/wire/codec.h\"", ""},
      {"lb/gossip/a.cc", "// #include \"lb/ipam/pool.h\"", ""},
      {"lb/gossip/a.cc", "#include \"lb/io/environment.h\"", "row"},
      {"lb/gossip/a_test.cc", "#include \"lb/io/environment.h\"", ""},
      {"daemon/agent/a.cc", "#include \"lb/io/environment.h\"", ""},
      {"lb/config/a.cc", "#include \"daemon/agent/agent.h\"", "row"},
      {"daemon/a.cc", "#include \"lb/cloud/cloud.h\"", "row"},  // Unknown.
      {"daemon/a.cc", "#include \"absl/log/log.h\"", "log"},
      {"daemon/a.cc", "#include <sys/socket.h>", "socket"},
      {"lb/gossip/a.cc", "#include \"asio/ip/udp.hpp\"", "socket"},
      {"lb/io/posix/a.cc", "#include \"asio/ip/udp.hpp\"", ""},
  });
}

TEST(RulesTest, CommentsSayWhatAndWhere) {
  Check({
      {"lb/net/a.h", "#ifndef A\n", "file-comment"},
      {"lb/net/a.h", "// A value.\n#ifndef A\n", ""},
      {"lb/net/a.cc", "// TODO: later", "todo"},
      {"lb/net/a.cc", "// TODO(#12): later", ""},
  });
}

TEST(RulesTest, FindingsNameTheLineAndWhatToDo) {
  const auto findings =
      CheckSource(ParseSource("lb/net/a.cc", "\nif (bad) throw bad;\n"));
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].ToString(),
            "lb/net/a.cc:2: throw: return an absl::Status; LB_CHECK for our "
            "own invariants [throw]");
}

TEST(RulesTest, BuildFilesSizeTheirTestsAndNameTheirFiles) {
  const auto rules = [](std::string_view text) {
    std::vector<std::string> rules;
    for (const Finding& finding : CheckBuildFile("lb/net/BUILD.bazel", text)) {
      rules.push_back(fmt::format("{} {}", finding.rule, finding.line));
    }
    return rules;
  };
  EXPECT_THAT(rules("cc_test(\n    name = \"a\",\n)\n"),
              ElementsAre("test-size 1"));
  EXPECT_THAT(rules("cc_test(\n    size = \"small\",\n)\n"), IsEmpty());
  EXPECT_THAT(rules("cc_library(\n    srcs = glob([\"*.cc\"]),\n)\n"),
              ElementsAre("glob 2"));
}

TEST(RulesTest, FilesThatNoTargetNamesAreDead) {
  const std::string_view build = "srcs = [\"a.cc\", \"testing/b.cc\"]";
  const std::string_view path = "lb/net/BUILD.bazel";
  EXPECT_THAT(CheckNamedInBuild("lb/net/a.cc", path, build), IsEmpty());
  EXPECT_THAT(CheckNamedInBuild("lb/net/testing/b.cc", path, build), IsEmpty());
  EXPECT_EQ(CheckNamedInBuild("lb/net/b.cc", path, build).size(), 1u);
  EXPECT_EQ(CheckNamedInBuild("lb/net/aa.cc", path, build).size(), 1u);

  const std::string_view macros =
      "\nlb_cc_test(\n    name = \"a_test\",\n)\n"
      "\nlb_cc_benchmark(name = \"a_benchmark\")\n"
      "\ncc_test(\n    name = \"b_test\",\n)\n";
  EXPECT_THAT(CheckNamedInBuild("lb/net/a_test.cc", path, macros), IsEmpty());
  EXPECT_THAT(CheckNamedInBuild("lb/net/a_benchmark.cc", path, macros),
              IsEmpty());
  EXPECT_EQ(CheckNamedInBuild("lb/net/b_test.cc", path, macros).size(), 1u);
  EXPECT_EQ(CheckNamedInBuild("lb/net/a_test.h", path, macros).size(), 1u);
}

TEST(ExceptionsTest, HaveReasons) {
  for (const Exception& exception : kExceptions) {
    EXPECT_FALSE(exception.reason.empty()) << exception.path;
  }
  for (const LargeClass& large : kLargeClasses) {
    EXPECT_FALSE(large.reason.empty()) << large.name;
  }
}

}  // namespace
}  // namespace lb::tidy

// Clusters of lb/gossip ("ours") and hashicorp/memberlist ("theirs"), each node
// a process, on loopback addresses.
//
// With root they live in a network namespace of the test's own. Skipped if
// Debian's Go and its memberlist are not installed.
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/interop/peer_process.h"

namespace lb::interop {
namespace {

using testing::StartsWith;

constexpr char kOldKey[] = "30313233343536373839616263646566";
constexpr char kNewKey[] = "66656463626139383736353433323130";
constexpr char kGo[] = "/usr/bin/go";
constexpr char kLibrary[] =
    "/usr/share/gocode/src/github.com/hashicorp/memberlist";

std::string InTestFolder(const std::string& name) {
  return testing::TempDir() + "/" + name;
}

std::string TheirProgram() { return InTestFolder("their_peer"); }

bool Shell(const std::string& command) {
  return std::system(command.c_str()) == 0;
}

// Why theirs cannot be built; empty if it is built.
std::string BuildTheirs() {
  if (access(kGo, X_OK) != 0) return "no /usr/bin/go (package golang-go)";
  if (access(kLibrary, R_OK) != 0) {
    return "no package golang-github-hashicorp-memberlist-dev";
  }
  const std::string command = fmt::format(
      "env HOME={0} GO111MODULE=off GOPATH=/usr/share/gocode GOFLAGS= "
      "GOCACHE={0}/go-cache {1} build -o {2} tests/interop/peer.go",
      testing::TempDir(), kGo, TheirProgram());
  return Shell(command) ? "" : "peer.go does not build";
}

class World : public testing::Environment {
 public:
  void SetUp() override {
    isolated = unshare(CLONE_NEWNET) == 0 && Shell("ip link set lo up");
    no_theirs = BuildTheirs();
  }
  static inline bool isolated = false;
  static inline std::string no_theirs;
};

const auto* const kWorld = testing::AddGlobalTestEnvironment(new World);

enum class Kind { kOurs, kTheirs };

struct Layers {
  const char* name;
  bool compress;
  bool encrypt;
};

class InteropTest : public testing::Test {
 protected:
  struct Node {
    std::string name;
    std::string endpoint;
    std::unique_ptr<PeerProcess> process;
  };

  void SetUp() override {
    if (!World::no_theirs.empty())
      GTEST_SKIP() << "SKIPPED: " << World::no_theirs;
  }
  void TearDown() override {
    if (HasFailure()) {
      for (Node& node : nodes_) {
        fmt::print("{}: {}\n", node.name,
                   fmt::join(node.process->Events(), "; "));
      }
    }
  }

  // Nodes are named o1, t2, ... by kind and order.
  Node& Start(Kind kind, const Layers& layers,
              const std::string& key = kOldKey) {
    static int used = 0;  // No address twice: nobody calls a dead cluster.
    const int number = static_cast<int>(nodes_.size()) + 1;
    Node node;
    node.name = fmt::format("{}{}", kind == Kind::kOurs ? "o" : "t", number);
    ++used;
    node.endpoint =
        fmt::format("127.0.{}.{}:7946", 1 + used / 200, 1 + used % 200);
    std::vector<std::string> command = {
        kind == Kind::kOurs ? "tests/interop/peer" : TheirProgram(), node.name,
        node.endpoint, layers.encrypt ? key : "-",
        layers.compress ? "compress" : "plain"};
    if (kind == Kind::kOurs) command.push_back(our_profile_);
    node.process = std::make_unique<PeerProcess>(command);
    EXPECT_TRUE(node.process->running()) << node.name;
    nodes_.push_back(std::move(node));
    return nodes_.back();
  }

  // `ours` + `theirs` nodes in turn, which all know each other.
  void Cluster(int ours, int theirs, const Layers& layers) {
    for (; ours > 0 || theirs > 0; --ours, --theirs) {
      if (ours > 0) Start(Kind::kOurs, layers);
      if (theirs > 0) Start(Kind::kTheirs, layers);
    }
    for (size_t i = 1; i < nodes_.size(); ++i) {
      ASSERT_EQ(Ask(nodes_[i], "join " + nodes_[0].endpoint), "ok");
    }
    // Gossip may miss a node by chance; the next full exchange does not.
    ASSERT_TRUE(WaitUntilAllSeeEachOther(absl::Seconds(45)));
  }

  static std::string Ask(Node& node, const std::string& line) {
    return node.process->Ask(line);
  }
  // To all that run; each must answer "ok".
  void AskAll(const std::string& line) {
    for (Node& node : nodes_) {
      if (!node.process->running()) continue;
      EXPECT_EQ(Ask(node, line), "ok");
    }
  }

  static bool WaitUntil(absl::Duration limit,
                        const std::function<bool()>& holds) {
    const absl::Time end = absl::Now() + limit;
    while (!holds()) {
      if (absl::Now() > end) return false;
      absl::SleepFor(absl::Milliseconds(20));
    }
    return true;
  }
  bool WaitUntilAllSeeEachOther(absl::Duration limit) {
    std::vector<std::string> names;
    for (const Node& node : nodes_) {
      if (node.process->running()) names.push_back(node.name);
    }
    std::sort(names.begin(), names.end());
    return WaitUntil(limit, [&] {
      return std::all_of(nodes_.begin(), nodes_.end(), [&](Node& node) {
        return !node.process->running() ||
               Ask(node, "members") == absl::StrJoin(names, " ");
      });
    });
  }
  static bool Heard(Node& node, const std::string& event) {
    const auto& events = node.process->Events();
    return std::any_of(events.begin(), events.end(), [&](const auto& heard) {
      return heard.rfind(event, 0) == 0;
    });
  }
  static bool WaitForEvent(Node& node, const std::string& event) {
    return WaitUntil(absl::Seconds(15), [&] { return Heard(node, event); });
  }
  // "gone x" events of all that run.
  int GoneEvents() {
    int count = 0;
    for (Node& node : nodes_) {
      for (const std::string& event : node.process->Events()) {
        count += node.process->running() && event.rfind("gone ", 0) == 0;
      }
    }
    return count;
  }

  std::vector<Node> nodes_;
  std::string our_profile_ = "lan";
};

constexpr Layers kPlain = {"plain", false, false};
constexpr Layers kBoth = {"both", true, true};

class JoinTest : public InteropTest,
                 public testing::WithParamInterface<Layers> {
 protected:
  // Both have the other's state, and no probe fails for three intervals.
  void SecondJoinsFirst(Kind first, Kind second) {
    Start(first, GetParam());
    Start(second, GetParam());
    EXPECT_EQ(Ask(nodes_[1], "join " + nodes_[0].endpoint), "ok");
    ASSERT_TRUE(WaitUntilAllSeeEachOther(absl::Seconds(5)));
    EXPECT_TRUE(WaitForEvent(nodes_[0], "state state of " + nodes_[1].name));
    EXPECT_TRUE(WaitForEvent(nodes_[1], "state state of " + nodes_[0].name));
    absl::SleepFor(absl::Seconds(3));
    EXPECT_EQ(Ask(nodes_[0], "stats"), "0 0 0");
    EXPECT_EQ(Ask(nodes_[1], "stats"), "0 0 0");
  }
};

INSTANTIATE_TEST_SUITE_P(Layers, JoinTest,
                         testing::Values(kPlain,
                                         Layers{"compressed", true, false},
                                         Layers{"encrypted", false, true},
                                         kBoth),
                         [](const auto& info) { return info.param.name; });

TEST_P(JoinTest, OursJoinsTheirs) {
  SecondJoinsFirst(Kind::kTheirs, Kind::kOurs);
}

TEST_P(JoinTest, TheirsJoinsOurs) {
  SecondJoinsFirst(Kind::kOurs, Kind::kTheirs);
}

TEST_F(InteropTest, KilledNodesAreReportedByAllAndNobodyElseIs) {
  Cluster(3, 2, kBoth);
  int gone = 0;
  for (const size_t victim : {0, 1}) {  // One of ours, one of theirs.
    nodes_[victim].process->Kill();
    const absl::Time killed = absl::Now();
    // 4 + 1 s to the end of a probe, 24 s for a suspicion nobody confirms.
    ASSERT_TRUE(WaitUntilAllSeeEachOther(absl::Seconds(35)));
    fmt::print("{} killed: all others know after {:.1f} s\n",
               nodes_[victim].name,
               absl::ToDoubleSeconds(absl::Now() - killed));
    const int others = 4 - static_cast<int>(victim);
    // Those left have heard once of each victim; no other word of a death.
    gone = others * (static_cast<int>(victim) + 1);
    EXPECT_TRUE(
        WaitUntil(absl::Seconds(5), [&] { return GoneEvents() == gone; }));
  }
  absl::SleepFor(absl::Seconds(5));
  EXPECT_EQ(GoneEvents(), gone);
}

TEST_F(InteropTest, MetadataReachesBothKinds) {
  Cluster(2, 2, kBoth);
  EXPECT_EQ(Ask(nodes_[0], "meta from ours"), "ok");
  EXPECT_EQ(Ask(nodes_[1], "meta from theirs"), "ok");
  EXPECT_TRUE(WaitForEvent(nodes_[1], "updated o1 from ours"));
  EXPECT_TRUE(WaitForEvent(nodes_[2], "updated o1 from ours"));
  EXPECT_TRUE(WaitForEvent(nodes_[0], "updated t2 from theirs"));
  EXPECT_TRUE(WaitForEvent(nodes_[3], "updated t2 from theirs"));
}

TEST_F(InteropTest, UserMessagesGoBothWays) {
  Cluster(1, 1, kBoth);
  EXPECT_EQ(Ask(nodes_[0], "send gossip of ours"), "ok");
  EXPECT_EQ(Ask(nodes_[1], "send gossip of theirs"), "ok");
  EXPECT_EQ(Ask(nodes_[0], "sendreliable t2 stream of ours"), "ok");
  EXPECT_EQ(Ask(nodes_[1], "sendreliable o1 stream of theirs"), "ok");
  EXPECT_TRUE(WaitForEvent(nodes_[1], "message gossip of ours"));
  EXPECT_TRUE(WaitForEvent(nodes_[0], "message gossip of theirs"));
  EXPECT_TRUE(WaitForEvent(nodes_[1], "message stream of ours"));
  EXPECT_TRUE(WaitForEvent(nodes_[0], "message stream of theirs"));
}

TEST_F(InteropTest, LeavingIsUnderstoodAtOnce) {
  Cluster(2, 2, kBoth);
  for (const size_t leaver : {0, 1}) {
    EXPECT_EQ(Ask(nodes_[leaver], "leave"), "ok");
    nodes_[leaver].process->Kill();
    // Sooner than any failure could be detected.
    EXPECT_TRUE(WaitUntilAllSeeEachOther(absl::Seconds(2)));
  }
}

TEST_F(InteropTest, KeysAreChangedWithoutLosingAMember) {
  Cluster(2, 2, kBoth);
  AskAll(fmt::format("addkey {}", kNewKey));
  AskAll(fmt::format("usekey {}", kNewKey));
  absl::SleepFor(absl::Seconds(2));
  AskAll(fmt::format("removekey {}", kOldKey));
  absl::SleepFor(absl::Seconds(6));  // Longer than a failure takes.
  EXPECT_TRUE(WaitUntilAllSeeEachOther(absl::Seconds(1)));
  EXPECT_EQ(GoneEvents(), 0);
  // The new key is the one in use, by both kinds.
  for (const Kind kind : {Kind::kOurs, Kind::kTheirs}) {
    Node& newcomer = Start(kind, kBoth, kNewKey);
    EXPECT_EQ(Ask(newcomer, "join " + nodes_[0].endpoint), "ok");
  }
  EXPECT_TRUE(WaitUntilAllSeeEachOther(absl::Seconds(10)));
  Node& outsider = Start(Kind::kTheirs, kBoth, kOldKey);
  EXPECT_THAT(Ask(outsider, "join " + nodes_[0].endpoint), StartsWith("error"));
}

// Needs none of theirs.
class OursTest : public InteropTest {
 protected:
  void SetUp() override {}
};

// Its timers are all late when it is run again, and the answers they wait for
// are in its socket.
TEST_F(OursTest, StoppedProcessComesBackAndAccusesNobody) {
  our_profile_ = "fast";
  Cluster(5, 0, kPlain);
  nodes_[1].process->Stop();
  absl::SleepFor(absl::Seconds(5));
  for (const size_t other : {0, 2, 3, 4}) {
    EXPECT_TRUE(Heard(nodes_[other], "gone o2")) << nodes_[other].name;
  }
  nodes_[1].process->Continue();
  EXPECT_TRUE(WaitUntilAllSeeEachOther(absl::Seconds(5)));
  absl::SleepFor(absl::Seconds(2));
  EXPECT_FALSE(Heard(nodes_[1], "gone"));
  EXPECT_EQ(GoneEvents(), 4);  // It, once each.
}

TEST_F(InteropTest, IdleNodesCostNoMoreThanTheirs) {
  Cluster(5, 5, kPlain);
  absl::SleepFor(absl::Seconds(5));
  const auto cpu_time = [this](char kind) {
    absl::Duration sum;
    for (const Node& node : nodes_) {
      if (node.name[0] == kind) sum += node.process->CpuTime();
    }
    return sum;
  };
  const absl::Duration ours = cpu_time('o');
  const absl::Duration theirs = cpu_time('t');
  absl::SleepFor(absl::Seconds(20));
  const absl::Duration our_cost = cpu_time('o') - ours;
  const absl::Duration their_cost = cpu_time('t') - theirs;
  fmt::print("CPU of an idle node of 10: ours {:.3f} %, theirs {:.3f} %\n",
             100 * absl::FDivDuration(our_cost, 5 * absl::Seconds(20)),
             100 * absl::FDivDuration(their_cost, 5 * absl::Seconds(20)));
  EXPECT_LE(our_cost, their_cost);
}

TEST_F(InteropTest, NobodyDiesInTwoMinutesOfTenPercentLoss) {
  if (!World::isolated)
    GTEST_SKIP() << "SKIPPED: no network namespace, want root";
  if (!Shell("nft --version >/dev/null")) GTEST_SKIP() << "SKIPPED: no nft";
  Cluster(3, 3, kBoth);
  ASSERT_TRUE(
      Shell("nft 'table inet loss { chain in { "
            "type filter hook input priority 0; "
            "numgen random mod 100 < 10 counter drop; }; }'"));
  absl::SleepFor(absl::Minutes(2));
  ASSERT_TRUE(Shell("nft list table inet loss | grep -o 'packets [0-9]*'"));
  ASSERT_TRUE(Shell("nft delete table inet loss"));
  fmt::print("node  suspected others  refuted  saw die\n");
  for (Node& node : nodes_) {
    int suspicions = 0;
    int refutations = 0;
    int deaths = 0;
    const std::string stats = Ask(node, "stats");
    ASSERT_EQ(std::sscanf(stats.c_str(), "%d %d %d", &suspicions, &refutations,
                          &deaths),
              3)
        << stats;
    fmt::print("{:<5} {:>16} {:>8} {:>8}\n", node.name, suspicions, refutations,
               deaths);
    EXPECT_EQ(deaths, 0) << node.name;
  }
  EXPECT_EQ(GoneEvents(), 0);
  EXPECT_TRUE(WaitUntilAllSeeEachOther(absl::Seconds(1)));
}

}  // namespace
}  // namespace lb::interop

#include "tests/interop/interop_fixture.h"

#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "fmt/format.h"

namespace lb::interop {
namespace {

constexpr char kGo[] = "/usr/bin/go";
constexpr char kLibrary[] =
    "/usr/share/gocode/src/github.com/hashicorp/memberlist";

std::string TheirProgram() { return testing::TempDir() + "/their_peer"; }

std::string Version() {
  const char* const version = std::getenv("MEMBERLIST_VERSION");
  return version != nullptr ? version : "";
}

// The exit status of build_peer.sh if the module proxy gives nothing.
constexpr int kNoModules = 75;

// The result of building the program.
struct Build {
  std::string skipped;  // Why there is no program, without a fault.
  std::string fault;
};

Build BuildModule(const std::string& version) {
  const int status = std::system(
      fmt::format("tests/interop/build_peer.sh {} {}", version, TheirProgram())
          .c_str());
  if (status == 0) return {};
  if (WIFEXITED(status) && WEXITSTATUS(status) == kNoModules) {
    return {.skipped = fmt::format(
                "memberlist {} is not here (want the Go module proxy; see "
                "above)",
                version)};
  }
  return {.fault = fmt::format(
              "peer.go does not build with memberlist {}; see above", version)};
}

Build BuildTheirs() {
  if (access(kGo, X_OK) != 0) {
    return {.skipped = "no /usr/bin/go (package golang-go)"};
  }
  if (!Version().empty()) return BuildModule(Version());
  if (access(kLibrary, R_OK) != 0) {
    return {.skipped = "no package golang-github-hashicorp-memberlist-dev"};
  }
  const std::string command = fmt::format(
      "env HOME={0} GO111MODULE=off GOPATH=/usr/share/gocode GOFLAGS= "
      "GOCACHE={0}/go-cache {1} build -o {2} tests/interop/peer.go",
      testing::TempDir(), kGo, TheirProgram());
  if (Shell(command)) return {};
  return {.fault = "peer.go does not build; see above"};
}

class World : public testing::Environment {
 public:
  // The build may have to fetch modules, so it comes before the namespace.
  void SetUp() override {
    const Build build = BuildTheirs();
    ASSERT_EQ(build.fault, "");
    no_theirs = build.skipped;
    isolated = unshare(CLONE_NEWNET) == 0 && Shell("ip link set lo up");
  }
  static inline bool isolated = false;
  static inline std::string no_theirs;
};

const auto* const kWorld = testing::AddGlobalTestEnvironment(new World);

}  // namespace

bool Shell(const std::string& command) {
  return std::system(command.c_str()) == 0;
}

bool IsIsolated() { return World::isolated; }
const std::string& NoTheirs() { return World::no_theirs; }

void InteropTest::SetUp() {
  if (!NoTheirs().empty()) GTEST_SKIP() << "SKIPPED: " << NoTheirs();
}

void InteropTest::TearDown() {
  if (!HasFailure()) return;
  for (Node& node : nodes_) {
    fmt::print("{}: {}\n", node.name, fmt::join(node.process->Events(), "; "));
  }
}

InteropTest::Node& InteropTest::Start(Kind kind, const Layers& layers,
                                      const std::string& key, int port) {
  static int used = 0;  // No address twice: no node calls a dead cluster.
  const int number = static_cast<int>(nodes_.size()) + 1;
  Node node{.kind = kind};
  node.name = fmt::format("{}{}", kind == Kind::kOurs ? "o" : "t", number);
  ++used;
  node.endpoint =
      fmt::format("127.0.{}.{}:{}", 1 + used / 200, 1 + used % 200, port);
  node.process = std::make_unique<PeerProcess>(std::vector<std::string>{
      kind == Kind::kOurs ? "tests/interop/peer" : TheirProgram(), node.name,
      node.endpoint, layers.encrypt ? key : "-",
      layers.compress ? "compress" : "plain", profile_});
  EXPECT_TRUE(node.process->running()) << node.name;
  nodes_.push_back(std::move(node));
  return nodes_.back();
}

void InteropTest::StartAll(int ours, int theirs, const Layers& layers) {
  for (; ours > 0 || theirs > 0; --ours, --theirs) {
    if (ours > 0) Start(Kind::kOurs, layers);
    if (theirs > 0) Start(Kind::kTheirs, layers);
  }
}

void InteropTest::Cluster(int ours, int theirs, const Layers& layers) {
  StartAll(ours, theirs, layers);
  for (size_t i = 1; i < nodes_.size(); ++i) {
    ASSERT_EQ(Ask(nodes_[i], "join " + nodes_[0].endpoint), "ok");
  }
  // Gossip may miss a node of theirs by chance; the next full exchange does
  // not.
  ASSERT_TRUE(WaitUntilAllSeeEachOther(absl::Seconds(45)));
}

void InteropTest::AskAll(const std::string& line) {
  for (Node& node : nodes_) {
    if (!node.process->running()) continue;
    EXPECT_EQ(Ask(node, line), "ok");
  }
}

bool InteropTest::WaitUntil(absl::Duration limit,
                            const std::function<bool()>& holds) {
  const absl::Time end = absl::Now() + limit;
  while (!holds()) {
    if (absl::Now() > end) return false;
    absl::SleepFor(absl::Milliseconds(20));
  }
  return true;
}

bool InteropTest::WaitUntilAllSeeEachOther(absl::Duration limit) {
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

bool InteropTest::Heard(Node& node, const std::string& event) {
  const auto& events = node.process->Events();
  return std::any_of(events.begin(), events.end(), [&](const auto& heard) {
    return absl::StartsWith(heard, event);
  });
}

int InteropTest::GoneEvents() {
  int count = 0;
  for (Node& node : nodes_) {
    for (const std::string& event : node.process->Events()) {
      count += node.process->running() && absl::StartsWith(event, "gone ");
    }
  }
  return count;
}

}  // namespace lb::interop

// InteropTest: clusters of lb/gossip ("ours") and hashicorp/memberlist
// ("theirs"), each node a process, on loopback addresses.
//
// With root they live in a network namespace of the test's own. Theirs are
// built when the test starts: Debian's memberlist, or the version that
// MEMBERLIST_VERSION names (build_peer.sh).
#ifndef LB_TESTS_INTEROP_INTEROP_FIXTURE_H_
#define LB_TESTS_INTEROP_INTEROP_FIXTURE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "tests/interop/peer_process.h"

namespace lb::interop {

inline constexpr char kOldKey[] = "30313233343536373839616263646566";
inline constexpr char kNewKey[] = "66656463626139383736353433323130";

// Runs it in a shell. True: it exits with 0.
bool Shell(const std::string& command);

// Has the test a network namespace of its own?
bool IsIsolated();
// Says why there is no program of theirs; empty: there is one.
const std::string& NoTheirs();

enum class Kind { kOurs, kTheirs };

struct Layers {
  const char* name;
  bool compress;
  bool encrypt;
};

inline constexpr Layers kPlain = {"plain", false, false};
inline constexpr Layers kBoth = {"both", true, true};

class InteropTest : public testing::Test {
 protected:
  struct Node {
    Kind kind = Kind::kOurs;
    std::string name;
    std::string endpoint;
    std::unique_ptr<PeerProcess> process;
  };

  void SetUp() override;
  void TearDown() override;

  // Nodes are named o1, t2, ... by kind and order.
  Node& Start(Kind kind, const Layers& layers, const std::string& key = kOldKey,
              int port = 7946);
  // `ours` + `theirs` nodes in turn.
  void StartAll(int ours, int theirs, const Layers& layers);
  // Starts the same nodes, and waits until all know each other.
  void Cluster(int ours, int theirs, const Layers& layers);

  static std::string Ask(Node& node, const std::string& line) {
    return node.process->Ask(line);
  }
  // Sends a command to all running nodes; each must answer "ok".
  void AskAll(const std::string& line);

  static bool WaitUntil(absl::Duration limit,
                        const std::function<bool()>& holds);
  bool WaitUntilAllSeeEachOther(absl::Duration limit);
  static bool Heard(Node& node, const std::string& event);
  static bool WaitForEvent(Node& node, const std::string& event) {
    return WaitUntil(absl::Seconds(15), [&] { return Heard(node, event); });
  }
  // "gone x" events of all that run.
  int GoneEvents();

  std::vector<Node> nodes_;
  std::string profile_ = "lan";
};

}  // namespace lb::interop

#endif  // LB_TESTS_INTEROP_INTEROP_FIXTURE_H_

// Nodes that propose alone and exchange random parts of their ledgers in random
// order come to one ledger and one allocation, with no address held twice.
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/prng.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/ipam/allocator.h"
#include "lb/ipam/ledger.h"
#include "lb/ipam/ledger_codec.h"
#include "lb/ipam/ledger_replay.h"
#include "lb/ipam/testing/allocator_script.h"

namespace lb::ipam {
namespace {

constexpr int kNodes = 3;
constexpr int kServices = 8;
constexpr size_t kDatagram = 300;

ServiceRequests Requests() {
  ServiceRequests requests;
  for (int i = 0; i < kServices; ++i) {
    const std::string line =
        fmt::format("x/{} {}", i, i % 2 == 0 ? "v4" : "prefer");
    requests[fmt::format("x/{}", i)] = ReadRequest(line);
  }
  return requests;
}

// What a node's agent does with this library, without everything else.
class Node {
 public:
  Node(const std::string& name, ServiceRequests requests, bool provisional)
      : ledger_(name), requests_(std::move(requests)) {
    ledger_.SetProvisional(provisional);
    EXPECT_THAT(
        allocator_.SetPools(ReadPools({"a 10.0.0.1-10.0.0.12,2001:db8::/125"})),
        IsOk());
  }

  void Reconcile() { result_ = Replay(ledger_, requests_, &allocator_); }

  // As the node that proposes: one service gets what it lacks.
  void Propose(const std::string& service, absl::Time now) {
    Reconcile();
    const auto assignment = allocator_.Assign(requests_.at(service));
    if (!assignment.ok()) return;
    EXPECT_THAT(ledger_.Propose(service, *assignment, now), IsOk());
  }

  void Release(const std::string& service, absl::Time now) {
    ledger_.ProposeRelease(service, now).IgnoreError();
  }

  void BecomeFirm() { ledger_.SetProvisional(false); }

  // Everything, as it is sent: in small messages.
  std::vector<std::string> Messages() const {
    return SplitForGossip(ledger_.AllRecords(), kDatagram).messages;
  }

  void Receive(const std::string& message) {
    EXPECT_THAT(ledger_.MergeMessage(message), IsOk());
  }

  std::string State() const { return SerializeMessage(ledger_.AllRecords()); }
  const Allocator& allocator() const { return allocator_; }
  const ReplayResult& result() const { return result_; }

 private:
  Ledger ledger_;
  ServiceRequests requests_;
  Allocator allocator_;
  ReplayResult result_;
};

class Cluster {
 public:
  explicit Cluster(uint64_t seed) : prng_(seed) {
    for (int i = 0; i < kNodes; ++i) {
      nodes_.emplace_back(fmt::format("node-{}", i), Requests(),
                          prng_.Chance(30));
    }
  }

  // Any node proposes, releases, or hears a part of what another one says.
  void RandomStep() {
    now_ += absl::Microseconds(prng_.Uniform(3));
    Node& node = nodes_[prng_.Uniform(kNodes)];
    const std::string service = fmt::format("x/{}", prng_.Uniform(kServices));
    const uint64_t what = prng_.Uniform(10);
    if (what < 4) {
      // Clocks differ by more than a step.
      node.Propose(service, now_ + absl::Microseconds(prng_.Uniform(20)));
    } else if (what < 5) {
      node.Release(service, now_);
    } else {
      for (const std::string& message :
           nodes_[prng_.Uniform(kNodes)].Messages()) {
        if (prng_.Chance(50)) node.Receive(message);
      }
      if (prng_.Chance(50)) node.BecomeFirm();
    }
  }

  // Everybody hears everybody, in random order, twice.
  void Heal() {
    for (int round = 0; round < 2; ++round) {
      for (Node& to : nodes_) {
        std::vector<std::string> messages;
        for (const Node& from : nodes_) {
          for (const std::string& m : from.Messages()) messages.push_back(m);
        }
        prng_.Shuffle(absl::MakeSpan(messages));
        for (const std::string& message : messages) to.Receive(message);
      }
    }
    for (Node& node : nodes_) node.Reconcile();
  }

  std::vector<Node>& nodes() { return nodes_; }
  absl::Time now() const { return now_; }

 private:
  Prng prng_;
  std::vector<Node> nodes_;
  absl::Time now_ = absl::FromUnixSeconds(1'700'000'000);
};

void ExpectNoAddressTwice(const Allocator& allocator) {
  std::set<net::IpAddress> held;
  for (const auto& [service, assignment] : allocator.List()) {
    for (const AssignedAddress& a : assignment.addresses) {
      EXPECT_TRUE(held.insert(a.address).second) << a.address.ToString();
    }
  }
}

void ExpectAgreement(Cluster& cluster) {
  Node& first = cluster.nodes()[0];
  ExpectNoAddressTwice(first.allocator());
  for (Node& node : cluster.nodes()) {
    EXPECT_EQ(node.State(), first.State());
    EXPECT_EQ(node.allocator().List(), first.allocator().List());
    EXPECT_EQ(node.result().held, first.result().held);
  }
}

TEST(LedgerConvergenceTest, RandomExchangesEndInOneAllocation) {
  int disputes = 0;
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    Cluster cluster(seed);
    for (int step = 0; step < 40; ++step) cluster.RandomStep();
    cluster.Heal();
    ExpectAgreement(cluster);
    disputes += static_cast<int>(cluster.nodes()[0].result().displaced.size());
    // One node proposes for those that lost; then no service lacks an address.
    Node& proposer = cluster.nodes()[1];
    for (const auto& [service, request] : Requests()) {
      proposer.Propose(service, cluster.now() + absl::Seconds(1));
    }
    cluster.Heal();
    ExpectAgreement(cluster);
    EXPECT_EQ(proposer.result().held.size(), kServices);
    EXPECT_TRUE(proposer.result().displaced.empty());
    if (testing::Test::HasFailure()) return;
  }
  EXPECT_GT(disputes, 100);  // Else the test tests nothing.
}

TEST(LedgerConvergenceTest, ThoseWhoKeepAnAddressKeepTheOldOne) {
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    Cluster cluster(seed);
    for (int step = 0; step < 40; ++step) cluster.RandomStep();
    cluster.Heal();
    std::map<std::string, Assignment> before;
    for (const std::string& service : cluster.nodes()[0].result().held) {
      before[service] = *cluster.nodes()[0].allocator().Find(service);
    }
    for (const auto& [service, request] : Requests()) {
      cluster.nodes()[2].Propose(service, cluster.now() + absl::Seconds(1));
    }
    cluster.Heal();
    for (const auto& [service, assignment] : before) {
      const auto after = cluster.nodes()[0].allocator().Find(service);
      ASSERT_TRUE(after.has_value());
      for (const AssignedAddress& a : assignment.addresses) {
        EXPECT_THAT(after->addresses, testing::Contains(a)) << service;
      }
    }
  }
}

// A node that lost its disk and is cut off counts and stamps as it likes.
TEST(LedgerConvergenceTest, NothingProvisionalMovesWhatIsFirm) {
  int claimed = 0;
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    Prng prng(seed);
    const absl::Time now = absl::FromUnixSeconds(1'700'000'000);
    Node settled("settled", Requests(), /*provisional=*/false);
    Node lost("lost", Requests(), /*provisional=*/true);
    for (const auto& [service, request] : Requests()) {
      if (prng.Chance(70)) settled.Propose(service, now);
    }
    for (int step = 0; step < 20; ++step) {
      const std::string service = fmt::format("x/{}", prng.Uniform(kServices));
      const absl::Time early = now - absl::Hours(prng.Uniform(3));
      prng.Chance(70) ? lost.Propose(service, early)
                      : lost.Release(service, early);
    }
    settled.Reconcile();
    const auto before = settled.allocator().List();
    for (const std::string& message : lost.Messages()) {
      settled.Receive(message);
    }
    settled.Reconcile();
    for (const auto& [service, assignment] : before) {
      EXPECT_EQ(settled.allocator().Find(service), assignment) << service;
    }
    claimed += static_cast<int>(settled.result().displaced.size());
  }
  EXPECT_GT(claimed, 100);  // Else the test tests nothing.
}

}  // namespace
}  // namespace lb::ipam

// Electors of several hosts against a simulated API server.
#include "lb/kubernetes/lease_elector.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/prng.h"
#include "lb/io/sim/sim_loop.h"
#include "lb/kubernetes/testing/sim_api_server.h"
#include "lb/kubernetes/tree_path.h"

namespace lb::kubernetes {
namespace {

class Host : public LeaseElector::Observer {
 public:
  void OnElection() override { ++elections_; }

  std::string name_;
  int elections_ = 0;
  std::unique_ptr<LeaseElector> elector_;
};

class Cluster {
 public:
  explicit Cluster(uint64_t seed, int hosts = 3)
      : prng_(seed), server_(&loop_, {}, prng_.Fork("server")) {
    server_.AddKind({.resource = LeaseResource(), .kind = "Lease"});
    for (int i = 0; i < hosts; ++i) {
      auto host = std::make_unique<Host>();
      host->name_ = fmt::format("n{}", i);
      client_.push_back(server_.AddHost(host->name_));
      hosts_.push_back(std::move(host));
      Start(i);
    }
    loop_.SetAfterEvent([this] { Check(); });
  }

  void Start(size_t i) {
    Host& host = *hosts_[i];
    const LeaseOptions options = {
        .key = {"lb-system", "lbd"},
        .identity = fmt::format("{}-{}", host.name_, ++starts_)};
    host.elector_ = std::make_unique<LeaseElector>(
        &loop_, client_[i], &host, options, prng_.Fork(options.identity));
    host.elector_->Start();
  }

  // The host that may act; null: none, and a failure if there are two.
  Host* Holder() {
    Host* holder = nullptr;
    for (const auto& host : hosts_) {
      if (host->elector_ == nullptr || !host->elector_->IsHolder()) continue;
      EXPECT_EQ(holder, nullptr) << host->name_ << " acts, too";
      holder = host.get();
    }
    return holder;
  }

  // How long until a host acts; Infinite: none does within `limit`.
  absl::Duration UntilHeld(absl::Duration limit) {
    const absl::Time begin = loop_.Now();
    const bool is_held =
        loop_.RunUntil([&] { return Holder() != nullptr; }, limit);
    return is_held ? loop_.Now() - begin : absl::InfiniteDuration();
  }

  Prng prng_;
  io::SimLoop loop_;
  SimApiServer server_;
  std::vector<http::Client*> client_;
  std::vector<std::unique_ptr<Host>> hosts_;
  int starts_ = 0;
  bool two_acted_ = false;

 private:
  void Check() {
    int holders = 0;
    for (const auto& host : hosts_) {
      if (host->elector_ != nullptr && host->elector_->IsHolder()) ++holders;
    }
    two_acted_ |= holders > 1;
  }
};

TEST(LeaseElectorTest, OneOfThreeHoldsTheLeaseAndStays) {
  Cluster cluster(1);
  EXPECT_LE(cluster.UntilHeld(absl::Seconds(5)), absl::Milliseconds(600));
  Host* holder = cluster.Holder();
  ASSERT_NE(holder, nullptr);
  for (int i = 0; i < 100; ++i) {
    cluster.loop_.RunFor(absl::Milliseconds(700));
    EXPECT_EQ(cluster.Holder(), holder);
  }
  for (const auto& host : cluster.hosts_) {
    EXPECT_EQ(host->elector_->holder(), holder->elector_->holder());
  }
  EXPECT_FALSE(cluster.two_acted_);
}

TEST(LeaseElectorTest, OnlyTheHolderWrites) {
  Cluster cluster(2, /*hosts=*/20);
  cluster.loop_.RunFor(absl::Seconds(10));
  const size_t before = cluster.server_.log().requests().size();
  cluster.loop_.RunFor(absl::Seconds(60));
  EXPECT_LE(cluster.server_.log().requests().size() - before, 62u);
}

TEST(LeaseElectorTest, ALeaseThatIsGivenUpIsTakenAtOnce) {
  Cluster cluster(3);
  cluster.UntilHeld(absl::Seconds(5));
  Host* holder = cluster.Holder();
  ASSERT_NE(holder, nullptr);
  holder->elector_->Stop();
  EXPECT_EQ(cluster.Holder(), nullptr);
  EXPECT_LE(cluster.UntilHeld(absl::Seconds(5)), absl::Milliseconds(600));
  EXPECT_TRUE(holder->elector_->is_stopped());
  EXPECT_FALSE(cluster.two_acted_);
}

TEST(LeaseElectorTest, AHolderThatDiesIsReplacedAfterTheDuration) {
  Cluster cluster(4);
  cluster.UntilHeld(absl::Seconds(5));
  cluster.loop_.RunFor(absl::Seconds(10));
  Host* holder = cluster.Holder();
  ASSERT_NE(holder, nullptr);
  holder->elector_.reset();
  const absl::Duration wait = cluster.UntilHeld(absl::Seconds(20));
  EXPECT_GE(wait, absl::Seconds(4));
  EXPECT_LE(wait, absl::Seconds(6));
}

TEST(LeaseElectorTest, AHolderThatIsCutOffStopsBeforeAnotherBegins) {
  Cluster cluster(5);
  cluster.UntilHeld(absl::Seconds(5));
  cluster.loop_.RunFor(absl::Seconds(10));
  Host* holder = cluster.Holder();
  ASSERT_NE(holder, nullptr);
  const int elections = holder->elections_;
  cluster.server_.Cut(holder->name_);
  cluster.loop_.RunFor(absl::Seconds(4));
  EXPECT_FALSE(holder->elector_->IsHolder());
  EXPECT_GT(holder->elections_, elections);
  EXPECT_LE(cluster.UntilHeld(absl::Seconds(5)), absl::Seconds(2));
  EXPECT_NE(cluster.Holder(), holder);
  cluster.server_.Join(holder->name_);
  cluster.loop_.RunFor(absl::Seconds(30));
  EXPECT_NE(cluster.Holder(), holder);
  EXPECT_FALSE(cluster.two_acted_);
}

TEST(LeaseElectorTest, AServerThatIsAwayLeavesNoHolderAndThenOne) {
  Cluster cluster(6);
  cluster.UntilHeld(absl::Seconds(5));
  cluster.server_.Restart(absl::Seconds(20), absl::Seconds(1));
  cluster.loop_.RunFor(absl::Seconds(4));
  EXPECT_EQ(cluster.Holder(), nullptr);
  EXPECT_LE(cluster.UntilHeld(absl::Minutes(1)), absl::Seconds(25));
}

TEST(LeaseElectorTest, ADeletedLeaseIsCreatedAgain) {
  Cluster cluster(7);
  cluster.UntilHeld(absl::Seconds(5));
  cluster.loop_.RunFor(absl::Seconds(2));
  cluster.server_.Delete(LeaseResource(), {"lb-system", "lbd"});
  cluster.loop_.RunFor(absl::Seconds(10));
  EXPECT_NE(cluster.Holder(), nullptr);
}

// One fault, or the end of one.
void MeetFault(Cluster& cluster, Prng& prng) {
  const size_t i = prng.Uniform(cluster.hosts_.size());
  Host& host = *cluster.hosts_[i];
  SimFaultPlan& plan = cluster.server_.faults();
  switch (prng.Uniform(10)) {
    case 0:
      return cluster.server_.Cut(host.name_);
    case 1:
    case 2:
      return cluster.server_.Join(host.name_);
    case 3:
      return cluster.server_.LoseConnections(host.name_);
    case 4:
      return cluster.server_.Restart(prng.UniformDuration(absl::Seconds(8)),
                                     prng.UniformDuration(absl::Seconds(2)));
    case 5:
      plan = {};
      for (double* percent :
           {&plan.internal, &plan.lost_before, &plan.lost_after, &plan.slow,
            &plan.torn, &plan.too_many}) {
        if (prng.Chance(40)) *percent = 30;
      }
      return;
    case 6:
      return host.elector_->Stop();
    case 7:
      host.elector_.reset();
      return cluster.Start(i);
    case 8:
      return cluster.server_.SetCacheLag(
          prng.UniformDuration(absl::Seconds(prng.Chance(20) ? 8 : 1)));
    default:
      plan = {};
  }
}

void Heal(Cluster& cluster) {
  cluster.server_.faults() = {};
  cluster.server_.SetCacheLag(absl::Milliseconds(5));
  for (size_t i = 0; i < cluster.hosts_.size(); ++i) {
    cluster.server_.Join(cluster.hosts_[i]->name_);
    cluster.hosts_[i]->elector_.reset();
    cluster.Start(i);
  }
}

// Faults drawn from a seed: at no time two act, and in the end one does. A
// Lease that is deleted is not among the faults: the next one is another Lease.
TEST(LeaseElectorModelTest, NoTwoActAtOnce) {
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    Cluster cluster(seed, 4);
    Prng prng = Prng(seed).Fork("faults");
    for (int step = 0; step < 80; ++step) {
      MeetFault(cluster, prng);
      cluster.loop_.RunFor(prng.UniformDuration(absl::Seconds(3)));
    }
    ASSERT_FALSE(cluster.two_acted_) << "seed " << seed;
    Heal(cluster);
    ASSERT_LE(cluster.UntilHeld(absl::Minutes(1)), absl::Seconds(30))
        << "seed " << seed;
    ASSERT_FALSE(cluster.two_acted_) << "seed " << seed;
  }
}

}  // namespace
}  // namespace lb::kubernetes

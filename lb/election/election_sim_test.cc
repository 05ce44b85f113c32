// Five hosts that only tell one another that they live and what they claimed,
// and elect by what they hear: with the same members they agree.
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/election/election_table.h"
#include "lb/election/tenure.h"
#include "lb/io/environment.h"
#include "lb/io/sim/sim_host.h"
#include "lb/io/sim/sim_world.h"
#include "lb/net/endpoint.h"
#include "lb/net/ip_address.h"

namespace lb::election {
namespace {

constexpr absl::Duration kBeat = absl::Milliseconds(100);
constexpr absl::Duration kSilence = absl::Milliseconds(350);
constexpr uint32_t kVipCount = 60;

net::IpAddress VipAt(uint32_t i) {
  return net::IpAddress::Ipv4(0xac1009c9 + i);  // 172.16.9.201, ...
}

// A node: heartbeats to all hosts, members are those heard of lately. It claims
// what it announces, and announces nothing before it could hear of all.
class Node {
 public:
  Node(io::SimHost* host, std::vector<io::SimHost*> all, Policy policy)
      : name_(host->name()),
        env_(host->environment()),
        all_(std::move(all)),
        settled_at_(env_.loop->Now() + kSilence),
        tenures_(name_) {
    table_.SetDefaultPolicy(policy);
    table_.SetAdvertisements({{.name = "all"}});
    for (uint32_t i = 0; i < kVipCount; ++i) {
      table_.PutVip(KeyOf(i), {.address = VipAt(i), .pool = "p"});
    }
    env_.datagrams->SetReceiver(
        [this](const net::Endpoint&, absl::Span<const uint8_t> payload) {
          OnBeat(std::string(payload.begin(), payload.end()));
        });
    timer_ = env_.loop->NewTimer([this] { OnTimer(); });
    OnTimer();
  }
  ~Node() { env_.datagrams->SetReceiver(nullptr); }

  const std::set<uint32_t>& announced() const { return announced_; }

 private:
  static std::string KeyOf(uint32_t i) { return fmt::format("s{:02}", i); }

  void OnBeat(const std::string& beat) {
    const size_t end = beat.find('\n');
    heard_[beat.substr(0, end)] = env_.loop->Now();
    EXPECT_THAT(tenures_.Merge(beat.substr(end + 1)), IsOk());
  }

  void OnTimer() {
    const absl::Time now = env_.loop->Now();
    if (now >= settled_at_) HoldElections(now);
    const std::string text = name_ + "\n" + tenures_.FullMessage();
    const std::vector<uint8_t> beat(text.begin(), text.end());
    for (const io::SimHost* host : all_) {
      (void)env_.datagrams->Send(host->endpoint(), beat);  // Loss is the test.
    }
    timer_->Arm(now + kBeat);
  }

  void HoldElections(absl::Time now) {
    std::vector<std::string> members = {name_};
    for (const auto& [name, at] : heard_) {
      if (now - at < kSilence) members.push_back(name);
    }
    table_.SetMembers(members);
    for (uint32_t i = 0; i < kVipCount; ++i) {
      table_.SetHolder(KeyOf(i), tenures_.HolderOf(VipAt(i)));
    }
    table_.Update();
    announced_.clear();
    for (uint32_t i = 0; i < kVipCount; ++i) {
      if (NodesText(*table_.Find(KeyOf(i))) != name_) continue;
      announced_.insert(i);
      EXPECT_THAT(tenures_.Claim(VipAt(i), now), IsOk());
    }
  }

  const std::string name_;
  io::Environment env_;
  const std::vector<io::SimHost*> all_;
  const absl::Time settled_at_;
  TenureTable tenures_;
  ElectionTable table_;
  std::unique_ptr<io::Timer> timer_;
  std::map<std::string, absl::Time> heard_;
  std::set<uint32_t> announced_;
};

class ElectionSimTest : public testing::Test {
 protected:
  ElectionSimTest() {
    for (int i = 1; i <= 5; ++i) {
      hosts_.push_back(world_.AddHost(fmt::format("n{}", i),
                                      fmt::format("172.16.9.1{}/24", i)));
    }
  }
  ~ElectionSimTest() override { nodes_.clear(); }

  void StartAll(Policy policy) {
    policy_ = policy;
    for (io::SimHost* host : hosts_) Start(host);
    RunFor(absl::Seconds(1));
  }
  void Start(io::SimHost* host) {
    nodes_[host] = std::make_unique<Node>(host, hosts_, policy_);
  }
  void Crash(io::SimHost* host) {
    host->Crash();
    nodes_.erase(host);
    RunFor(absl::Seconds(1));
  }
  void Restart(io::SimHost* host) {
    host->Restart();
    Start(host);
    RunFor(absl::Seconds(1));
  }
  void RunFor(absl::Duration time) { world_.loop().RunFor(time); }

  // The announcers of each address, of running nodes among `hosts`.
  std::map<uint32_t, std::vector<std::string>> Announcers(
      const std::vector<io::SimHost*>& hosts) const {
    std::map<uint32_t, std::vector<std::string>> announcers;
    for (uint32_t i = 0; i < kVipCount; ++i) announcers[i];
    for (io::SimHost* host : hosts) {
      if (!host->running()) continue;
      for (const uint32_t vip : nodes_.at(host)->announced()) {
        announcers[vip].push_back(host->name());
      }
    }
    return announcers;
  }

  void ExpectOneAnnouncerEach(const std::vector<io::SimHost*>& hosts) const {
    for (const auto& [vip, announcers] : Announcers(hosts)) {
      EXPECT_THAT(announcers, testing::SizeIs(1)) << VipAt(vip).ToString();
    }
  }

  // `host` crashed: what it announced has one new announcer, all else the old.
  void ExpectOnlyItsAddressesMoved(
      const io::SimHost* host,
      const std::map<uint32_t, std::vector<std::string>>& before) const {
    ExpectOneAnnouncerEach(hosts_);
    for (const auto& [vip, announcers] : Announcers(hosts_)) {
      if (before.at(vip) != std::vector<std::string>{host->name()}) {
        EXPECT_EQ(announcers, before.at(vip));
      }
    }
  }

  Policy policy_ = Policy::kCompat;
  io::SimWorld world_{/*seed=*/7};
  std::vector<io::SimHost*> hosts_;
  std::map<io::SimHost*, std::unique_ptr<Node>> nodes_;
};

TEST_F(ElectionSimTest, ACrashMovesOnlyTheAddressesOfItsHost) {
  StartAll(Policy::kCompat);
  ExpectOneAnnouncerEach(hosts_);
  const auto before = Announcers(hosts_);
  Crash(hosts_[2]);
  ExpectOnlyItsAddressesMoved(hosts_[2], before);
  Restart(hosts_[2]);
  EXPECT_EQ(Announcers(hosts_), before);
}

TEST_F(ElectionSimTest, EachSideOfAPartitionAgreesAndSoDoAllAfterIt) {
  for (const Policy policy :
       {Policy::kCompat, Policy::kSticky, Policy::kBalanced}) {
    SCOPED_TRACE(std::string(ToString(policy)));
    StartAll(policy);
    const std::vector<io::SimHost*> left = {hosts_[0], hosts_[1]};
    const std::vector<io::SimHost*> right = {hosts_[2], hosts_[3], hosts_[4]};
    world_.Partition(left, right);
    RunFor(absl::Seconds(1));
    ExpectOneAnnouncerEach(left);
    ExpectOneAnnouncerEach(right);
    world_.Heal();
    RunFor(absl::Seconds(1));
    ExpectOneAnnouncerEach(hosts_);
    const auto healed = Announcers(hosts_);
    RunFor(absl::Seconds(5));
    EXPECT_EQ(Announcers(hosts_), healed);
    nodes_.clear();
  }
}

TEST_F(ElectionSimTest, WithHoldersAReturningHostTakesNothingBack) {
  for (const Policy policy : {Policy::kSticky, Policy::kBalanced}) {
    SCOPED_TRACE(std::string(ToString(policy)));
    StartAll(policy);
    ExpectOneAnnouncerEach(hosts_);
    for (io::SimHost* host : hosts_) {
      const auto before = Announcers(hosts_);
      Crash(host);
      ExpectOnlyItsAddressesMoved(host, before);
      const auto without = Announcers(hosts_);
      Restart(host);
      ExpectOneAnnouncerEach(hosts_);
      if (policy == Policy::kSticky) {
        EXPECT_EQ(Announcers(hosts_), without);
      }
    }
    nodes_.clear();
  }
}

}  // namespace
}  // namespace lb::election

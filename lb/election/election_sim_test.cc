// Five hosts that only tell one another that they live, and elect by what they
// hear: with the same members they agree, without a word about addresses.
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
#include "lb/election/candidates.h"
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

// A node: heartbeats to all hosts, members are those heard of lately.
class Node {
 public:
  Node(io::SimHost* host, std::vector<io::SimHost*> all)
      : name_(host->name()), env_(host->environment()), all_(std::move(all)) {
    env_.datagrams->SetReceiver([this](const net::Endpoint&,
                                       absl::Span<const uint8_t> payload) {
      heard_[std::string(payload.begin(), payload.end())] = env_.loop->Now();
    });
    timer_ = env_.loop->NewTimer([this] { OnBeat(); });
    OnBeat();
  }
  ~Node() { env_.datagrams->SetReceiver(nullptr); }

  const std::set<uint32_t>& announced() const { return announced_; }

 private:
  void OnBeat() {
    const absl::Time now = env_.loop->Now();
    for (const io::SimHost* host : all_) {
      const std::vector<uint8_t> beat(name_.begin(), name_.end());
      (void)env_.datagrams->Send(host->endpoint(), beat);  // Loss is the test.
    }
    std::set<std::string> members = {name_};
    for (const auto& [name, at] : heard_) {
      if (now - at < kSilence) members.insert(name);
    }
    if (members != members_) OnMembers(members);
    timer_->Arm(now + kBeat);
  }

  void OnMembers(const std::set<std::string>& members) {
    members_ = members;
    Cluster cluster;
    cluster.members.assign(members.begin(), members.end());
    cluster.advertisements = {{.name = "all"}};
    announced_.clear();
    for (uint32_t i = 0; i < kVipCount; ++i) {
      const Decision decision =
          Elect(cluster, {.address = VipAt(i), .pool = "p"});
      if (decision.winner == name_) announced_.insert(i);
    }
  }

  const std::string name_;
  io::Environment env_;
  const std::vector<io::SimHost*> all_;
  std::unique_ptr<io::Timer> timer_;
  std::map<std::string, absl::Time> heard_;
  std::set<std::string> members_;
  std::set<uint32_t> announced_;
};

class ElectionSimTest : public testing::Test {
 protected:
  ElectionSimTest() {
    for (int i = 1; i <= 5; ++i) {
      hosts_.push_back(world_.AddHost(fmt::format("n{}", i),
                                      fmt::format("172.16.9.1{}/24", i)));
    }
    for (io::SimHost* host : hosts_) Start(host);
  }
  ~ElectionSimTest() override { nodes_.clear(); }

  void Start(io::SimHost* host) {
    nodes_[host] = std::make_unique<Node>(host, hosts_);
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

  io::SimWorld world_{/*seed=*/7};
  std::vector<io::SimHost*> hosts_;
  std::map<io::SimHost*, std::unique_ptr<Node>> nodes_;
};

TEST_F(ElectionSimTest, ACrashMovesOnlyTheAddressesOfItsHost) {
  RunFor(absl::Seconds(1));
  ExpectOneAnnouncerEach(hosts_);
  const auto before = Announcers(hosts_);
  hosts_[2]->Crash();
  nodes_.erase(hosts_[2]);
  RunFor(absl::Seconds(1));
  ExpectOneAnnouncerEach(hosts_);
  for (const auto& [vip, announcers] : Announcers(hosts_)) {
    if (before.at(vip) != std::vector<std::string>{"n3"}) {
      EXPECT_EQ(announcers, before.at(vip));
    }
  }
  hosts_[2]->Restart();
  Start(hosts_[2]);
  RunFor(absl::Seconds(1));
  EXPECT_EQ(Announcers(hosts_), before);
}

TEST_F(ElectionSimTest, EachSideOfAPartitionAgreesAndSoDoAllAfterIt) {
  RunFor(absl::Seconds(1));
  const auto before = Announcers(hosts_);
  const std::vector<io::SimHost*> left = {hosts_[0], hosts_[1]};
  const std::vector<io::SimHost*> right = {hosts_[2], hosts_[3], hosts_[4]};
  world_.Partition(left, right);
  RunFor(absl::Seconds(1));
  ExpectOneAnnouncerEach(left);
  ExpectOneAnnouncerEach(right);
  world_.Heal();
  RunFor(absl::Seconds(1));
  EXPECT_EQ(Announcers(hosts_), before);
}

}  // namespace
}  // namespace lb::election

// GossipNodeTest: clusters of nodes on the simulated network.
#ifndef LB_GOSSIP_TESTING_CLUSTER_FIXTURE_H_
#define LB_GOSSIP_TESTING_CLUSTER_FIXTURE_H_

#include <algorithm>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "absl/time/time.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/gossip/gossip_node.h"
#include "lb/gossip/member.h"
#include "lb/gossip/options.h"
#include "lb/gossip/ports.h"
#include "lb/io/sim/sim_world.h"
#include "lb/net/endpoint.h"
#include "lb/net/ip_address.h"

namespace lb::gossip {

// Nodes n1, n2, ... at 10.0.0.1, 10.0.0.2, ...; all join n1 and n2.
class GossipNodeTest : public testing::Test {
 protected:
  struct Node {
    io::SimHost* host = nullptr;
    std::unique_ptr<GossipNode> gossip;
    std::vector<GossipEvent> events;
    bool crashed = false;
  };

  ~GossipNodeTest() override { nodes_.clear(); }

  // `count` nodes that know each other, and have told all there is to tell.
  void Cluster(int count, const GossipOptions& options = FastProfile()) {
    options_.gossip = options;
    for (int i = 1; i <= count; ++i) {
      AddNode();
      StartNode(i);
    }
    ASSERT_TRUE(RunUntilAll(absl::Seconds(20), [&](int number) {
      return UpCount(number) == count;
    }));
    world_->loop().RunFor(absl::Seconds(1));
    for (Node& node : nodes_) node.events.clear();
  }

  void AddNode() {
    const int number = static_cast<int>(nodes_.size()) + 1;
    Node node;
    node.host = world_->AddHost(fmt::format("n{}", number),
                                fmt::format("10.0.0.{}/24", number));
    nodes_.push_back(std::move(node));
  }

  void StartNode(int number, bool join = true) {
    Node& node = At(number);
    GossipNodeOptions options = options_;
    options.self.name = node.host->name();
    options.self.endpoint = node.host->endpoint();
    auto gossip =
        GossipNode::Create(options, Ports::From(node.host->environment()));
    ASSERT_THAT(gossip, IsOk());
    node.gossip = *std::move(gossip);
    node.crashed = false;
    node.gossip->SetObserver([this, number](const GossipEvent& event) {
      At(number).events.push_back(event);
    });
    node.gossip->Start();
    if (!join) return;
    ASSERT_THAT(node.gossip->Join(Seeds()), IsOk());
  }
  void Crash(int number) {
    At(number).host->Crash();
    At(number).gossip.reset();
    At(number).crashed = true;
  }

  static std::vector<net::Endpoint> Seeds() {
    return {{net::IpAddress::Ipv4(0x0a000001), 7946},
            {net::IpAddress::Ipv4(0x0a000002), 7946}};
  }
  Node& At(int number) { return nodes_[number - 1]; }
  GossipNode& Gossip(int number) { return *At(number).gossip; }
  std::vector<int> Running() const {
    std::vector<int> numbers;
    for (size_t i = 0; i < nodes_.size(); ++i) {
      if (nodes_[i].gossip && !nodes_[i].crashed) {
        numbers.push_back(static_cast<int>(i) + 1);
      }
    }
    return numbers;
  }

  int UpCount(int number) {
    int count = 0;
    for (const Member& member : Gossip(number).Members()) {
      count += member.is_up() ? 1 : 0;
    }
    return count;
  }
  // "joined n2", "failed n3", ... as seen by a node; without kVerified.
  std::vector<std::string> Changes(int number) {
    std::vector<std::string> texts;
    for (const GossipEvent& event : At(number).events) {
      const auto* change = std::get_if<MemberEvent>(&event);
      if (change == nullptr || change->change == MemberChange::kVerified)
        continue;
      static constexpr const char* kVerbs[] = {"joined", "updated",  "left",
                                               "failed", "verified", "moved"};
      texts.push_back(fmt::format("{} {}",
                                  kVerbs[static_cast<int>(change->change)],
                                  change->member.name));
    }
    return texts;
  }
  template <typename T>
  std::vector<T> EventsOf(int number) {
    std::vector<T> found;
    for (const GossipEvent& event : At(number).events) {
      if (const T* match = std::get_if<T>(&event)) found.push_back(*match);
    }
    return found;
  }

  // False: `holds` is not true of all running nodes within `limit`.
  template <typename Holds>
  bool RunUntilAll(absl::Duration limit, Holds holds) {
    return world_->loop().RunUntil(
        [&] {
          for (int number : Running()) {
            if (!holds(number)) return false;
          }
          return true;
        },
        limit);
  }
  bool RunUntilAllSee(absl::Duration limit, const std::string& change) {
    return RunUntilAll(limit, [&](int number) {
      const auto changes = Changes(number);
      return std::find(changes.begin(), changes.end(), change) != changes.end();
    });
  }

  GossipNodeOptions options_;
  std::unique_ptr<io::SimWorld> world_ = std::make_unique<io::SimWorld>(1);
  std::vector<Node> nodes_;
};

}  // namespace lb::gossip

#endif  // LB_GOSSIP_TESTING_CLUSTER_FIXTURE_H_

#include "lb/gossip/testing/starting_cluster.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <variant>

#include "fmt/format.h"
#include "lb/base/check.h"
#include "lb/base/prng.h"
#include "lb/gossip/gossip_node.h"
#include "lb/gossip/member.h"
#include "lb/gossip/ports.h"
#include "lb/io/sim/sim_world.h"
#include "lb/net/endpoint.h"

namespace lb::gossip {
namespace {

class StartingCluster {
 public:
  explicit StartingCluster(const StartingClusterOptions& options)
      : options_(options),
        world_(options.seed),
        prng_(world_.Fork("starts")),
        nodes_(options.nodes) {
    world_.network().paths().SetDefault({.loss_percent = options.loss_percent});
    for (int i = 0; i < options.nodes; ++i) {
      world_.AddHost(fmt::format("n{}", i + 1),
                     fmt::format("10.0.0.{}/24", i + 1));
    }
  }
  ~StartingCluster() { nodes_.clear(); }

  absl::Duration Run(absl::Duration limit) {
    std::vector<std::pair<absl::Duration, int>> starts;
    for (int i = 0; i < options_.nodes; ++i) {
      starts.emplace_back(prng_.UniformDuration(options_.spread), i);
    }
    std::sort(starts.begin(), starts.end());
    const absl::Time begin = world_.loop().Now();
    for (const auto& [at, node] : starts) {
      world_.loop().RunFor(begin + at - world_.loop().Now());
      Start(node);
    }
    const absl::Time last = world_.loop().Now();
    const int wanted = options_.nodes * (options_.nodes - 1);
    const bool all = world_.loop().RunUntil(
        [&] { return verified_pairs_ == wanted; }, limit);
    return all ? world_.loop().Now() - last : limit;
  }

 private:
  void Start(int number) {
    io::SimHost& host = *world_.hosts()[number];
    auto node = GossipNode::Create(
        {.self = {.name = host.name(), .endpoint = host.endpoint()},
         .gossip = options_.gossip},
        Ports::From(host.environment()));
    LB_CHECK(node.ok());
    nodes_[number] = *std::move(node);
    nodes_[number]->SetObserver([this](const GossipEvent& event) {
      if (const auto* change = std::get_if<MemberEvent>(&event)) Count(*change);
    });
    nodes_[number]->Start();
    LB_CHECK(nodes_[number]->Join(Seeds(number)).ok());
  }

  void Count(const MemberEvent& event) {
    if (event.change == MemberChange::kVerified) ++verified_pairs_;
    const bool down = event.change == MemberChange::kFailed ||
                      event.change == MemberChange::kLeft;
    if (down && event.member.verified) --verified_pairs_;
  }

  std::vector<net::Endpoint> Seeds(int number) const {
    const auto& hosts = world_.hosts();
    switch (options_.join) {
      case JoinList::kFirst:
        return {hosts[0]->endpoint()};
      case JoinList::kChain:
        return {hosts[std::max(0, number - 1)]->endpoint()};
      case JoinList::kAll:
        break;
    }
    std::vector<net::Endpoint> seeds;
    for (const auto& host : hosts) seeds.push_back(host->endpoint());
    return seeds;
  }

  const StartingClusterOptions options_;
  io::SimWorld world_;
  Prng prng_;
  std::vector<std::unique_ptr<GossipNode>> nodes_;
  int verified_pairs_ = 0;
};

}  // namespace

absl::Duration TimeUntilAllVerifiedAll(const StartingClusterOptions& options,
                                       absl::Duration limit) {
  return StartingCluster(options).Run(limit);
}

std::vector<NamedProfile> Profiles() {
  return {{"fast", FastProfile()},
          {"turbo", TurboProfile()},
          {"lan", LanProfile()},
          {"wan", WanProfile()},
          {"local", LocalProfile()}};
}

StartingTimes Summarize(std::vector<absl::Duration> times) {
  LB_CHECK(!times.empty());
  std::sort(times.begin(), times.end());
  return {.median = times[times.size() / 2], .worst = times.back()};
}

}  // namespace lb::gossip

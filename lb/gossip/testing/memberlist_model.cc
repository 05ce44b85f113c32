// A model of hashicorp/memberlist's dissemination; see starting_cluster.h.
#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <queue>
#include <set>
#include <utility>
#include <vector>

#include "absl/types/span.h"
#include "lb/base/prng.h"
#include "lb/gossip/dissemination.h"
#include "lb/gossip/testing/starting_cluster.h"

namespace lb::gossip {
namespace {

// Messages about members that one packet of 1400 bytes holds.
constexpr size_t kMessagesPerPacket = 14;

class MemberlistModel {
 public:
  explicit MemberlistModel(const StartingClusterOptions& options)
      : options_(options), prng_(options.seed), nodes_(options.nodes) {}

  absl::Duration Run(absl::Duration limit) {
    absl::Duration last;
    for (int i = 0; i < options_.nodes; ++i) {
      const absl::Duration start = prng_.UniformDuration(options_.spread);
      last = std::max(last, start);
      At(start, [this, i] { Start(i); });
    }
    while (!events_.empty() && known_pairs_ < Wanted()) {
      const Event event = events_.top();
      events_.pop();
      now_ = event.at;
      if (now_ - last > limit) return limit;
      event.task();
    }
    return std::max(now_ - last, absl::ZeroDuration());
  }

 private:
  struct Broadcast {
    int transmits = 0;
    uint64_t id = 0;
    int about = 0;
    friend bool operator<(const Broadcast& a, const Broadcast& b) {
      if (a.transmits != b.transmits) return a.transmits < b.transmits;
      return a.id > b.id;
    }
  };
  struct Node {
    bool up = false;
    std::set<int> others;
    std::set<Broadcast> queue;
    std::vector<int> probe_order;
  };
  struct Event {
    absl::Duration at;
    uint64_t number = 0;
    std::function<void()> task;
    friend bool operator>(const Event& a, const Event& b) {
      return a.at != b.at ? a.at > b.at : a.number > b.number;
    }
  };

  int Wanted() const { return options_.nodes * (options_.nodes - 1); }
  void At(absl::Duration at, std::function<void()> task) {
    events_.push({at, ++last_id_, std::move(task)});
  }
  void After(absl::Duration delay, std::function<void()> task) {
    At(now_ + delay, std::move(task));
  }
  absl::Duration Delay() {
    return absl::Microseconds(200) +
           prng_.UniformDuration(absl::Microseconds(100));
  }

  void Start(int node) {
    nodes_[node].up = true;
    nodes_[node].queue.insert({.id = ++last_id_, .about = node});
    const GossipOptions& gossip = options_.gossip;
    Repeat(node, gossip.dissemination.interval, &MemberlistModel::Gossip);
    Repeat(node, gossip.probe.interval, &MemberlistModel::Probe);
    Repeat(node, gossip.streams.push_pull_interval, &MemberlistModel::PushPull);
    if (node != 0) Join(node);
  }

  // Its Join() fails at once if no node listens there; here it is called again.
  void Join(int node) {
    if (nodes_[0].up) return Exchange(node, 0);
    After(absl::Milliseconds(100), [this, node] { Join(node); });
  }

  // At a random phase, as the original's timers.
  void Repeat(int node, absl::Duration interval,
              void (MemberlistModel::*task)(int)) {
    After(prng_.UniformDuration(interval),
          [this, node, interval, task] { Tick(node, interval, task); });
  }
  void Tick(int node, absl::Duration interval,
            void (MemberlistModel::*task)(int)) {
    (this->*task)(node);
    After(interval,
          [this, node, interval, task] { Tick(node, interval, task); });
  }

  // Connecting takes a round trip, then the states go one way each.
  void Exchange(int from, int to) {
    After(Delay() + Delay() + Delay(), [this, from, to] {
      const std::set<int> request = nodes_[from].others;
      const std::set<int> reply = nodes_[to].others;
      for (const int about : request) Learn(to, about);
      Learn(to, from);
      After(Delay(), [this, from, to, reply] {
        for (const int about : reply) Learn(from, about);
        Learn(from, to);
      });
    });
  }

  void Learn(int node, int about) {
    Node& at = nodes_[node];
    if (about == node || !at.others.insert(about).second) return;
    ++known_pairs_;
    const size_t place = prng_.Uniform(at.probe_order.size() + 1);
    at.probe_order.insert(
        at.probe_order.begin() + static_cast<std::ptrdiff_t>(place), about);
    at.queue.insert({.id = ++last_id_, .about = about});
  }

  // One packet that carries what waits, least sent first.
  void Send(int from, int to) {
    Node& node = nodes_[from];
    const int limit = RetransmitLimit(
        options_.gossip.dissemination.retransmit_mult, node.others.size() + 1);
    std::vector<Broadcast> taken;
    while (!node.queue.empty() && taken.size() < kMessagesPerPacket) {
      taken.push_back(*node.queue.begin());
      node.queue.erase(node.queue.begin());
    }
    std::vector<int> news;
    for (Broadcast& broadcast : taken) {
      news.push_back(broadcast.about);
      if (++broadcast.transmits < limit) node.queue.insert(broadcast);
    }
    After(Delay(), [this, to, news] {
      for (const int about : news) Learn(to, about);
    });
  }

  void Gossip(int node) {
    const std::set<int>& others = nodes_[node].others;
    std::vector<int> targets(others.begin(), others.end());
    prng_.Shuffle(absl::MakeSpan(targets));
    const auto count = static_cast<size_t>(options_.gossip.dissemination.nodes);
    if (targets.size() > count) targets.resize(count);
    for (const int to : targets) {
      if (!nodes_[node].queue.empty()) Send(node, to);
    }
  }

  // The ping and its ack carry gossip.
  void Probe(int node) {
    std::vector<int>& order = nodes_[node].probe_order;
    if (order.empty()) return;
    const int target = order.back();
    order.pop_back();
    order.insert(order.begin(), target);
    Send(node, target);
    After(Delay(), [this, node, target] { Send(target, node); });
  }

  void PushPull(int node) {
    const std::set<int>& others = nodes_[node].others;
    if (others.empty()) return;
    const std::vector<int> peers(others.begin(), others.end());
    Exchange(node, peers[prng_.Uniform(peers.size())]);
  }

  const StartingClusterOptions options_;
  Prng prng_;
  absl::Duration now_;
  uint64_t last_id_ = 0;
  int known_pairs_ = 0;
  std::vector<Node> nodes_;
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
};

}  // namespace

absl::Duration MemberlistTimeUntilAllKnowAll(
    const StartingClusterOptions& options, absl::Duration limit) {
  return MemberlistModel(options).Run(limit);
}

}  // namespace lb::gossip

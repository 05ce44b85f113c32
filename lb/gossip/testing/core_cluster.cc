#include "lb/gossip/testing/core_cluster.h"

#include <string>
#include <utility>
#include <variant>

#include "fmt/format.h"
#include "lb/base/check.h"
#include "lb/gossip/wire/message_codec.h"
#include "lb/net/ip_address.h"

namespace lb::gossip {
namespace {

constexpr uint32_t kFirstAddress = 0x0a000001;  // 10.0.0.1
constexpr size_t kReceivedMax = 2000;           // As a socket's buffer.

net::Endpoint EndpointOf(int member) {
  return {net::IpAddress::Ipv4(kFirstAddress + static_cast<uint32_t>(member)),
          7946};
}

std::string NameOf(int member) { return fmt::format("n{:05}", member); }

wire::PushPull Everybody(int members) {
  wire::PushPull all;
  for (int member = 0; member < members; ++member) {
    all.nodes.push_back(
        {.node = wire::Share({.name = NameOf(member),
                              .address = EndpointOf(member).address.ToBytes(),
                              .port = 7946,
                              .versions = wire::Bytes{1, 5, 2, 0, 0, 0}}),
         .incarnation = 1});
  }
  return all;
}

}  // namespace

GossipOptions PlainSwim() {
  GossipOptions options = LanProfile();
  options.probe.stream_pings = false;
  options.probe.awareness_max_multiplier = 1;
  options.suspicion.max_timeout_mult = 1;
  options.probe.buddy_suspects = false;
  options.probe.forgive_lateness = false;
  options.dissemination.direct_answers = false;
  options.reconnect.dead_peer_retry_time = absl::ZeroDuration();
  return options;
}

CoreCluster::CoreCluster(const CoreClusterOptions& options)
    : options_(options), prng_(options.seed), nodes_(options.members) {
  GossipOptions gossip = options.gossip;
  // What each says of all others at first is old news: most of it is dropped.
  gossip.dissemination.broadcasts_max = 64;
  const wire::PushPull everybody = Everybody(options.members);
  for (int member = 0; member < options.members; ++member) {
    Node& node = nodes_[member];
    node.core = std::make_unique<Membership>(
        gossip,
        NodeIdentity{.name = NameOf(member), .endpoint = EndpointOf(member)},
        prng_.Fork(NameOf(member)), now_, /*first_number=*/0);
    node.core->OnStreamRequest(now_, EndpointOf(0), everybody);
    node.core->TakeEvents();
    Drain(member);
    if (!IsHealthy(member)) {
      At(now_ + prng_.UniformDuration(options.run_max),
         [this, member] { Block(member); });
    }
  }
  Watch(-1);
}

void CoreCluster::Watch(int crashed) {
  watched_ = crashed;
  counts_ = {};
  false_verdicts_.clear();
  reports_.assign(nodes_.size(), absl::InfiniteFuture());
}

void CoreCluster::RunFor(absl::Duration duration) {
  const absl::Time end = now_ + duration;
  while (!events_.empty() && events_.top().at <= end) {
    const Event event = events_.top();
    events_.pop();
    now_ = event.at;
    (*event.task)();
  }
  now_ = end;
}

void CoreCluster::At(absl::Time time, Task task) {
  events_.push({time, ++last_event_, std::make_shared<Task>(std::move(task))});
}

void CoreCluster::OnMember(int member, Task task) {
  Node& node = nodes_[member];
  if (node.crashed) return;
  if (!node.blocked) {
    task();
    Drain(member);
  } else if (node.received.size() < kReceivedMax) {
    node.received.push_back(std::move(task));
  }
}

void CoreCluster::RunTimer(int member) {
  Node& node = nodes_[member];
  if (node.crashed || !node.unsent.empty()) return;
  if (node.core->NextDeadline() <= now_) node.core->OnTimer(now_);
  Drain(member);
}

void CoreCluster::Block(int member) {
  nodes_[member].blocked = true;
  At(now_ + prng_.UniformDuration(options_.block_max), [this, member] {
    Unblock(member);
    At(now_ + prng_.UniformDuration(options_.run_max),
       [this, member] { Block(member); });
  });
}

// What its timers have to say comes before what it has not yet read.
void CoreCluster::Unblock(int member) {
  Node& node = nodes_[member];
  node.blocked = false;
  if (node.crashed) return;
  for (const OutgoingPacket& packet : std::exchange(node.unsent, {})) {
    Send(member, packet);
  }
  RunTimer(member);
  for (const Task& task : std::exchange(node.received, {})) {
    OnMember(member, task);
  }
}

void CoreCluster::Drain(int member) {
  Node& node = nodes_[member];
  for (const OutgoingPacket& packet : node.core->TakeOutgoing()) {
    if (node.blocked) {
      node.unsent.push_back(packet);
    } else {
      Send(member, packet);
    }
  }
  for (const StreamRequest& request : node.core->TakeRequests()) {
    Exchange(member, request);
  }
  for (const GossipEvent& event : node.core->TakeEvents()) {
    Count(member, event);
  }
  const absl::Time deadline = node.core->NextDeadline();
  if (deadline >= node.armed || deadline == absl::InfiniteFuture()) return;
  node.armed = deadline;
  At(std::max(deadline, now_), [this, member, deadline] {
    if (nodes_[member].armed == deadline) {
      nodes_[member].armed = absl::InfiniteFuture();
    }
    RunTimer(member);
  });
}

void CoreCluster::Count(int member, const GossipEvent& event) {
  const auto* change = std::get_if<MemberEvent>(&event);
  if (change == nullptr || change->change != MemberChange::kFailed) return;
  const int subject = NumberOf(change->member.endpoint);
  if (subject == watched_) {
    reports_[member] = std::min(reports_[member], now_);
  }
  if (nodes_[subject].crashed || !IsHealthy(subject)) return;
  ++counts_.false_failures;
  if (!IsHealthy(member)) return;
  ++counts_.false_failures_at_healthy;
  if (false_verdicts_.emplace(subject, change->member.incarnation).second) {
    ++counts_.false_verdicts_at_healthy;
  }
}

void CoreCluster::Send(int from, const OutgoingPacket& packet) {
  ++counts_.datagrams;
  auto messages = std::make_shared<std::vector<wire::Message>>();
  size_t size = 0;
  for (const wire::Bytes& bytes : packet.messages) {
    counts_.bytes += bytes.size() + (packet.messages.size() > 1 ? 2 : 0);
    size += bytes.size();
    auto message = wire::ParseMessage(bytes);
    LB_CHECK(message.ok());
    messages->push_back(*std::move(message));
  }
  const int to = NumberOf(packet.to);
  if (prng_.Uniform(10000) < options_.loss_percent * 100) return;
  At(now_ + Delay(), [this, from, to, messages, size] {
    OnMember(to, [this, from, to, messages, size] {
      nodes_[to].core->OnPacket(now_, EndpointOf(from), *messages, size);
    });
  });
}

void CoreCluster::Exchange(int from, const StreamRequest& request) {
  const int to = NumberOf(request.to);
  const uint64_t id = request.id;
  At(now_ + Delay(), [this, from, to, id] {
    OnMember(from, [this, from, to, id] {
      Membership& core = *nodes_[from].core;
      if (!core.ExpectsReply(id)) return;  // Its deadline was before.
      Answer(from, to, id, core.OpeningMessage(id));
    });
  });
  At(request.deadline, [this, from, id] {
    OnMember(from, [this, from, id] {
      nodes_[from].core->OnRequestFailed(now_, id);
    });
  });
}

void CoreCluster::Answer(int from, int to, uint64_t id,
                         const wire::StreamMessage& request) {
  OnMember(to, [this, from, to, id, request] {
    auto reply =
        nodes_[to].core->OnStreamRequest(now_, EndpointOf(from), request);
    if (!reply) return;
    At(now_ + Delay(), [this, from, id, reply = *std::move(reply)] {
      OnMember(from, [this, from, id, reply] {
        nodes_[from].core->OnReply(now_, id, reply);
      });
    });
  });
}

int CoreCluster::NumberOf(const net::Endpoint& endpoint) const {
  const wire::Bytes b = endpoint.address.ToBytes();
  LB_CHECK(b.size() == 4);
  const uint32_t address = uint32_t{b[0]} << 24 | uint32_t{b[1]} << 16 |
                           uint32_t{b[2]} << 8 | uint32_t{b[3]};
  const uint32_t number = address - kFirstAddress;
  LB_CHECK(number < nodes_.size());
  return static_cast<int>(number);
}

absl::Duration CoreCluster::Delay() {
  return absl::Microseconds(200) +
         prng_.UniformDuration(absl::Microseconds(300));
}

}  // namespace lb::gossip

#include "tests/sim/cluster.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstddef>
#include <set>
#include <utility>

#include "lb/base/check.h"
#include "lb/gossip/options.h"
#include "lb/gossip/ports.h"
#include "lb/net/ip_address.h"

namespace lb {

Cluster::Cluster(uint64_t seed, int nodes, Delivery delivery, Sharing sharing)
    : world_(seed), delivery_(delivery), sharing_(sharing) {
  for (int i = 1; i <= nodes; ++i) {
    const std::string name = fmt::format("n{}", i);
    Node& node = nodes_[name];
    node.name = name;
    node.host = world_.AddHost(
        {.name = name,
         .addresses = {
             *net::ParseIpPrefix(fmt::format("172.18.8.{}/24", 10 + i)),
             *net::ParseIpPrefix(fmt::format("fe80::{}/64", 10 + i))}});
  }
  world_.loop().SetAfterEvent([this] { CheckInvariants(); });
}

Cluster::~Cluster() {
  world_.loop().SetAfterEvent({});
  for (auto& [name, node] : nodes_) {
    if (node.running()) node.Crash();
  }
}

std::vector<std::string> Cluster::names() const {
  std::vector<std::string> names;
  for (const auto& [name, node] : nodes_) names.push_back(name);
  return names;
}

void Cluster::SetManifests(const std::string& text) {
  for (const std::string& name : names()) SetManifests(name, text);
}

void Cluster::SetManifests(const std::string& name, const std::string& text) {
  Node& node = nodes_.at(name);
  node.manifests = text;
  if (node.running()) node.ReadManifests(parsed_);
}

void Cluster::Start(const std::string& name) {
  Node& node = nodes_.at(name);
  node.PowerOn();
  AgentOptions options;
  options.node = name;
  options.advertise = node.host->endpoint();
  if (choose_addresses_) options.advertise.address = {};
  options.gossip = gossip::FastProfile();
  options.delivery = delivery_;
  options.election_policy = policy_;
  for (const auto& [other, there] : nodes_) {
    if (other != name) options.join.push_back(there.host->endpoint());
  }
  if (node.change_options) node.change_options(options);
  node.checked_version = 0;
  node.Start(options, node.host->environment());
  node.ReadManifests(parsed_);
}

void Cluster::StartAll() {
  for (const std::string& name : names()) Start(name);
}

std::unique_ptr<gossip::GossipNode> Cluster::StartPeer(
    const std::string& node, const std::string& seed) {
  auto peer = gossip::GossipNode::Create(
      {.self = {.name = node, .endpoint = host(node).endpoint()},
       .gossip = gossip::FastProfile()},
      gossip::Ports::From(host(node).environment()));
  LB_CHECK(peer.ok());
  (*peer)->Start();
  LB_CHECK((*peer)->Join({host(seed).endpoint()}).ok());
  return *std::move(peer);
}

bool Cluster::RunUntilAgreed(absl::Duration limit) {
  // Checked ten times in a simulated second, because after each event it is
  // slow.
  const absl::Time end = world_.loop().Now() + limit;
  while (!Agreed()) {
    if (world_.loop().Now() >= end) return false;
    RunFor(absl::Milliseconds(100));
  }
  return true;
}

std::string Cluster::Show(const std::string& name) const {
  std::string text;
  const auto& agent = nodes_.at(name).agent;
  if (agent == nullptr) return text;
  const auto described = StatusView(agent->View()).DescribeServices();
  for (const auto& service : described.services()) {
    text += fmt::format(
        "{} {} {}\n", service.name(),
        service.addresses().empty()
            ? "-"
            : fmt::format("{}", fmt::join(service.addresses(), ",")),
        service.announcers().empty() ? "-" : service.announcers(0).node());
  }
  return text;
}

std::string Cluster::AddressOf(const std::string& node,
                               const std::string& service) const {
  const std::string shown = Show(node);
  const size_t at = shown.find("default/" + service + " ");
  if (at == std::string::npos) return "";
  const size_t begin = shown.find(' ', at) + 1;
  return shown.substr(begin, shown.find(' ', begin) - begin);
}

std::vector<std::string> Cluster::AnnouncersOf(
    const std::string& address) const {
  const net::IpAddress vip = *net::ParseIpAddress(address);
  std::vector<std::string> announcers;
  for (const auto& [name, node] : nodes_) {
    if (node.acts() && node.agent->View().announcing.Answers(vip)) {
      announcers.push_back(name);
    }
  }
  return announcers;
}

bool Cluster::Accepts(const net::MacAddress& mac,
                      const net::IpAddress& address) {
  for (auto& [name, node] : nodes_) {
    if (node.host->mac() == mac) return node.Accepts(address);
  }
  return false;
}

bool Cluster::Agreed() const {
  std::string first;
  for (const auto& [name, node] : nodes_) {
    if (node.agent == nullptr) continue;
    const std::string shown = Show(name);
    if (shown.find(" -") != std::string::npos) return false;
    // Not before the agent has taken up the newest manifests.
    if (std::count(shown.begin(), shown.end(), '\n') !=
        static_cast<ptrdiff_t>(node.desired.services.size())) {
      return false;
    }
    if (shown == first) continue;  // Then it says the same of announcers.
    if (!first.empty()) return false;
    first = shown;
    const auto described = StatusView(node.agent->View()).DescribeServices();
    for (const auto& service : described.services()) {
      for (const std::string& address : service.addresses()) {
        if (service.announcers_size() != 1 ||
            AnnouncersOf(address) !=
                std::vector<std::string>{service.announcers(0).node()}) {
          return false;
        }
      }
    }
  }
  return true;
}

void Cluster::CheckInvariants() {
  for (auto& [name, node] : nodes_) {
    if (node.agent == nullptr) continue;
    const uint64_t version = node.agent->View().addresses.version();
    if (std::exchange(node.checked_version, version) == version) continue;
    std::set<net::IpAddress> held;
    for (const auto& [service, entry] : node.agent->View().entries()) {
      for (const auto& assigned : entry.assignment.addresses) {
        const bool is_new = held.insert(assigned.address).second;
        LB_CHECK(is_new || sharing_ == Sharing::kAllowed);
      }
    }
  }
}

std::string Cluster::Dump() const {
  std::string text;
  for (const auto& [name, node] : nodes_) {
    text +=
        fmt::format("{}:{}\n{}", name,
                    node.agent == nullptr ? " not running" : "", Show(name));
    if (node.agent == nullptr) continue;
    for (const auto& [address, terms] :
         node.agent->View().announcing.elected()) {
      text += fmt::format("  announces {}\n", address.ToString());
    }
    for (const Event& event : node.host->log().Since(0)) {
      text += fmt::format(
          "  {} {} {}: {}\n",
          absl::FormatTime("%H:%M:%E3S", event.time, absl::UTCTimeZone()),
          event.reason, event.object.ToString(), event.message);
    }
  }
  return text;
}

}  // namespace lb

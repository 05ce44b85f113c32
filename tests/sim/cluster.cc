#include "tests/sim/cluster.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstddef>
#include <set>
#include <utility>

#include "lb/base/check.h"
#include "lb/config/manifests.h"
#include "lb/gossip/options.h"
#include "lb/net/ip_address.h"

namespace lb {

std::string PoolManifest(const std::string& name, const std::string& range) {
  return fmt::format(
      "---\n"
      "apiVersion: metallb.io/v1beta1\n"
      "kind: IPAddressPool\n"
      "metadata: {{name: {}}}\n"
      "spec: {{addresses: ['{}']}}\n",
      name, range);
}

std::string ServiceManifest(const std::string& name,
                            const std::string& wanted_address) {
  return fmt::format(
      "---\n"
      "apiVersion: v1\n"
      "kind: Service\n"
      "metadata: {{name: {}, namespace: default}}\n"
      "spec: {{type: LoadBalancer, loadBalancerIP: '{}', ports: [{{port: "
      "80}}]}}\n",
      name, wanted_address);
}

std::string Basics() {
  return PoolManifest("first-pool", "172.18.8.201-172.18.8.205") +
         kAdvertisement;
}

Cluster::Cluster(uint64_t seed, int nodes, Delivery delivery, Sharing sharing)
    : world_(seed), delivery_(delivery), sharing_(sharing) {
  for (int i = 1; i <= nodes; ++i) {
    const std::string name = fmt::format("n{}", i);
    nodes_[name].host = world_.AddHost(
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
    if (node.agent != nullptr) node.host->Crash();
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
  if (node.agent != nullptr) Load(node);
}

void Cluster::Load(Node& node) {
  config::Manifests manifests;
  config::ParseManifests("test.yaml", node.manifests, {}, &manifests);
  node.desired = config::BuildDesired(manifests, node.desired);
  node.agent->SetDesired(node.desired);
}

void Cluster::Start(const std::string& name) {
  Node& node = nodes_.at(name);
  LB_CHECK(node.agent == nullptr);
  if (!node.host->running()) node.host->Restart();
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
  auto agent = Agent::Create(options, node.host->environment());
  LB_CHECK(agent.ok());
  node.agent = *std::move(agent);
  node.checked_version = 0;
  node.desired = {};  // A new process remembers no earlier manifests.
  node.agent->Start();
  Load(node);
}

void Cluster::StartAll() {
  for (const std::string& name : names()) Start(name);
}

std::unique_ptr<gossip::GossipNode> Cluster::StartPeer(
    const std::string& node, const std::string& seed) {
  auto peer = gossip::GossipNode::Create(
      {.self = {.name = node, .endpoint = host(node).endpoint()},
       .gossip = gossip::FastProfile()},
      host(node).environment());
  LB_CHECK(peer.ok());
  (*peer)->Start();
  LB_CHECK((*peer)->Join({host(seed).endpoint()}).ok());
  return *std::move(peer);
}

void Cluster::Kill(const std::string& name) {
  nodes_.at(name).host->Kill();
  nodes_.at(name).agent.reset();
}

void Cluster::Crash(const std::string& name) {
  nodes_.at(name).host->Crash();
  nodes_.at(name).agent.reset();
}

bool Cluster::RunUntilAgreed(absl::Duration limit) {
  // Asked ten times a simulated second: asking after each event is slow.
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
  const auto described = StatusView(*agent).DescribeServices();
  for (const auto& service : described.services()) {
    text += fmt::format(
        "{} {} {}\n", service.name(),
        service.addresses().empty()
            ? "-"
            : fmt::format("{}", fmt::join(service.addresses(), ",")),
        service.announcing_node().empty() ? "-" : service.announcing_node());
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
    if (node.agent != nullptr && !node.host->process().paused() &&
        node.agent->announcing().Answers(vip)) {
      announcers.push_back(name);
    }
  }
  return announcers;
}

bool Cluster::Accepts(const net::MacAddress& mac,
                      const net::IpAddress& address) {
  for (auto& [name, node] : nodes_) {
    if (node.host->mac() != mac) continue;
    const io::Link* eth0 = node.host->links().Find("eth0");
    return eth0->carrier && node.host->powered() &&
           node.host->installer().installed().contains({"lo", address});
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
    const auto described = StatusView(*node.agent).DescribeServices();
    for (const auto& service : described.services()) {
      for (const std::string& address : service.addresses()) {
        if (AnnouncersOf(address) !=
            std::vector<std::string>{service.announcing_node()}) {
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
    const uint64_t version = node.agent->addresses().version();
    if (std::exchange(node.checked_version, version) == version) continue;
    std::set<net::IpAddress> held;
    for (const auto& [service, entry] : node.agent->address_entries()) {
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
    for (const auto& [address, terms] : node.agent->announcing().elected()) {
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

#include "lb/gossip/seeds.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "fmt/format.h"
#include "lb/io/link_monitor.h"

namespace lb::gossip {

Seeds::Seeds(std::vector<net::HostPort> seeds, const Ports& ports,
             GossipNode* node)
    : ports_(ports), node_(node), prng_(ports.prng.Fork("seeds")) {
  for (net::HostPort& where : seeds) {
    Seed& seed = seeds_.emplace_back();
    seed.where = std::move(where);
    if (seed.where.address) {
      seed.addresses = {*seed.where.address};
      seed.endpoints = {{*seed.where.address, seed.where.port}};
      seed.why = "no answer yet";
      continue;
    }
    seed.timer = ports_.loop->NewTimer(
        [this, index = seeds_.size() - 1] { LookUp(index); });
  }
}

Seeds::~Seeds() = default;

absl::Status Seeds::Join() {
  began_ = std::min(began_, ports_.loop->Now());
  std::vector<net::Endpoint> endpoints;
  for (size_t i = 0; i < seeds_.size(); ++i) {
    Seed& seed = seeds_[i];
    if (seed.timer != nullptr) {
      seed.delay = kRetryMin;
      LookUp(i);
    } else {
      seed.is_own = IsOwn(*seed.endpoints.begin());
    }
    if (!seed.is_own) {
      endpoints.insert(endpoints.end(), seed.endpoints.begin(),
                       seed.endpoints.end());
    }
  }
  return JoinAll(endpoints);
}

absl::Status Seeds::JoinAll(const std::vector<net::Endpoint>& endpoints) {
  return endpoints.empty() ? absl::OkStatus() : node_->Join(endpoints);
}

void Seeds::LookUp(size_t index) {
  Seed& seed = seeds_[index];
  if (seed.looking_up) return;
  if (ports_.resolver == nullptr) {
    seed.why = "host names cannot be looked up here";
    return;
  }
  seed.looking_up = true;
  ports_.resolver->Resolve(
      seed.where.host,
      [this, index, alive = std::weak_ptr<const bool>(alive_)](
          absl::StatusOr<std::vector<net::IpAddress>> addresses) {
        if (!alive.expired()) OnLookedUp(index, std::move(addresses));
      });
}

void Seeds::OnLookedUp(size_t index,
                       absl::StatusOr<std::vector<net::IpAddress>> addresses) {
  Seed& seed = seeds_[index];
  seed.looking_up = false;
  if (!addresses.ok()) {
    // What it had stays: the name server may be down, and the nodes up.
    seed.why = fmt::format("its name does not resolve: {}",
                           std::string(addresses.status().message()));
    return ArmLookup(seed, /*settled=*/false);
  }
  std::set<net::Endpoint> endpoints;
  size_t own = 0;
  for (const net::IpAddress& address : *addresses) {
    const net::Endpoint endpoint{address, seed.where.port};
    if (IsOwn(endpoint)) {
      ++own;
    } else if (CanReach(address)) {
      endpoints.insert(endpoint);
    }
  }
  seed.is_own = own > 0 && endpoints.empty();
  if (endpoints.empty() && !seed.is_own) {
    seed.why =
        fmt::format("none of its {} addresses can be reached from {}",
                    addresses->size(), ports_.datagrams->local().ToString());
  } else if (seed.endpoints.empty()) {
    seed.why = "no answer yet";
  }
  Replace(seed, std::move(endpoints));
  if (std::exchange(seed.addresses, *addresses) != *addresses && on_change_) {
    on_change_();
  }
  ArmLookup(seed, std::all_of(seed.endpoints.begin(), seed.endpoints.end(),
                              [&](const auto& endpoint) {
                                return IsMember(endpoint);
                              }));
}

std::vector<net::IpAddress> Seeds::Addresses() const {
  std::vector<net::IpAddress> all;
  for (const Seed& seed : seeds_) {
    all.insert(all.end(), seed.addresses.begin(), seed.addresses.end());
  }
  return all;
}

void Seeds::Replace(Seed& seed, std::set<net::Endpoint> endpoints) {
  const std::set<net::Endpoint> before =
      std::exchange(seed.endpoints, std::move(endpoints));
  for (const net::Endpoint& endpoint : before) {
    const bool is_listed = std::any_of(
        seeds_.begin(), seeds_.end(),
        [&](const Seed& other) { return other.endpoints.contains(endpoint); });
    if (!is_listed) node_->ForgetSeed(endpoint);
  }
  std::vector<net::Endpoint> added;
  for (const net::Endpoint& endpoint : seed.endpoints) {
    if (!before.contains(endpoint)) added.push_back(endpoint);
  }
  // Too many: the counter reconnect_overflow says so.
  JoinAll(added).IgnoreError();
}

void Seeds::ArmLookup(Seed& seed, bool settled) {
  absl::Duration wait = kRefresh;
  if (!settled) {
    // Half of it is chance, so that nodes do not ask together.
    wait = seed.delay / 2 + prng_.UniformDuration(seed.delay / 2);
    seed.delay = std::min(seed.delay * 2, kRetryMax);
  }
  seed.timer->Arm(ports_.loop->Now() + wait);
}

void Seeds::OnEvent(const GossipEvent& event) {
  if (const auto* done = std::get_if<ExchangeEvent>(&event)) {
    if (!done->initiated_by_us) return;
    for (Seed& seed : seeds_) {
      seed.answered |= seed.endpoints.contains(done->peer);
    }
  } else if (const auto* failed = std::get_if<ExchangeFailedEvent>(&event)) {
    for (Seed& seed : seeds_) {
      if (!seed.endpoints.contains(failed->peer)) continue;
      const std::string why(failed->why.message());
      seed.why = absl::IsUnauthenticated(failed->why)
                     ? "its answer does not decrypt: " + why
                     : why;
    }
  } else if (const auto* change = std::get_if<MemberEvent>(&event)) {
    const Member& member = change->member;
    for (Seed& seed : seeds_) {
      if (!seed.endpoints.contains(member.endpoint)) continue;
      if (member.is_up() && member.verified) seed.answered = true;
      if (member.is_up() || seed.timer == nullptr) continue;
      // It may come back at another address.
      seed.delay = kRetryMin;
      ArmLookup(seed, /*settled=*/false);
    }
  }
}

std::vector<Seeds::Unanswered> Seeds::ListUnanswered() const {
  std::vector<Unanswered> list;
  if (ports_.loop->Now() < began_ + kGrace) return list;
  for (const Seed& seed : seeds_) {
    if (seed.answered || seed.is_own) continue;
    list.push_back({.seed = seed.where,
                    .endpoints = {seed.endpoints.begin(), seed.endpoints.end()},
                    .why = seed.why});
  }
  return list;
}

bool Seeds::AllAnswered() const {
  return std::all_of(seeds_.begin(), seeds_.end(), [](const Seed& seed) {
    return seed.answered || seed.is_own;
  });
}

std::string Seeds::NameOf(const net::IpAddress& address) const {
  for (const Seed& seed : seeds_) {
    for (const net::Endpoint& endpoint : seed.endpoints) {
      if (endpoint.address == address) return seed.where.text;
    }
  }
  return "";
}

// A name of this host often stands for a loopback address in /etc/hosts. Where
// gossip goes over loopback, each such address may be another node.
bool Seeds::IsOwn(const net::Endpoint& endpoint) const {
  const net::Endpoint& self = node_->self().endpoint;
  if (endpoint == self) return true;
  if (endpoint.port != self.port || self.address.is_loopback()) return false;
  if (endpoint.address.is_loopback()) return true;
  if (ports_.links == nullptr) return false;
  const std::vector<io::Link> links = ports_.links->Links();
  return std::any_of(links.begin(), links.end(), [&](const io::Link& link) {
    return std::any_of(
        link.addresses.begin(), link.addresses.end(),
        [&](const auto& prefix) { return prefix.address == endpoint.address; });
  });
}

bool Seeds::CanReach(const net::IpAddress& address) const {
  if (address.is_unspecified() || address.is_link_local()) return false;
  return address.is_ipv4() || ports_.datagrams->local().address.is_ipv6();
}

bool Seeds::IsMember(const net::Endpoint& endpoint) const {
  const std::vector<Member> members = node_->VerifiedMembers();
  return std::any_of(members.begin(), members.end(), [&](const Member& member) {
    return member.endpoint == endpoint;
  });
}

}  // namespace lb::gossip

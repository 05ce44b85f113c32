#include "lb/bgp/advertisements/advertised_routes.h"

#include <algorithm>
#include <utility>

#include "absl/container/inlined_vector.h"
#include "absl/status/status.h"
#include "fmt/format.h"
#include "lb/base/check.h"
#include "lb/bgp/path_attributes.h"

namespace lb::bgp {
namespace {

const RouteSet kNoRoutes;

uint32_t PreferenceOf(const Advertisement& advertisement) {
  return advertisement.local_preference.value_or(
      PathAttributes::kLocalPreferenceDefault);
}

// What the service gives: each advertisement at each prefix once. They are a
// few, most often one.
struct GivenOne {
  net::IpPrefix prefix;
  std::shared_ptr<const Advertisement> advertisement;
};
using Given = absl::InlinedVector<GivenOne, 2>;

Given GivenBy(const AdvertisedService& service) {
  Given given;
  for (const AdvertisedAddress& one : service.addresses) {
    for (const auto& advertisement : one.advertisements) {
      const net::IpPrefix prefix = PrefixOf(*advertisement, one.address);
      const bool is_known =
          std::any_of(given.begin(), given.end(), [&](const GivenOne& known) {
            return known.prefix == prefix &&
                   known.advertisement->name == advertisement->name;
          });
      if (!is_known) given.push_back({prefix, advertisement});
    }
  }
  return given;
}

const AdvertisedAddress* Find(const AdvertisedService& service,
                              const net::IpAddress& address) {
  for (const AdvertisedAddress& one : service.addresses) {
    if (one.address == address) return &one;
  }
  return nullptr;
}

bool HasName(const Advertisements& all, std::string_view name) {
  return std::any_of(all.begin(), all.end(),
                     [&](const auto& one) { return one->name == name; });
}

// Keeps the advertisements for which `is_kept` holds, and the addresses that
// have any.
template <typename IsKept>
void Keep(AdvertisedService& service, const IsKept& is_kept) {
  for (AdvertisedAddress& one : service.addresses) {
    std::erase_if(one.advertisements, [&](const auto& advertisement) {
      return !is_kept(one.address, *advertisement);
    });
  }
  std::erase_if(service.addresses, [](const AdvertisedAddress& one) {
    return one.advertisements.empty();
  });
}

template <typename T>
void AppendTo(std::vector<T>& all, const std::vector<T>& more) {
  all.insert(all.end(), more.begin(), more.end());
}

// One without a MED counts as 0, as routers have it.
std::optional<uint32_t> LowerMed(std::optional<uint32_t> a,
                                 std::optional<uint32_t> b) {
  return a.value_or(0) <= b.value_or(0) ? a : b;
}

LinkBandwidth BandwidthOf(Asn asn, uint64_t endpoints) {
  return {.asn = asn,
          .bytes_per_second = std::max<uint64_t>(endpoints, 1) *
                              AdvertisedRoutes::kBytesPerSecondPerEndpoint};
}

}  // namespace

void AdvertisedRoutes::SetPeers(Peers peers) {
  if (peers == peers_) return;
  const auto is_gone = [&](const auto& entry) {
    return !peers.contains(entry.first);
  };
  std::erase_if(routes_, is_gone);
  std::erase_if(left_out_, is_gone);
  std::erase_if(changed_, is_gone);
  std::erase_if(problems_, [&](const auto& entry) {
    return !peers.contains(entry.first.second);
  });
  peers_ = std::move(peers);
  for (const auto& [prefix, all] : prefixes_) dirty_.push_back(prefix);
}

void AdvertisedRoutes::Announce(const std::string& service,
                                AdvertisedService wanted) {
  auto at = services_.lower_bound(service);
  if (at != services_.end() && at->first == service) {
    ForgetDeadline(service);
    Remove(at->second.service);
  } else {
    at = services_.emplace_hint(at, service, Held());
  }
  Add(wanted);
  at->second = {.service = std::move(wanted), .lost_at = {}};
}

void AdvertisedRoutes::Withdraw(const std::string& service) {
  const auto found = services_.find(service);
  if (found == services_.end()) return;
  ForgetDeadline(service);
  Remove(found->second.service);
  services_.erase(found);
}

void AdvertisedRoutes::WithdrawLater(const std::string& service,
                                     const AdvertisedService& wanted,
                                     absl::Time now) {
  const auto found = services_.find(service);
  if (found == services_.end()) return;
  Held& held = found->second;
  if (!held.lost_at) held.lost_at = now;
  AdvertisedService stays = wanted;
  stays.local_endpoints = held.service.local_endpoints;
  Keep(stays, [&](const net::IpAddress& address, const Advertisement& each) {
    const AdvertisedAddress* const before = Find(held.service, address);
    return before != nullptr && HasName(before->advertisements, each.name);
  });
  Replace(held, std::move(stays));
  DropEnded(found, now);
}

std::optional<absl::Time> AdvertisedRoutes::NextDeadline() const {
  if (deadlines_.empty()) return std::nullopt;
  return deadlines_.begin()->first;
}

void AdvertisedRoutes::OnTimer(absl::Time now) {
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
    const std::string service = deadlines_.begin()->second;
    DropEnded(services_.find(service), now);
  }
}

// Withdraws what is given by advertisements whose hold is over.
void AdvertisedRoutes::DropEnded(Services::iterator service, absl::Time now) {
  LB_CHECK(service != services_.end());
  Held& held = service->second;
  ForgetDeadline(service->first);
  AdvertisedService stays = held.service;
  Keep(stays, [&](const net::IpAddress&, const Advertisement& each) {
    return *held.lost_at + each.withdraw_hold > now;
  });
  Replace(held, std::move(stays));
  if (held.service.addresses.empty()) {
    services_.erase(service);
  } else {
    SetDeadline(service->first, held);
  }
}

void AdvertisedRoutes::Replace(Held& held, AdvertisedService now) {
  Remove(held.service);
  Add(now);
  held.service = std::move(now);
}

void AdvertisedRoutes::SetDeadline(const std::string& service,
                                   const Held& held) {
  absl::Time next = absl::InfiniteFuture();
  for (const AdvertisedAddress& one : held.service.addresses) {
    for (const auto& advertisement : one.advertisements) {
      next = std::min(next, *held.lost_at + advertisement->withdraw_hold);
    }
  }
  deadlines_.emplace(next, service);
  deadline_of_[service] = next;
}

void AdvertisedRoutes::ForgetDeadline(const std::string& service) {
  const auto found = deadline_of_.find(service);
  if (found == deadline_of_.end()) return;
  deadlines_.erase({found->second, service});
  deadline_of_.erase(found);
}

void AdvertisedRoutes::Add(const AdvertisedService& service) {
  for (const auto& [prefix, advertisement] : GivenBy(service)) {
    Contribution& one = prefixes_[prefix][advertisement->name];
    one.advertisement = advertisement;
    ++one.services;
    one.local_endpoints += service.local_endpoints;
    dirty_.push_back(prefix);
  }
}

void AdvertisedRoutes::Remove(const AdvertisedService& service) {
  for (const auto& [prefix, advertisement] : GivenBy(service)) {
    const auto all = prefixes_.find(prefix);
    LB_CHECK(all != prefixes_.end());
    const auto one = all->second.find(advertisement->name);
    LB_CHECK(one != all->second.end());
    one->second.local_endpoints -= service.local_endpoints;
    if (--one->second.services == 0) all->second.erase(one);
    if (all->second.empty()) prefixes_.erase(all);
    dirty_.push_back(prefix);
  }
}

std::optional<AdvertisedRoutes::Merged> AdvertisedRoutes::Merge(
    const Contributions& all, const std::string& peer, Asn asn) const {
  std::optional<Merged> merged;
  const Advertisement* first = nullptr;  // With the highest preference.
  const Advertisement* other = nullptr;  // With a lower one.
  for (const auto& [name, one] : all) {
    const Advertisement& each = *one.advertisement;
    if (!each.IsFor(peer)) continue;
    const bool is_first = !merged;
    if (is_first) {
      merged =
          Merged{.attributes = {.med = each.med, .prepends = each.prepends}};
      first = &each;
    }
    PathAttributes& attributes = merged->attributes;
    if (PreferenceOf(each) != PreferenceOf(*first)) {
      const bool is_higher = PreferenceOf(each) > PreferenceOf(*first);
      other = is_higher ? first : &each;
      if (is_higher) first = &each;
    }
    attributes.med = LowerMed(attributes.med, each.med);
    attributes.prepends = std::min(attributes.prepends, each.prepends);
    AppendTo(attributes.communities, each.communities);
    AppendTo(attributes.large_communities, each.large_communities);
    if (each.link_bandwidth) {
      attributes.link_bandwidth =
          std::max(attributes.link_bandwidth,
                   std::optional(BandwidthOf(asn, one.local_endpoints)));
    }
  }
  if (!merged) return std::nullopt;
  merged->attributes.local_preference = first->local_preference;
  merged->attributes.Normalize();
  if (other != nullptr) {
    merged->problem = fmt::format("local-preference {} of {}, not {} of {}",
                                  PreferenceOf(*first), first->name,
                                  PreferenceOf(*other), other->name);
  }
  return merged;
}

void AdvertisedRoutes::NoteProblem(const net::IpPrefix& prefix,
                                   const std::string& peer,
                                   std::string problem) {
  if (problem.empty()) {
    problems_.erase({prefix, peer});
  } else {
    problems_[{prefix, peer}] = std::move(problem);
  }
}

bool AdvertisedRoutes::UpdateRoute(const net::IpPrefix& prefix,
                                   const std::string& peer, Asn asn) {
  RouteSet& routes = routes_[peer];
  const PathAttributes* const before = routes.Find(prefix);
  left_out_[peer].erase(prefix);
  const auto all = prefixes_.find(prefix);
  std::optional<Merged> merged;
  if (all != prefixes_.end()) merged = Merge(all->second, peer, asn);
  std::string problem = merged ? merged->problem : "";
  if (merged && before == nullptr && routes.size() >= routes_max_) {
    problem = fmt::format("not told, want at most {} routes", routes_max_);
    left_out_[peer].insert(prefix);
    merged.reset();
  }
  if (merged && before != nullptr && *before == merged->attributes) {
    NoteProblem(prefix, peer, std::move(problem));
    return false;
  }
  if (merged) {
    const absl::Status verdict = routes.Set({prefix, merged->attributes});
    if (!verdict.ok()) {
      problem = fmt::format("not told: {}", std::string(verdict.message()));
      merged.reset();
    }
  }
  const bool is_told = merged.has_value();
  const bool was_told = !is_told && routes.Erase(prefix);
  NoteProblem(prefix, peer, std::move(problem));
  if (!is_told && !was_told) return false;
  Prefixes& changed = changed_[peer];
  changed.insert(changed.end(), prefix);  // Most often it is the last one.
  return true;
}

// Tells routes for which there was no room before.
bool AdvertisedRoutes::FillUp() {
  bool changed = false;
  for (auto& [peer, prefixes] : left_out_) {
    while (!prefixes.empty() && routes_[peer].size() < routes_max_) {
      const net::IpPrefix prefix = *prefixes.begin();
      changed |= UpdateRoute(prefix, peer, peers_.at(peer));
    }
  }
  return changed;
}

bool AdvertisedRoutes::Update() {
  bool changed = false;
  std::vector<net::IpPrefix> dirty = std::exchange(dirty_, {});
  std::sort(dirty.begin(), dirty.end());
  dirty.erase(std::unique(dirty.begin(), dirty.end()), dirty.end());
  for (const net::IpPrefix& prefix : dirty) {
    for (const auto& [peer, asn] : peers_) {
      changed |= UpdateRoute(prefix, peer, asn);
    }
  }
  return FillUp() || changed;
}

const RouteSet& AdvertisedRoutes::RoutesOf(std::string_view peer) const {
  const auto found = routes_.find(peer);
  return found == routes_.end() ? kNoRoutes : found->second;
}

std::vector<std::string> AdvertisedRoutes::problems() const {
  std::vector<std::string> lines;
  for (const auto& [key, problem] : problems_) {
    const auto& [prefix, peer] = key;
    lines.push_back(
        fmt::format("{} to {}: {}", prefix.ToString(), peer, problem));
  }
  return lines;
}

std::string AdvertisedRoutes::ToString() const {
  std::string text;
  for (const auto& [peer, asn] : peers_) {
    text += fmt::format("to {}:\n{}", peer, RoutesOf(peer).ToString());
  }
  return text;
}

}  // namespace lb::bgp

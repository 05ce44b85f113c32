// Random changes: the routes that are kept are those that a slow look at all
// that was said gives, and what changed is what was said to have changed.
#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "fmt/format.h"
#include "gtest/gtest.h"
#include "lb/base/prng.h"
#include "lb/bgp/advertisements/advertised_routes.h"
#include "lb/net/ip_address.h"

namespace lb::bgp {
namespace {

constexpr size_t kServices = 6;

// One route that one service gives, before anything is merged.
struct Item {
  net::IpAddress address;
  Advertisement advertisement;
  uint64_t endpoints = 0;
  absl::Time until = absl::InfiniteFuture();
};

struct Lost {
  std::optional<absl::Time> at;
  std::vector<Item> items;
};

using World = std::map<std::string, Lost>;

std::optional<PathAttributes> SlowRoute(const World& world,
                                        const net::IpPrefix& prefix,
                                        const std::string& peer, Asn asn) {
  std::map<std::string, std::map<std::string, Item>> by_name;  // By service.
  for (const auto& [service, lost] : world) {
    for (const Item& item : lost.items) {
      if (PrefixOf(item.advertisement, item.address) != prefix) continue;
      if (!item.advertisement.IsFor(peer)) continue;
      by_name[item.advertisement.name].emplace(service, item);
    }
  }
  if (by_name.empty()) return std::nullopt;
  PathAttributes route = {.prepends = 1000};
  uint64_t med = uint64_t{1} << 40;
  uint32_t best = 0, endpoints = 0;
  bool weighed = false;
  for (const auto& [name, services] : by_name) {
    const Advertisement& one = services.begin()->second.advertisement;
    best = std::max(best, one.local_preference.value_or(100));
    med = std::min<uint64_t>(med, one.med.value_or(0));
    route.prepends = std::min(route.prepends, one.prepends);
    for (const Community& each : one.communities) {
      route.communities.push_back(each);
    }
    uint32_t sum = 0;
    for (const auto& [service, item] : services) sum += item.endpoints;
    weighed |= one.link_bandwidth;
    if (one.link_bandwidth) endpoints = std::max(endpoints, sum);
  }
  route.local_preference = best;
  route.med = med;
  if (weighed) {
    route.link_bandwidth = {asn,
                            std::max<uint64_t>(endpoints, 1) *
                                AdvertisedRoutes::kBytesPerSecondPerEndpoint};
  }
  route.Normalize();
  return route;
}

// What a router makes of it: the defaults spelt out.
PathAttributes SpeltOut(PathAttributes route) {
  route.local_preference = route.local_preference.value_or(100);
  route.med = route.med.value_or(0);
  return route;
}

class Model {
 public:
  explicit Model(uint64_t seed) : prng_(seed) {
    for (int i = 0; i < 4; ++i) {
      names_.push_back(std::string(1, static_cast<char>('a' + i)));
      Change(names_.back());
    }
  }

  void Step() {
    now_ += absl::Seconds(prng_.Uniform(3));
    OnTimer();
    const std::string service = fmt::format("s{}", prng_.Uniform(kServices));
    const uint64_t what = prng_.Uniform(100);
    if (what < 40) {
      Announce(service);
    } else if (what < 60) {
      Withdraw(service);
    } else if (what < 80) {
      WithdrawLater(service);
    } else if (what < 90) {
      ChangeAll();
    } else {
      ChangePeers();
    }
    if (prng_.Chance(70)) Compare();
  }

  size_t told() const { return told_; }
  size_t held() const { return held_; }
  size_t problems() const { return problems_; }

 private:
  // All services that have the advertisement are told of its new terms.
  void Change(const std::string& name) {
    Advertisement one = {.name = name};
    one.aggregation_length = prng_.Chance(50) ? 32 : 30;
    if (prng_.Chance(40)) one.peers = {"p0"};
    if (prng_.Chance(40)) one.local_preference = 50 * prng_.Uniform(4);
    if (prng_.Chance(40)) one.med = prng_.Uniform(3);
    one.prepends = static_cast<int>(prng_.Uniform(3));
    for (uint64_t i = prng_.Uniform(3); i > 0; --i) {
      one.communities.push_back({static_cast<uint32_t>(prng_.Uniform(4))});
    }
    one.link_bandwidth = prng_.Chance(40);
    if (prng_.Chance(50)) one.withdraw_hold = absl::Seconds(prng_.Uniform(9));
    advertisements_[name] = std::make_shared<const Advertisement>(one);
  }

  void ChangeAll() {
    const std::string name = names_[prng_.Uniform(names_.size())];
    Change(name);
    for (size_t i = 0; i < kServices; ++i) {
      const std::string service = fmt::format("s{}", i);
      if (wanted_.contains(service)) Say(service);
    }
  }

  AdvertisedService Random() {
    AdvertisedService service = {.local_endpoints = prng_.Uniform(4)};
    std::set<net::IpAddress> addresses;
    for (uint64_t i = prng_.Uniform(3); i > 0; --i) {
      addresses.insert(net::IpAddress::Ipv4(
          static_cast<uint32_t>(0xc0000200 + prng_.Uniform(8))));
    }
    for (const net::IpAddress& address : addresses) {
      AdvertisedAddress one = {address};
      for (const std::string& name : names_) {
        if (prng_.Chance(50)) {
          one.advertisements.push_back(advertisements_[name]);
        }
      }
      if (!one.advertisements.empty()) service.addresses.push_back(one);
    }
    return service;
  }

  // The same with the advertisements as they are now.
  AdvertisedService Renewed(AdvertisedService service) {
    for (AdvertisedAddress& one : service.addresses) {
      for (auto& each : one.advertisements) each = advertisements_[each->name];
    }
    return service;
  }

  void Say(const std::string& service) {
    const AdvertisedService wanted = Renewed(wanted_.at(service));
    if (lost_.contains(service)) {
      SayLost(service, wanted);
    } else {
      SayAnnounced(service, wanted);
    }
  }

  void SayAnnounced(const std::string& service,
                    const AdvertisedService& wanted) {
    routes_.Announce(service, wanted);
    world_[service] = {};
    for (const AdvertisedAddress& one : wanted.addresses) {
      for (const auto& each : one.advertisements) {
        world_[service].items.push_back(
            {one.address, *each, wanted.local_endpoints});
      }
    }
  }

  void SayLost(const std::string& service, const AdvertisedService& wanted) {
    routes_.WithdrawLater(service, wanted, now_);
    const auto found = world_.find(service);
    if (found == world_.end()) return;
    Lost before = std::exchange(found->second, {});
    const absl::Time at = before.at.value_or(now_);
    found->second.at = at;
    for (const AdvertisedAddress& one : wanted.addresses) {
      for (const auto& each : one.advertisements) {
        for (const Item& item : before.items) {
          if (item.address != one.address) continue;
          if (item.advertisement.name != each->name) continue;
          found->second.items.push_back(
              {one.address, *each, item.endpoints, at + each->withdraw_hold});
          ++held_;
        }
      }
    }
    DropEnded();
  }

  void Announce(const std::string& service) {
    wanted_[service] = Random();
    lost_.erase(service);
    Say(service);
  }

  void Withdraw(const std::string& service) {
    routes_.Withdraw(service);
    wanted_.erase(service);
    lost_.erase(service);
    world_.erase(service);
  }

  void WithdrawLater(const std::string& service) {
    if (!wanted_.contains(service)) return;
    if (prng_.Chance(20)) wanted_[service] = Random();
    lost_.insert(service);
    Say(service);
  }

  void OnTimer() {
    routes_.OnTimer(now_);
    DropEnded();
    const auto next = routes_.NextDeadline();
    EXPECT_TRUE(!next || *next > now_);
  }

  void DropEnded() {
    for (auto& [service, lost] : world_) {
      std::erase_if(lost.items,
                    [&](const Item& item) { return item.until <= now_; });
    }
    std::erase_if(world_, [](const auto& entry) {
      return entry.second.at && entry.second.items.empty();
    });
  }

  void ChangePeers() {
    peers_.clear();
    for (int i = 0; i < 3; ++i) {
      if (prng_.Chance(60)) {
        peers_[fmt::format("p{}", i)] =
            Asn{static_cast<uint32_t>(1 + prng_.Uniform(2))};
      }
    }
    routes_.SetPeers(peers_);
    std::erase_if(told_before_, [&](const auto& entry) {
      return !peers_.contains(entry.first);
    });
  }

  void Compare() {
    routes_.Update();
    auto changed = routes_.TakeChanged();
    problems_ += routes_.problems().size();
    for (const auto& [peer, asn] : peers_) {
      RouteSet::Map told;
      for (uint32_t i = 0; i < 8; ++i) {
        const net::IpAddress address = net::IpAddress::Ipv4(0xc0000200 + i);
        for (const int length : {30, 32}) {
          const net::IpPrefix prefix = NetworkOf({address, length});
          const auto route = SlowRoute(world_, prefix, peer, asn);
          const PathAttributes* const kept =
              routes_.RoutesOf(peer).Find(prefix);
          ASSERT_EQ(kept != nullptr, route.has_value()) << prefix.ToString();
          if (kept == nullptr) continue;
          EXPECT_EQ(SpeltOut(*kept).ToString(), route->ToString());
          told[prefix] = *kept;
          ++told_;
        }
      }
      EXPECT_EQ(routes_.RoutesOf(peer).size(), told.size());
      EXPECT_EQ(changed[peer], ChangedIn(told_before_[peer], told)) << peer;
      told_before_[peer] = told;
    }
  }

  static AdvertisedRoutes::Prefixes ChangedIn(const RouteSet::Map& before,
                                              const RouteSet::Map& now) {
    AdvertisedRoutes::Prefixes changed;
    for (const auto& [prefix, route] : before) {
      const auto found = now.find(prefix);
      if (found == now.end() || found->second != route) changed.insert(prefix);
    }
    for (const auto& [prefix, route] : now) {
      if (!before.contains(prefix)) changed.insert(prefix);
    }
    return changed;
  }

  Prng prng_;
  absl::Time now_ = absl::UnixEpoch();
  AdvertisedRoutes routes_;
  AdvertisedRoutes::Peers peers_;
  std::vector<std::string> names_;
  std::map<std::string, std::shared_ptr<const Advertisement>> advertisements_;
  std::map<std::string, AdvertisedService> wanted_;
  std::set<std::string> lost_;
  World world_;
  std::map<std::string, RouteSet::Map> told_before_;
  size_t told_ = 0, held_ = 0, problems_ = 0;
};

TEST(AdvertisedRoutesModelTest, KeepsWhatASlowLookGives) {
  size_t told = 0, held = 0, problems = 0;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    Model model(seed);
    for (int step = 0; step < 100 && !HasFailure(); ++step) {
      SCOPED_TRACE(fmt::format("step {}", step));
      model.Step();
    }
    if (HasFailure()) return;
    told += model.told();
    held += model.held();
    problems += model.problems();
  }
  EXPECT_GT(told, 5000u);
  EXPECT_GT(held, 500u);
  EXPECT_GT(problems, 500u);
}

}  // namespace
}  // namespace lb::bgp

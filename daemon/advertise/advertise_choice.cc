#include "daemon/advertise/advertise_choice.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "lb/announce/interface.h"

namespace lb {
namespace {

bool HasFullLength(const net::IpPrefix& prefix) {
  return prefix.length == net::BitCount(prefix.address.family());
}

// Returns the name of the pool that has the address; empty if none has it.
std::string PoolOf(const net::IpAddress& address,
                   absl::Span<const ipam::Pool> pools) {
  for (const ipam::Pool& pool : pools) {
    for (const net::IpRange& range : pool.ranges) {
      if (range.Contains(address)) return pool.name;
    }
  }
  return "";
}

bool IsReachable(const net::IpAddress& address) {
  return !address.is_unspecified() && !address.is_loopback() &&
         !address.is_link_local() && !address.is_multicast();
}

// An address and the link that has it.
struct Place {
  const io::Link* link = nullptr;
  net::IpPrefix prefix;
  bool excluded = false;
};

class Judge {
 public:
  explicit Judge(const AdvertiseFacts& facts) : facts_(facts) {
    const auto choices = announce::SelectInterfaces(
        facts.links, {.include = {}, .exclude = facts.exclude});
    for (size_t i = 0; i < facts.links.size(); ++i) {
      const bool excluded =
          choices[i].arp == announce::InterfaceState::kExcluded;
      for (const net::IpPrefix& prefix : facts.links[i].addresses) {
        places_.push_back({&facts.links[i], prefix, excluded});
      }
    }
  }

  AdvertiseChoice Choose() {
    for (const WayOut& way : facts_.ways) {
      if (way.fit == AdvertiseFit::kDefault) {
        default_sources_.push_back(way.route.source);
      }
    }
    for (const WayOut& way : facts_.ways) Offer(way);
    return std::move(choice_);
  }

 private:
  const Place* Find(const net::IpAddress& address) const {
    for (const Place& place : places_) {
      if (place.prefix.address == address) return &place;
    }
    return nullptr;
  }

  void Offer(const WayOut& way) {
    const net::IpAddress& source = way.route.source;
    if (!IsReachable(source)) return;
    const Place* place = Find(source);
    if (place == nullptr) return;  // Not on a link: NAT, a tunnel.
    place = InsteadOfServices(place);
    const std::string why_not = Refusal(way, *place);
    if (!why_not.empty()) {
      const std::string text =
          fmt::format("{} ({}): {}", place->prefix.address.ToString(),
                      place->link->name, why_not);
      if (std::find(choice_.refused.begin(), choice_.refused.end(), text) ==
          choice_.refused.end()) {
        choice_.refused.push_back(text);
      }
      return;
    }
    const bool own_seed = way.fit == AdvertiseFit::kSeed && way.route.local;
    Take(own_seed ? AdvertiseFit::kOwnSeed : way.fit,
         {.address = place->prefix.address,
          .interface = place->link->name,
          .towards = way.towards});
  }

  // If a pool has the address, returns the host's own one on the link: the
  // address of a service may have come to the link first.
  const Place* InsteadOfServices(const Place* place) const {
    if (PoolOf(place->prefix.address, facts_.pools).empty()) return place;
    for (const Place& other : places_) {
      if (other.link == place->link && !HasFullLength(other.prefix) &&
          other.prefix.address.family() == place->prefix.address.family() &&
          IsReachable(other.prefix.address) &&
          PoolOf(other.prefix.address, facts_.pools).empty()) {
        return &other;
      }
    }
    return place;
  }

  std::string Refusal(const WayOut& way, const Place& place) const {
    const io::Link& link = *place.link;
    if (!link.up) return "down";
    if (!link.carrier) return "no carrier";
    if (!IsOwnAddress(place.prefix, facts_.pools)) {
      return "of pool " + PoolOf(place.prefix.address, facts_.pools);
    }
    if (way.fit == AdvertiseFit::kSeed) {
      // An address that moves between hosts may be in the join list too.
      const bool is_hosts =
          !way.route.local || !HasFullLength(place.prefix) ||
          std::find(default_sources_.begin(), default_sources_.end(),
                    place.prefix.address) != default_sources_.end();
      return is_hosts ? "" : "of full length, may move to another host";
    }
    // The address of a routed host may be on "lo", which is always excluded.
    if (link.loopback) {
      return way.fit == AdvertiseFit::kDefault ? "" : "loopback";
    }
    return place.excluded ? "excluded" : "";
  }

  void Take(AdvertiseFit fit, AdvertiseCandidate candidate) {
    if (fit > choice_.fit) return;
    if (fit < choice_.fit) choice_.candidates.clear();
    choice_.fit = fit;
    for (const AdvertiseCandidate& other : choice_.candidates) {
      if (other.address == candidate.address) return;
      if (other.address.family() != candidate.address.family()) return;
      // Without routes, any address of the one link fits as well.
      if (fit == AdvertiseFit::kLink &&
          other.interface == candidate.interface) {
        return;
      }
    }
    choice_.candidates.push_back(std::move(candidate));
  }

  const AdvertiseFacts& facts_;
  std::vector<Place> places_;
  std::vector<net::IpAddress> default_sources_;
  AdvertiseChoice choice_;
};

}  // namespace

std::string AdvertiseCandidate::ToString() const {
  return fmt::format("{} ({}, {})", address.ToString(), interface, towards);
}

AdvertiseChoice ChooseAdvertised(const AdvertiseFacts& facts) {
  return Judge(facts).Choose();
}

bool IsOwnAddress(const net::IpPrefix& address,
                  absl::Span<const ipam::Pool> pools) {
  return !HasFullLength(address) || PoolOf(address.address, pools).empty();
}

}  // namespace lb

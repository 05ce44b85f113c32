#include "daemon/announcing/elected.h"

#include <algorithm>

namespace lb {
namespace {

ElectedPlace PlaceIn(const Elected& elected, const net::IpAddress& address) {
  ElectedPlace place = {.elsewhere = elected.elsewhere.contains(address)};
  const auto here = elected.here.find(address);
  if (here != elected.here.end()) place.here = here->second;
  return place;
}

}  // namespace

ElectedChange DifferenceOf(const Elected& before, const Elected& now) {
  ElectedChange change;
  const auto compare = [&](const net::IpAddress& address) {
    ElectedPlace place = PlaceIn(now, address);
    if (place == PlaceIn(before, address)) return;
    change.emplace(address, std::move(place));
  };
  for (const Elected* side : {&before, &now}) {
    for (const auto& [address, terms] : side->here) compare(address);
    for (const net::IpAddress& address : side->elsewhere) compare(address);
  }
  return change;
}

std::set<std::string, std::less<>> DespiteProxy(
    const std::vector<ipam::Pool>& pools) {
  std::set<std::string, std::less<>> names;
  for (const ipam::Pool& pool : pools) {
    if (pool.announce_despite_proxy) names.insert(pool.name);
  }
  return names;
}

ElectedPlaces::ElectedPlaces(const Inputs& inputs)
    : inputs_(inputs), despite_proxy_(DespiteProxy(inputs_.pools)) {}

Elected ElectedPlaces::All() const {
  Elected elected;
  elected.here =
      AnnouncementsOf(inputs_.node, inputs_.entries, inputs_.placement);
  for (const auto& [address, since] : inputs_.withheld) {
    elected.here.erase(address);
  }
  for (const net::IpAddress& address : inputs_.probed) {
    const auto here = elected.here.find(address);
    if (here != elected.here.end()) {
      here->second.role = announce::Role::kProbeFirst;
    }
  }
  MarkDespiteProxy(inputs_.pools, inputs_.entries, elected.here);
  for (const auto& [service, place] : inputs_.placement) {
    if (!IsElectedElsewhere(place, inputs_.node)) continue;
    for (const auto& assigned : AddressesOf(inputs_.entries, service)) {
      if (inputs_.withheld.contains(assigned.address)) continue;
      elected.elsewhere.insert(assigned.address);
    }
  }
  return elected;
}

ElectedPlace ElectedPlaces::At(
    const net::IpAddress& address,
    const std::set<std::string, std::less<>>& services) const {
  ElectedPlace at;
  if (inputs_.withheld.contains(address)) return at;
  bool despite_proxy = false;
  for (const std::string& service : services) {
    const auto place = inputs_.placement.find(service);
    if (place == inputs_.placement.end()) continue;
    for (const auto& assigned : AddressesOf(inputs_.entries, service)) {
      if (assigned.address != address) continue;
      despite_proxy |= despite_proxy_.contains(assigned.pool);
    }
    const election::Announcer* const here = election::FindAnnouncer(
        place->second.announcers, election::Protocol::kLayer2, inputs_.node);
    if (here != nullptr) AddTerms(*here, at.here);
    at.elsewhere |= IsElectedElsewhere(place->second, inputs_.node);
  }
  if (!at.here) return at;
  at.here->despite_proxy = despite_proxy;
  if (inputs_.probed.contains(address)) {
    at.here->role = announce::Role::kProbeFirst;
  }
  return at;
}

}  // namespace lb

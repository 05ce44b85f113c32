#include "lb/ipam/shared_places.h"

#include "lb/base/check.h"
#include "lb/net/ip_families.h"

namespace lb::ipam {

using net::FamilyIndex;

void SharedPlaces::Add(const SharingTerms& terms, const SharedPlace& place) {
  LB_CHECK(!terms.key.empty());
  groups_[FamilyIndex(place.address.family())][terms].insert(place);
}

void SharedPlaces::Remove(const SharingTerms& terms, const SharedPlace& place) {
  auto& groups = groups_[FamilyIndex(place.address.family())];
  const auto group = groups.find(terms);
  LB_CHECK(group != groups.end() && group->second.erase(place) == 1);
  if (group->second.empty()) groups.erase(group);
}

std::optional<SharedPlace> SharedPlaces::FirstToJoin(const SharingTerms& terms,
                                                     net::IpFamily family,
                                                     size_t rank) const {
  std::optional<SharedPlace> first;
  const auto& groups = groups_[FamilyIndex(family)];
  auto group = groups.lower_bound(
      {.key = terms.key, .backend = terms.backend, .ports = {}});
  for (; group != groups.end() && group->first.key == terms.key &&
         group->first.backend == terms.backend;
       ++group) {
    if (WhyNotShared(group->first, terms)) continue;
    const auto place = group->second.lower_bound({rank, 0, net::IpAddress()});
    if (place != group->second.end() && (!first || *place < *first)) {
      first = *place;
    }
  }
  return first;
}

}  // namespace lb::ipam

// What an Announcer says of its addresses.
#include <algorithm>
#include <set>
#include <vector>

#include "lb/announce/announcer.h"

namespace lb::announce {
namespace {

void AddHeard(const Segment& segment, absl::btree_set<net::IpAddress>& heard) {
  heard.insert(segment.held().begin(), segment.held().end());
  const auto& released = segment.released().heard();
  heard.insert(released.begin(), released.end());
  heard.merge(segment.proxies().Decoys());
}

bool IsHeard(const Segment& segment, const net::IpAddress& address) {
  return segment.held().contains(address) ||
         segment.released().heard().contains(address) ||
         segment.proxies().Decoys().contains(address);
}

// Adds where the segment keeps the address silent because a rival has it.
void AddWithheld(const Announcement& announcement, const Segment& segment,
                 std::vector<WithheldAddress>& withheld) {
  const net::IpAddress& vip = announcement.vip;
  const auto since = segment.WithheldSince(vip);
  if (!since) return;
  const net::MacAddress& rival = segment.RivalOf(vip);
  const bool by_proxy = segment.proxies().VerdictOf(rival, vip.family()) ==
                        ProxyCheck::Verdict::kProxy;
  withheld.push_back({announcement, rival, *since, by_proxy});
}

}  // namespace

bool Announcer::IsToDeliver(const net::IpAddress& vip) const {
  const std::vector<Announcement> all = wanted_.Of(vip);
  return std::any_of(all.begin(), all.end(), [this](const auto& each) {
    return WantsDelivery(StateOf(each));
  });
}

std::set<net::IpAddress> Announcer::LeftToForeigners() const {
  std::set<net::IpAddress> left;
  for (const Announcement& announcement : wanted_.foreign()) {
    if (!IsToDeliver(announcement.vip)) left.insert(announcement.vip);
  }
  return left;
}

bool Announcer::IsLeftToForeigner(const net::IpAddress& vip) const {
  const auto& foreign = wanted_.foreign();
  const auto first = foreign.lower_bound({vip, ""});
  return first != foreign.end() && first->vip == vip && !IsToDeliver(vip);
}

std::vector<WithheldAddress> Announcer::Withheld(
    const net::IpAddress& vip) const {
  std::vector<WithheldAddress> withheld;
  for (const Announcement& announcement : wanted_.Of(vip)) {
    AddWithheld(announcement, segments_.At(announcement.interface), withheld);
  }
  return withheld;
}

ClaimState Announcer::StateOf(const Announcement& announcement) const {
  return segments_.At(announcement.interface).StateOf(announcement.vip);
}

absl::btree_set<net::IpAddress> Announcer::HeardOn(
    std::string_view interface) const {
  absl::btree_set<net::IpAddress> heard = demand_.watched();
  if (const Segment* const segment = segments_.Find(interface)) {
    AddHeard(*segment, heard);
  }
  return heard;
}

bool Announcer::Hears(std::string_view interface,
                      const net::IpAddress& address) const {
  const Segment* const segment = segments_.Find(interface);
  return demand_.watched().contains(address) ||
         (segment != nullptr && IsHeard(*segment, address));
}

bool Announcer::IsAnswered(const net::IpAddress& vip) const {
  const std::vector<Announcement> all = wanted_.Of(vip);
  return std::any_of(all.begin(), all.end(), [this](const auto& each) {
    return Answers(StateOf(each));
  });
}

}  // namespace lb::announce

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

}  // namespace

absl::btree_set<net::IpAddress> Announcer::ToDeliver() const {
  absl::btree_set<net::IpAddress> wanted;
  for (const auto& [announcement, post] : current()) {
    if (WantsDelivery(StateOf(announcement))) wanted.insert(announcement.vip);
  }
  return wanted;
}

std::set<net::IpAddress> Announcer::LeftToForeigners() const {
  std::set<net::IpAddress> left;
  for (const Announcement& announcement : wanted_.foreign()) {
    const std::vector<Announcement> all = wanted_.Of(announcement.vip);
    const bool is_left = std::none_of(
        all.begin(), all.end(),
        [this](const auto& each) { return WantsDelivery(StateOf(each)); });
    if (is_left) left.insert(announcement.vip);
  }
  return left;
}

std::vector<WithheldAddress> Announcer::Withheld(
    const net::IpAddress& vip) const {
  std::vector<WithheldAddress> withheld;
  for (const Announcement& announcement : wanted_.Of(vip)) {
    const Segment& segment = segments_.At(announcement.interface);
    if (const auto since = segment.WithheldSince(vip)) {
      const net::MacAddress& rival = segment.RivalOf(vip);
      const bool by_proxy = segment.proxies().VerdictOf(rival, vip.family()) ==
                            ProxyCheck::Verdict::kProxy;
      withheld.push_back({announcement, rival, *since, by_proxy});
    }
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

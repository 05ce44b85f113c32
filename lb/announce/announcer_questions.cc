// What an Announcer says of its addresses.
#include <set>
#include <vector>

#include "lb/announce/announcer.h"

namespace lb::announce {
namespace {

void AddHeard(const Segment& segment, absl::btree_set<net::IpAddress>& heard) {
  heard.insert(segment.held().begin(), segment.held().end());
  heard.merge(segment.proxies().Decoys());
}

bool IsHeard(const Segment& segment, const net::IpAddress& address) {
  return segment.held().contains(address) ||
         segment.proxies().Decoys().contains(address);
}

}  // namespace

absl::btree_set<net::IpAddress> Announcer::ToDeliver() const {
  absl::btree_set<net::IpAddress> wanted;
  for (const auto& [announcement, post] : current_) {
    if (WantsDelivery(StateOf(announcement))) wanted.insert(announcement.vip);
  }
  return wanted;
}

std::set<net::IpAddress> Announcer::LeftToForeigners() const {
  std::set<net::IpAddress> left;
  for (const Announcement& announcement : foreign_) {
    const net::IpAddress& vip = announcement.vip;
    auto it = current_.lower_bound({vip, ""});
    while (it != current_.end() && it->first.vip == vip &&
           !WantsDelivery(StateOf(it->first))) {
      ++it;
    }
    if (it == current_.end() || it->first.vip != vip) left.insert(vip);
  }
  return left;
}

std::vector<WithheldAddress> Announcer::Withheld(
    const net::IpAddress& vip) const {
  std::vector<WithheldAddress> withheld;
  for (auto it = current_.lower_bound({vip, ""});
       it != current_.end() && it->first.vip == vip; ++it) {
    const Segment& segment = ports_.find(it->first.interface)->second.segment;
    if (const auto since = segment.WithheldSince(vip)) {
      const net::MacAddress& rival = segment.RivalOf(vip);
      const bool by_proxy = segment.proxies().VerdictOf(rival, vip.family()) ==
                            ProxyCheck::Verdict::kProxy;
      withheld.push_back({it->first, rival, *since, by_proxy});
    }
  }
  return withheld;
}

ClaimState Announcer::StateOf(const Announcement& announcement) const {
  return ports_.find(announcement.interface)
      ->second.segment.StateOf(announcement.vip);
}

absl::btree_set<net::IpAddress> Announcer::HeardOn(
    std::string_view interface) const {
  absl::btree_set<net::IpAddress> heard = demand_.watched();
  const auto it = ports_.find(interface);
  if (it != ports_.end()) AddHeard(it->second.segment, heard);
  return heard;
}

bool Announcer::Hears(std::string_view interface,
                      const net::IpAddress& address) const {
  const auto it = ports_.find(interface);
  return demand_.watched().contains(address) ||
         (it != ports_.end() && IsHeard(it->second.segment, address));
}

bool Announcer::IsAnswered(const net::IpAddress& vip) const {
  for (auto it = current_.lower_bound({vip, ""});
       it != current_.end() && it->first.vip == vip; ++it) {
    if (Answers(StateOf(it->first))) return true;
  }
  return false;
}

void Announcer::TryCrossHearing(absl::Time now) {
  for (const std::string& name : cross_hearing_.TakeDue(now)) {
    ports_.find(name)->second.segment.RefreshOne(now);
  }
}

}  // namespace lb::announce

#include "daemon/routes/route_announcers.h"

#include <algorithm>

#include "lb/bgp/advertisements/advertise_verdict.h"

namespace lb {
namespace {

// The peers to which it is announced; empty: to none.
std::vector<std::string> Judge(const NodeAdvertisements& node,
                               const config::Service& service,
                               const ipam::Assignment& assignment) {
  const auto judged = node.Judge(service, assignment);
  if (judged.verdict != bgp::AdvertiseVerdict::kAnnounces) return {};
  return node.PeersOf(judged.service);
}

}  // namespace

RouteAnnouncers::RouteAnnouncers(const config::Desired& desired,
                                 absl::Span<const NodeIdentity> nodes) {
  if (desired.bgp.advertisements.empty()) return;
  for (const NodeIdentity& node : nodes) {
    nodes_.emplace_back(node.node, NodeAdvertisements(desired, node));
  }
}

std::vector<RouteAnnouncers::Announcer> RouteAnnouncers::Of(
    const config::Service& service, const ipam::Assignment& assignment) const {
  std::vector<Announcer> announcers;
  for (const auto& [name, node] : nodes_) {
    std::vector<std::string> peers = Judge(node, service, assignment);
    if (!peers.empty()) announcers.push_back({name, std::move(peers)});
  }
  return announcers;
}

bool RouteAnnouncers::HasAny(const config::Service& service,
                             const ipam::Assignment& assignment) const {
  return std::any_of(nodes_.begin(), nodes_.end(), [&](const auto& node) {
    return !Judge(node.second, service, assignment).empty();
  });
}

}  // namespace lb

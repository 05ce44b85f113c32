#include "daemon/problems/announcer_remedies.h"

#include <optional>

#include "absl/time/time.h"
#include "daemon/node_view/node_view.h"
#include "lb/config/difference.h"

namespace lb {

std::string AnnouncerRemedies::Of(const std::string& service) {
  const config::Desired& desired = view_.desired;
  const config::Service* const wanted = config::FindService(desired, service);
  const auto explanation = view_.elections.Explain(service);
  const auto& held = AddressesOf(view_.entries(), service);
  if (wanted == nullptr || !explanation.ok() || held.empty()) return "";
  election::Vip vip = {.pool = held[0].pool, .traffic = wanted->traffic};
  const auto labels = desired.pool_labels.find(vip.pool);
  if (labels != desired.pool_labels.end()) vip.pool_labels = labels->second;
  net::IpFamilies needed;
  for (const ipam::AssignedAddress& assigned : held) {
    needed = Union(needed, net::FamilyOf(assigned.address));
  }
  return RemedyForNoAnnouncer(desired.advertisements, vip, *explanation,
                              ForDelivery(needed));
}

bool AnnouncerRemedies::MayPass(const std::string& service) const {
  const auto& since = view_.tally.endpointless_since();
  const auto began = since.find(service);
  return began != since.end() && view_.now - began->second < kEndpointlessMax;
}

const DeliveryRemedies& AnnouncerRemedies::ForDelivery(
    const net::IpFamilies& needed) {
  const auto [known, is_new] =
      for_delivery_.try_emplace({needed.ipv4, needed.ipv6});
  DeliveryRemedies& remedies = known->second;
  if (!is_new) return remedies;
  for (const Elections::LiveMember& member : view_.LiveMembers()) {
    if (!member.metadata) continue;
    const net::IpFamilies& lack = member.metadata->undeliverable;
    const net::IpFamilies missing = {.ipv4 = needed.ipv4 && lack.ipv4,
                                     .ipv6 = needed.ipv6 && lack.ipv6};
    if (missing.empty()) continue;
    std::optional<absl::Time> until;  // Other nodes do not tell.
    if (member.name == view_.options.node) {
      until = view_.announcing.DeliveryHeldUntil(missing);
    }
    if (until) until = view_.ToCivil(*until);
    remedies[member.name] = RemedyForDelivery(member.name, until);
  }
  return remedies;
}

}  // namespace lb

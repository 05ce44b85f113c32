#include "daemon/routes/prefixes_only_here.h"

#include "lb/bgp/advertisements/advertise_verdict.h"
#include "lb/bgp/advertisements/advertisement.h"

namespace lb {

std::set<net::IpPrefix> PrefixesOnlyHere(const config::Desired& desired,
                                         const AddressEntries& entries,
                                         const NodeIdentity& here,
                                         const RouteAnnouncers& others) {
  std::set<net::IpPrefix> prefixes;
  const NodeAdvertisements own(desired, here);
  for (const auto& [name, service] : desired.services) {
    const ipam::Assignment assignment = {.addresses =
                                             AddressesOf(entries, name)};
    if (assignment.addresses.empty()) continue;
    const auto judged = own.Judge(service, assignment);
    if (judged.verdict != bgp::AdvertiseVerdict::kAnnounces) continue;
    if (others.HasAny(service, assignment)) continue;
    for (const bgp::AdvertisedAddress& one : judged.service.addresses) {
      for (const auto& advertisement : one.advertisements) {
        prefixes.insert(PrefixOf(*advertisement, one.address));
      }
    }
  }
  return prefixes;
}

}  // namespace lb

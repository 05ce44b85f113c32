#include "daemon/advertise/shared_segments.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "lb/net/ip_prefix.h"

namespace lb {
namespace {

// Returns the network: the prefix without host bits.
net::IpPrefix NetworkOf(const net::IpPrefix& address) {
  return {address.Range().first, address.length};
}

}  // namespace

std::vector<std::string> FindSharedSegments(
    absl::Span<const io::Link> links, const announce::InterfaceOptions& options,
    absl::Span<const announce::InterfacePair> hearing) {
  const auto choices = announce::SelectInterfaces(links, options);
  std::map<net::IpPrefix, std::string> first_of;
  std::map<announce::InterfacePair, std::string> shared;  // What they share.
  for (size_t i = 0; i < links.size(); ++i) {
    if (!announce::IsUsable(choices[i])) continue;
    for (const net::IpPrefix& address : links[i].addresses) {
      const net::IpPrefix network = NetworkOf(address);
      if (address.address.is_link_local() ||
          network.length == net::BitCount(address.address.family())) {
        continue;
      }
      const auto [first, is_new] = first_of.emplace(network, links[i].name);
      if (is_new || first->second == links[i].name) continue;
      shared.try_emplace(std::minmax(first->second, links[i].name),
                         network.ToString());
    }
  }
  for (const announce::InterfacePair& pair : hearing) {
    shared.try_emplace(pair, "one segment (one hears the other announce)");
  }
  std::vector<std::string> texts;
  for (const auto& [pair, what] : shared) {
    texts.push_back(fmt::format(
        "interfaces: {} and {} are both on {}, so that both answer for each "
        "address; want one of them in exclude-interfaces, or a bond",
        pair.first, pair.second, what));
  }
  return texts;
}

}  // namespace lb

#include "lb/bgp/next_hops.h"

namespace lb::bgp {
namespace {

std::optional<wire::NextHop> Ipv6NextHop(const LocalAddresses& local) {
  const bool is_link_session =
      local.session.is_ipv6() && local.session.is_link_local();
  const std::optional<net::IpAddress> global =
      local.session.is_ipv6() && !is_link_session ? local.session : local.ipv6;
  if (global) {
    const bool tells_link_local = local.peer_on_link || is_link_session;
    return wire::NextHop{
        .address = *global,
        .link_local = tells_link_local ? local.link_local : std::nullopt};
  }
  if (is_link_session) return wire::NextHop{.address = local.session};
  return std::nullopt;
}

std::optional<wire::NextHop> Ipv4NextHop(const LocalAddresses& local,
                                         const Agreement& agreement) {
  if (local.session.is_ipv4()) return wire::NextHop{.address = local.session};
  if (agreement.ipv4_by_ipv6_next_hop) return Ipv6NextHop(local);
  if (local.ipv4) return wire::NextHop{.address = *local.ipv4};
  return std::nullopt;
}

}  // namespace

wire::NextHops NextHopsFor(const LocalAddresses& local,
                           const Agreement& agreement) {
  return {.ipv4 = Ipv4NextHop(local, agreement), .ipv6 = Ipv6NextHop(local)};
}

}  // namespace lb::bgp

#include "lb/io/posix/netlink_routes.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <netlink/msg.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>
#include <string.h>
#include <sys/socket.h>

#include <memory>
#include <set>
#include <utility>

#include "lb/base/status_macros.h"
#include "lb/io/posix/file_descriptor.h"
#include "lb/io/posix/netlink_socket.h"

namespace lb::io {
namespace {

using FoundRoute = std::unique_ptr<rtnl_route, FreedBy<&rtnl_route_put>>;

constexpr uint16_t kDiscardPort = 9;  // RFC 863; nothing is sent there.
// IPV6_PREFER_SRC_PUBLIC (RFC 5014) of <linux/in6.h>, which does not go
// together with <netinet/in.h>: no temporary address.
constexpr int kPreferPublic = 2;

absl::Status NoRoute(const net::IpAddress& to, std::string_view why) {
  return absl::NotFoundError(
      fmt::format("route to {}: {}", to.ToString(), why));
}

absl::StatusOr<net::IpAddress> AddressOf(nl_addr* address) {
  return net::IpAddress::FromBytes(
      {static_cast<const uint8_t*>(nl_addr_get_binary_addr(address)),
       nl_addr_get_len(address)});
}

absl::StatusOr<Route> RouteOf(const net::IpAddress& to, rtnl_route* found) {
  Route route;
  const int type = rtnl_route_get_type(found);
  if (type != RTN_LOCAL && type != RTN_UNICAST) {
    return NoRoute(to, "no packet may go there, want a unicast address");
  }
  route.local = type == RTN_LOCAL;
  rtnl_nexthop* const hop = rtnl_route_nexthop_n(found, 0);
  if (hop == nullptr) return NoRoute(to, "it names no link");
  route.interface = rtnl_route_nh_get_ifindex(hop);
  if (nl_addr* gateway = rtnl_route_nh_get_gateway(hop)) {
    LB_ASSIGN_OR_RETURN(route.gateway, AddressOf(gateway));
  }
  return route;
}

template <typename Address>
absl::StatusOr<Address> NameOfConnected(int family, Address to) {
  const FileDescriptor socket(
      ::socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket.ok()) return absl::UnavailableError(strerror(errno));
  if (family == AF_INET6) {
    // A kernel that does not know it chooses as it likes.
    setsockopt(socket.get(), IPPROTO_IPV6, IPV6_ADDR_PREFERENCES,
               &kPreferPublic, sizeof(kPreferPublic));
  }
  Address name = {};
  socklen_t size = sizeof(name);
  if (connect(socket.get(), reinterpret_cast<sockaddr*>(&to), sizeof(to)) !=
          0 ||
      getsockname(socket.get(), reinterpret_cast<sockaddr*>(&name), &size) !=
          0) {
    return absl::UnavailableError(strerror(errno));
  }
  return name;
}

absl::StatusOr<net::IpAddress> SourceTowards(const net::IpAddress& to) {
  const std::vector<uint8_t> bytes = to.ToBytes();
  if (to.is_ipv4()) {
    sockaddr_in there = {};
    there.sin_family = AF_INET;
    there.sin_port = htons(kDiscardPort);
    memcpy(&there.sin_addr, bytes.data(), bytes.size());
    LB_ASSIGN_OR_RETURN(const sockaddr_in here,
                        NameOfConnected(AF_INET, there));
    return net::IpAddress::Ipv4(ntohl(here.sin_addr.s_addr));
  }
  sockaddr_in6 there = {};
  there.sin6_family = AF_INET6;
  there.sin6_port = htons(kDiscardPort);
  memcpy(&there.sin6_addr, bytes.data(), bytes.size());
  LB_ASSIGN_OR_RETURN(const sockaddr_in6 here,
                      NameOfConnected(AF_INET6, there));
  return net::IpAddress::FromBytes(here.sin6_addr.s6_addr);
}

// One reading of all routes.
struct Reading {
  std::set<net::IpAddress> hops;
  size_t routes = 0;
};

void AddHop(rtnl_nexthop* hop, void* reading) {
  // IPv4 routes may lead through a router that has IPv6 only: RTA_VIA.
  for (nl_addr* const router :
       {rtnl_route_nh_get_gateway(hop), rtnl_route_nh_get_via(hop)}) {
    if (router == nullptr) continue;
    const auto address = AddressOf(router);
    if (!address.ok() || address->is_unspecified() ||
        address->is_link_local()) {
      continue;
    }
    static_cast<Reading*>(reading)->hops.insert(*address);
  }
}

int OnRoute(nl_msg* message, void* reading) {
  if (static_cast<Reading*>(reading)->routes++ == RouteTable::kRoutesReadMax) {
    return NL_STOP;
  }
  rtnl_route* raw = nullptr;
  if (rtnl_route_parse(nlmsg_hdr(message), &raw) < 0) return NL_SKIP;
  const FoundRoute route(raw);
  // A redirect is cached as a copy of a route. Any host on the link can send
  // one, and could so take addresses away from services.
  const bool is_copy = (rtnl_route_get_flags(raw) & RTM_F_CLONED) != 0;
  if (rtnl_route_get_type(raw) == RTN_UNICAST && !is_copy) {
    rtnl_route_foreach_nexthop(raw, &AddHop, reading);
  }
  return NL_OK;
}

absl::StatusOr<NextHops> ReadNextHops() {
  // On a socket of its own: what is left unread goes with it.
  LB_ASSIGN_OR_RETURN(const NetlinkSocket socket, ConnectNetlink());
  Reading reading;
  const int error = Dump(socket.get(), RTM_GETROUTE, &OnRoute, &reading);
  if (error < 0) return NetlinkError("reading routes", error);
  return NextHops{.addresses = {reading.hops.begin(), reading.hops.end()},
                  .complete = reading.routes <= RouteTable::kRoutesReadMax};
}

}  // namespace

absl::StatusOr<std::unique_ptr<NetlinkRoutes>> NetlinkRoutes::Create(
    PosixLoop* loop) {
  LB_ASSIGN_OR_RETURN(NetlinkSocket socket, ConnectNetlink());
  return std::unique_ptr<NetlinkRoutes>(
      new NetlinkRoutes(loop, socket.release()));
}

NetlinkRoutes::~NetlinkRoutes() { nl_socket_free(socket_); }

absl::StatusOr<Route> NetlinkRoutes::Find(const net::IpAddress& to) const {
  if (to.is_unspecified() || to.is_multicast()) {
    return NoRoute(to, "want the address of one host");
  }
  const std::vector<uint8_t> bytes = to.ToBytes();
  const NetlinkAddress address(nl_addr_build(to.is_ipv4() ? AF_INET : AF_INET6,
                                             bytes.data(), bytes.size()));
  rtnl_route* raw = nullptr;
  const int error = rtnl_route_lookup(socket_, address.get(), &raw);
  const FoundRoute found(raw);
  if (error < 0 || found == nullptr) {
    return NoRoute(to, error < 0 ? nl_geterror(error) : "none");
  }
  LB_ASSIGN_OR_RETURN(Route route, RouteOf(to, found.get()));
  const absl::StatusOr<net::IpAddress> source = SourceTowards(to);
  if (!source.ok()) return NoRoute(to, std::string(source.status().message()));
  route.source = *source;
  // IPv6: also before the kernel has put its route to it into the table.
  route.local |= route.source == to;
  return route;
}

absl::StatusOr<NextHops> NetlinkRoutes::FindNextHops() const {
  return ReadNextHops();
}

void NetlinkRoutes::FindNextHopsLater(OnNextHops on_found) const {
  auto found = std::make_shared<absl::StatusOr<NextHops>>();
  reading_.Start([found] { *found = ReadNextHops(); },
                 [found, on_found = std::move(on_found)]() mutable {
                   on_found(*std::move(found));
                 });
}

}  // namespace lb::io

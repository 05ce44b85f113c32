#include "lb/io/posix/netlink_addresses.h"

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/route/addr.h>
#include <netlink/route/route.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lb/base/status_macros.h"
#include "lb/io/posix/netlink_socket.h"

namespace lb::io {
namespace {

using RouteAddress = std::unique_ptr<rtnl_addr, FreedBy<&rtnl_addr_put>>;
using Route = std::unique_ptr<rtnl_route, FreedBy<&rtnl_route_put>>;

// Linux makes an IPv6 address work on another thread, after it said that it is
// there: how long to wait for that, and for how often to look.
constexpr useconds_t kLookInterval = 20;  // Microseconds, and a wake-up's time.
constexpr int kLooksMax = 100;

std::string PlaceOf(const std::string& interface,
                    const net::IpAddress& address) {
  return fmt::format("address {} on {}", address.ToString(), interface);
}

NetlinkAddress MakeNetlinkAddress(const net::IpAddress& address) {
  const std::vector<uint8_t> bytes = address.ToBytes();
  return NetlinkAddress(nl_addr_build(address.is_ipv4() ? AF_INET : AF_INET6,
                                      bytes.data(), bytes.size()));
}

RouteAddress MakeAddress(unsigned interface, const net::IpAddress& address) {
  RouteAddress made(rtnl_addr_alloc());
  const NetlinkAddress local = MakeNetlinkAddress(address);
  nl_addr_set_prefixlen(local.get(), net::BitCount(address.family()));
  rtnl_addr_set_ifindex(made.get(), static_cast<int>(interface));
  rtnl_addr_set_local(made.get(), local.get());
  if (address.is_ipv4()) {
    rtnl_addr_set_scope(made.get(), RT_SCOPE_HOST);
  } else {
    rtnl_addr_set_flags(made.get(), IFA_F_NODAD);
  }
  return made;
}

}  // namespace

absl::StatusOr<std::unique_ptr<NetlinkAddresses>> NetlinkAddresses::Create() {
  LB_ASSIGN_OR_RETURN(NetlinkSocket socket, ConnectNetlink());
  return std::unique_ptr<NetlinkAddresses>(
      new NetlinkAddresses(socket.release()));
}

NetlinkAddresses::~NetlinkAddresses() { nl_socket_free(socket_); }

absl::Status NetlinkAddresses::Install(const std::string& interface,
                                       const net::IpAddress& address) {
  const std::string place = PlaceOf(interface, address);
  const unsigned index = if_nametoindex(interface.c_str());
  if (index == 0) return NetlinkError(place, -NLE_NODEV);
  const RouteAddress made = MakeAddress(index, address);
  const int error =
      rtnl_addr_add(socket_, made.get(), NLM_F_CREATE | NLM_F_EXCL);
  if (error != 0 && error != -NLE_EXIST) return NetlinkError(place, error);
  if (address.is_ipv4()) return absl::OkStatus();
  for (int looks = 0; looks < kLooksMax && !IsLocal(address); ++looks) {
    usleep(kLookInterval);
  }
  return absl::OkStatus();
}

// Does the kernel take packets for it?
bool NetlinkAddresses::IsLocal(const net::IpAddress& address) {
  rtnl_route* found = nullptr;
  const int error =
      rtnl_route_lookup(socket_, MakeNetlinkAddress(address).get(), &found);
  const Route route(found);
  return error == 0 && rtnl_route_get_type(found) == RTN_LOCAL;
}

absl::Status NetlinkAddresses::Uninstall(const std::string& interface,
                                         const net::IpAddress& address) {
  const unsigned index = if_nametoindex(interface.c_str());
  if (index == 0) return absl::OkStatus();
  const RouteAddress made = MakeAddress(index, address);
  const int error = rtnl_addr_delete(socket_, made.get(), /*flags=*/0);
  if (error == 0 || error == -NLE_NOADDR || error == -NLE_NODEV) {
    return absl::OkStatus();
  }
  return NetlinkError(PlaceOf(interface, address), error);
}

}  // namespace lb::io

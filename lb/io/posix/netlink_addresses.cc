#include "lb/io/posix/netlink_addresses.h"

#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/route/route.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

#include "lb/base/status_macros.h"
#include "lb/io/posix/kernel_address.h"
#include "lb/io/posix/netlink_socket.h"

namespace lb::io {
namespace {

using Route = std::unique_ptr<rtnl_route, FreedBy<&rtnl_route_put>>;

// Linux makes an IPv6 address work on another thread, after it said that it is
// there: how long to wait for that, and for how often to look.
constexpr useconds_t kLookInterval = 20;  // Microseconds, and a wake-up's time.
constexpr int kLooksMax = 100;

NetlinkAddress MakeNetlinkAddress(const net::IpAddress& address) {
  const std::vector<uint8_t> bytes = address.ToBytes();
  return NetlinkAddress(nl_addr_build(address.is_ipv4() ? AF_INET : AF_INET6,
                                      bytes.data(), bytes.size()));
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
  const unsigned index = if_nametoindex(interface.c_str());
  if (index == 0) {
    return NetlinkError(
        fmt::format("address {} on {}", address.ToString(), interface),
        -NLE_NODEV);
  }
  LB_RETURN_IF_ERROR(
      AddMarked(socket_, {interface, static_cast<int>(index), address}));
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
  return DeleteMarked(socket_, {interface, static_cast<int>(index), address});
}

absl::StatusOr<std::vector<net::IpAddress>> NetlinkAddresses::Installed(
    const std::string& interface) {
  const int index = static_cast<int>(if_nametoindex(interface.c_str()));
  LB_ASSIGN_OR_RETURN(const std::vector<KernelAddress> all,
                      ReadAddresses(socket_));
  std::vector<net::IpAddress> installed;
  for (const KernelAddress& address : all) {
    const bool is_host =
        address.prefix.length == net::BitCount(address.prefix.address.family());
    if (address.interface == index && address.marked && is_host) {
      installed.push_back(address.prefix.address);
    }
  }
  std::sort(installed.begin(), installed.end());
  return installed;
}

}  // namespace lb::io

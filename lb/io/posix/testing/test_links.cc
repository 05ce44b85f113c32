#include "lb/io/posix/testing/test_links.h"

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/link/veth.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <utility>
#include <vector>

#include "lb/base/status_macros.h"

namespace lb::io {
namespace {

using Message = std::unique_ptr<nl_msg, FreedBy<&nlmsg_free>>;
using RouteLink = std::unique_ptr<rtnl_link, FreedBy<&rtnl_link_put>>;
using RouteAddress = std::unique_ptr<rtnl_addr, FreedBy<&rtnl_addr_put>>;
using KernelRoute = std::unique_ptr<rtnl_route, FreedBy<&rtnl_route_put>>;

absl::Status Check(const std::string& name, int error) {
  return error < 0 ? NetlinkError(name, error) : absl::OkStatus();
}

NetlinkAddress MakeAddress(const net::IpAddress& address, int length) {
  const std::vector<uint8_t> bytes = address.ToBytes();
  NetlinkAddress made(nl_addr_build(address.is_ipv4() ? AF_INET : AF_INET6,
                                    bytes.data(), bytes.size()));
  nl_addr_set_prefixlen(made.get(), length);
  return made;
}

RouteAddress OnLink(const std::string& name, const net::IpPrefix& address) {
  RouteAddress made(rtnl_addr_alloc());
  const NetlinkAddress local = MakeAddress(address.address, address.length);
  rtnl_addr_set_ifindex(made.get(),
                        static_cast<int>(if_nametoindex(name.c_str())));
  rtnl_addr_set_local(made.get(), local.get());
  if (address.address.is_ipv6()) {
    rtnl_addr_set_flags(made.get(), IFA_F_NODAD);
  }
  return made;
}

}  // namespace

bool HaveNamespace() {
  static const bool have = unshare(CLONE_NEWNET) == 0;
  return have;
}

absl::StatusOr<TestLinks> TestLinks::Create() {
  LB_ASSIGN_OR_RETURN(NetlinkSocket socket, ConnectNetlink());
  return TestLinks(std::move(socket));
}

absl::Status TestLinks::AddVethPair(const std::string& one,
                                    const std::string& other) {
  return Check(one, rtnl_link_veth_add(socket_.get(), one.c_str(),
                                       other.c_str(), getpid()));
}

void TestLinks::Delete(const std::string& name) {
  const RouteLink link(rtnl_link_alloc());
  rtnl_link_set_name(link.get(), name.c_str());
  rtnl_link_delete(socket_.get(), link.get());
}

absl::Status TestLinks::AddAltName(const std::string& name,
                                   const std::string& alternative) {
  rtnl_link* found = nullptr;
  LB_RETURN_IF_ERROR(Check(
      name, rtnl_link_get_kernel(socket_.get(), 0, name.c_str(), &found)));
  const RouteLink link(found);
  const Message message(nlmsg_alloc_simple(
      RTM_NEWLINKPROP, NLM_F_CREATE | NLM_F_EXCL | NLM_F_APPEND));
  ifinfomsg header = {};
  header.ifi_index = rtnl_link_get_ifindex(link.get());
  nlmsg_append(message.get(), &header, sizeof(header), NLMSG_ALIGNTO);
  nlattr* const list = nla_nest_start(message.get(), IFLA_PROP_LIST);
  nla_put_string(message.get(), IFLA_ALT_IFNAME, alternative.c_str());
  nla_nest_end(message.get(), list);
  const int error = nl_send_auto(socket_.get(), message.get());
  if (error < 0) return Check(name, error);
  return Check(name, nl_wait_for_ack(socket_.get()));
}

absl::Status TestLinks::SetUp(const std::string& name, bool up) {
  rtnl_link* found = nullptr;
  LB_RETURN_IF_ERROR(Check(
      name, rtnl_link_get_kernel(socket_.get(), 0, name.c_str(), &found)));
  const RouteLink old(found);
  const RouteLink wanted(rtnl_link_alloc());
  if (up) {
    rtnl_link_set_flags(wanted.get(), IFF_UP);
  } else {
    rtnl_link_unset_flags(wanted.get(), IFF_UP);
  }
  return Check(name,
               rtnl_link_change(socket_.get(), old.get(), wanted.get(), 0));
}

absl::Status TestLinks::AddAddress(const std::string& name,
                                   const net::IpPrefix& address) {
  const RouteAddress made = OnLink(name, address);
  return Check(name, rtnl_addr_add(socket_.get(), made.get(), NLM_F_CREATE));
}

absl::Status TestLinks::RemoveAddress(const std::string& name,
                                      const net::IpPrefix& address) {
  const RouteAddress made = OnLink(name, address);
  return Check(name, rtnl_addr_delete(socket_.get(), made.get(), 0));
}

absl::Status TestLinks::AddRoute(const std::string& name,
                                 const NewRoute& route) {
  const KernelRoute made(rtnl_route_alloc());
  const NetlinkAddress to = MakeAddress(route.to.address, route.to.length);
  rtnl_route_set_dst(made.get(), to.get());
  rtnl_route_set_table(made.get(), static_cast<uint32_t>(route.table));
  for (const net::IpAddress& gateway : route.gateways) {
    const NetlinkAddress via =
        MakeAddress(gateway, net::BitCount(gateway.family()));
    rtnl_nexthop* const hop = rtnl_route_nh_alloc();  // The route owns it then.
    rtnl_route_nh_set_ifindex(hop,
                              static_cast<int>(if_nametoindex(name.c_str())));
    rtnl_route_nh_set_gateway(hop, via.get());
    rtnl_route_add_nexthop(made.get(), hop);
  }
  return Check(name, rtnl_route_add(socket_.get(), made.get(), NLM_F_CREATE));
}

absl::Status TestLinks::AddDefaultRoute(const std::string& name,
                                        const net::IpAddress& gateway) {
  const net::IpAddress everywhere =
      gateway.is_ipv4() ? net::IpAddress() : net::IpAddress::Ipv6(0);
  return AddRoute(name, {.to = {everywhere, 0}, .gateways = {gateway}});
}

}  // namespace lb::io

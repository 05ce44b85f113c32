// NetlinkRoutes: a RouteTable through rtnetlink, and a socket that is connected
// (which sends nothing) to have the kernel choose the source.
//
// Next hops that are asked for without keeping the loop are read on a thread.
#ifndef LB_IO_POSIX_NETLINK_ROUTES_H_
#define LB_IO_POSIX_NETLINK_ROUTES_H_

#include <memory>

#include "absl/status/statusor.h"
#include "lb/io/posix/background_task.h"
#include "lb/io/posix/posix_loop.h"
#include "lb/io/route_table.h"
#include "lb/net/ip_address.h"

struct nl_sock;

namespace lb::io {

class NetlinkRoutes final : public RouteTable {
 public:
  // The loop outlives it. Unavailable: no netlink socket is to be had.
  static absl::StatusOr<std::unique_ptr<NetlinkRoutes>> Create(PosixLoop* loop);
  ~NetlinkRoutes() override;
  NetlinkRoutes(const NetlinkRoutes&) = delete;
  NetlinkRoutes& operator=(const NetlinkRoutes&) = delete;

  absl::StatusOr<Route> Find(const net::IpAddress& to) const override;
  absl::StatusOr<NextHops> FindNextHops() const override;
  void FindNextHopsLater(OnNextHops on_found) const override;

 private:
  NetlinkRoutes(PosixLoop* loop, nl_sock* socket)
      : socket_(socket), reading_(loop) {}

  nl_sock* const socket_;           // Owned.
  mutable BackgroundTask reading_;  // Of next hops.
};

}  // namespace lb::io

#endif  // LB_IO_POSIX_NETLINK_ROUTES_H_

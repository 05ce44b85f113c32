#include "lb/io/posix/testing/test_links.h"

#include <linux/if.h>
#include <netlink/route/link.h>
#include <netlink/route/link/veth.h>
#include <sched.h>
#include <unistd.h>

#include <memory>
#include <utility>

#include "lb/base/status_macros.h"

namespace lb::io {
namespace {

using RouteLink = std::unique_ptr<rtnl_link, FreedBy<&rtnl_link_put>>;

absl::Status Check(const std::string& name, int error) {
  return error < 0 ? NetlinkError(name, error) : absl::OkStatus();
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

}  // namespace lb::io

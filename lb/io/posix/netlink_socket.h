// Owners for libnl's objects, and its errors as Status.
//
// Internal to lb/io/posix.
#ifndef LB_IO_POSIX_NETLINK_SOCKET_H_
#define LB_IO_POSIX_NETLINK_SOCKET_H_

#include <netlink/addr.h>
#include <netlink/cache.h>
#include <netlink/errno.h>
#include <netlink/netlink.h>
#include <netlink/object.h>
#include <netlink/socket.h>

#include <memory>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"

namespace lb::io {

// Calls a C function that frees.
template <auto kFree>
struct FreedBy {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};

using NetlinkSocket = std::unique_ptr<nl_sock, FreedBy<&nl_socket_free>>;
using NetlinkCache = std::unique_ptr<nl_cache, FreedBy<&nl_cache_free>>;
using NetlinkAddress = std::unique_ptr<nl_addr, FreedBy<&nl_addr_put>>;

// `error` is what libnl returned, negative.
inline absl::Status NetlinkError(std::string_view place, int error) {
  const std::string text = fmt::format("{}: {}", place, nl_geterror(error));
  switch (-error) {
    case NLE_PERM:
      return absl::PermissionDeniedError(text + ", want CAP_NET_ADMIN");
    case NLE_NODEV:
      return absl::NotFoundError(text);
    default:
      return absl::UnavailableError(text);
  }
}

// A socket for requests and answers.
inline absl::StatusOr<NetlinkSocket> ConnectNetlink() {
  NetlinkSocket socket(nl_socket_alloc());
  if (socket == nullptr) return NetlinkError("netlink", -NLE_NOMEM);
  const int error = nl_connect(socket.get(), NETLINK_ROUTE);
  if (error < 0) return NetlinkError("netlink", error);
  return socket;
}

}  // namespace lb::io

#endif  // LB_IO_POSIX_NETLINK_SOCKET_H_

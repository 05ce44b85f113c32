// Owners for libnl's objects, and its errors as Status.
//
// Internal to lb/io/posix.
#ifndef LB_IO_POSIX_NETLINK_SOCKET_H_
#define LB_IO_POSIX_NETLINK_SOCKET_H_

#include <netlink/addr.h>
#include <netlink/errno.h>
#include <netlink/handlers.h>
#include <netlink/netlink.h>
#include <netlink/object.h>
#include <netlink/route/rtnl.h>
#include <netlink/socket.h>
#include <sys/socket.h>

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

using OnMessage = int (*)(nl_msg* message, void* argument);

// Calls `on_message` with each message that the kernel answers to the request
// that was sent last. Returns libnl's error, negative, or 0.
inline int Receive(nl_sock* socket, OnMessage on_message, void* argument) {
  using Callbacks = std::unique_ptr<nl_cb, FreedBy<&nl_cb_put>>;
  const Callbacks of_socket(nl_socket_get_cb(socket));
  const Callbacks callbacks(nl_cb_clone(of_socket.get()));
  if (callbacks == nullptr) return -NLE_NOMEM;
  nl_cb_set(callbacks.get(), NL_CB_VALID, NL_CB_CUSTOM, on_message, argument);
  return nl_recvmsgs(socket, callbacks.get());
}

// The same with all that there is of `type`, such as RTM_GETLINK.
inline int Dump(nl_sock* socket, int type, OnMessage on_message,
                void* argument) {
  const int error = nl_rtgen_request(socket, type, AF_UNSPEC, NLM_F_DUMP);
  return error < 0 ? error : Receive(socket, on_message, argument);
}

}  // namespace lb::io

#endif  // LB_IO_POSIX_NETLINK_SOCKET_H_

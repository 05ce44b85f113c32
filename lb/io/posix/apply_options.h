// ApplyOptions: puts SocketOptions and MD5 keys on a kernel socket.
//
// Internal to lb/io/posix. Before the socket is bound or connected.
#ifndef LB_IO_POSIX_APPLY_OPTIONS_H_
#define LB_IO_POSIX_APPLY_OPTIONS_H_

#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "lb/io/socket_options.h"
#include "lb/net/ip_address.h"

namespace lb::io {

// `local` is where the socket will be bound: at [::] it has IPv4 peers too,
// which have their own settings. REQUIRES: Validate() found the options well.
// NotFound: no such interface. PermissionDenied: the kernel wants CAP_NET_RAW
// to bind to an interface. Unavailable: it refused for another reason.
absl::Status ApplyOptions(int socket, const net::IpAddress& local,
                          const SocketOptions& options, std::string_view place);

// Unavailable: the kernel refused.
absl::Status ApplyUserTimeout(int socket, absl::Duration timeout,
                              std::string_view place);

// Signs what goes to the key's peer and what comes from it; an empty key takes
// the one away that the socket has.
// Unimplemented: the kernel has no MD5 keys. Unavailable: it refused.
absl::Status ApplyMd5Key(int socket, const net::IpAddress& local,
                         const Md5Key& key, std::string_view place);

}  // namespace lb::io

#endif  // LB_IO_POSIX_APPLY_OPTIONS_H_

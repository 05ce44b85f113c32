// DropPrivileges: lbd keeps the capabilities that it needs and no others, and
// does not stay root where it can become another user.
//
//   kept                          purpose
//   CAP_NET_RAW                   ARP and NDP frames (packet(7))
//   CAP_NET_ADMIN                 --deliver=loopback: addresses on lo
//   CAP_NET_BIND_SERVICE          --bgp-listen with a port below 1024
//
// Under systemd the unit has done all this already; then nothing changes.
#ifndef LB_DAEMON_PRIVILEGES_H_
#define LB_DAEMON_PRIVILEGES_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "daemon/options/options.h"

namespace lb {

// The process keeps only the capabilities above, and can never gain another
// (no_new_privs). If it is root it becomes options.user, by default the user
// lbd; "root" keeps it root, without root's rights. Before that it makes
// OwnFolders() for that user where they are missing; an existing folder keeps
// its owner.
//
// Capabilities belong to threads: call it before the first other thread.
// NotFound: no such user, or root was given none and there is no user lbd.
// PermissionDenied: only root can become another user, or the new user may not
// write to one of the folders; the text says how to repair it. Unavailable: the
// system refused.
absl::Status DropPrivileges(const Options& options);

// The folders that lbd writes to: those of its state and of its status sockets.
// None for a controller alone, so it runs where it may write nowhere.
std::vector<std::string> OwnFolders(const Options& options);

}  // namespace lb

#endif  // LB_DAEMON_PRIVILEGES_H_

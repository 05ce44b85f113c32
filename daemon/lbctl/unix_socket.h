// Finds out whether lbd listens at a unix socket and this user may use it.
#ifndef LB_DAEMON_LBCTL_UNIX_SOCKET_H_
#define LB_DAEMON_LBCTL_UNIX_SOCKET_H_

#include <string>
#include <string_view>

namespace lb::lbctl {

// The prefix of a server's address that is a unix socket.
inline constexpr std::string_view kUnixPrefix = "unix:";

// Returns a connected descriptor, which the caller closes, or the negative
// errno of the attempt.
int ConnectUnix(const std::string& path);

// Says why the socket cannot be used, and what to do. Empty: lbd listens there.
std::string WhyNotConnected(const std::string& path);

}  // namespace lb::lbctl

#endif  // LB_DAEMON_LBCTL_UNIX_SOCKET_H_

#include "daemon/lbctl/unix_socket.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace lb::lbctl {

int ConnectUnix(const std::string& path) {
  sockaddr_un address = {.sun_family = AF_UNIX};
  if (path.size() >= sizeof(address.sun_path)) return -ENAMETOOLONG;
  std::memcpy(address.sun_path, path.data(), path.size());
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address),
              sizeof(address)) == 0) {
    return fd;
  }
  const int error = errno;
  close(fd);
  return -error;
}

std::string WhyNotConnected(const std::string& path) {
  const int fd = ConnectUnix(path);
  if (fd >= 0) {
    close(fd);
    return "";
  }
  switch (-fd) {
    case ENOENT:
      return "there is no such socket: is lbd running here? --server names "
             "another, as its option status-listen has it";
    case ECONNREFUSED:
      return "no process listens at this socket: lbd has ended; `systemctl "
             "status lbd` says why";
    case EACCES:
      return "permission denied: want root, or a user of the socket's group, "
             "as lbd's option status-group has it";
    default:
      return fmt::format(
          "{}: is lbd running here? --server names another "
          "socket",
          std::strerror(-fd));
  }
}

}  // namespace lb::lbctl

#include "lb/io/posix/group_membership.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "fmt/format.h"
#include "lb/base/status_macros.h"

namespace lb::io {
namespace {

absl::Status CheckGroup(const net::IpAddress& group) {
  if (group.is_ipv6() && group.is_multicast()) return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format(
      "group {}: want an IPv6 multicast address", group.ToString()));
}

absl::Status Refused(const net::IpAddress& group, int error) {
  return absl::UnavailableError(
      fmt::format("group {}: {}", group.ToString(), strerror(error)));
}

bool IsFull(int error) { return error == ENOBUFS || error == ENOMEM; }

}  // namespace

GroupMembership::~GroupMembership() {
  for (const int socket : sockets_) close(socket);
}

absl::Status GroupMembership::Join(const net::IpAddress& group) {
  LB_RETURN_IF_ERROR(CheckGroup(group));
  if (joined_.contains(group)) return absl::OkStatus();
  // The last one had room when last asked; the others, if groups were left.
  int error = ENOBUFS;
  for (auto it = sockets_.rbegin(); it != sockets_.rend() && IsFull(error);
       ++it) {
    error = ChangeOn(*it, IPV6_ADD_MEMBERSHIP, group);
    if (error == 0) std::swap(*it, sockets_.back());
  }
  if (IsFull(error)) {
    const int fresh = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fresh < 0) return Refused(group, errno);
    sockets_.push_back(fresh);
    error = ChangeOn(fresh, IPV6_ADD_MEMBERSHIP, group);
  }
  if (error != 0) return Refused(group, error);
  joined_.emplace(group, sockets_.back());
  return absl::OkStatus();
}

absl::Status GroupMembership::Leave(const net::IpAddress& group) {
  LB_RETURN_IF_ERROR(CheckGroup(group));
  const auto found = joined_.find(group);
  if (found == joined_.end()) return absl::OkStatus();
  const int error = ChangeOn(found->second, IPV6_DROP_MEMBERSHIP, group);
  joined_.erase(found);
  // With the interface its memberships went too.
  if (error != 0 && error != EADDRNOTAVAIL && error != ENODEV) {
    return Refused(group, error);
  }
  return absl::OkStatus();
}

int GroupMembership::ChangeOn(int socket, int option,
                              const net::IpAddress& group) const {
  ipv6_mreq request = {};
  const auto bytes = group.ToMappedBytes();
  std::copy(bytes.begin(), bytes.end(), request.ipv6mr_multiaddr.s6_addr);
  request.ipv6mr_interface = static_cast<unsigned>(interface_index_);
  const int result =
      setsockopt(socket, IPPROTO_IPV6, option, &request, sizeof(request));
  return result == 0 ? 0 : errno;
}

}  // namespace lb::io

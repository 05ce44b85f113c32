// GroupMembership: the IPv6 multicast groups that we joined on one interface.
//
// By plain UDP sockets: the kernel then reports the membership (MLD) and lets
// the interface receive the group's frames. Internal to lb/io/posix.
#ifndef LB_IO_POSIX_GROUP_MEMBERSHIP_H_
#define LB_IO_POSIX_GROUP_MEMBERSHIP_H_

#include <map>
#include <vector>

#include "absl/status/status.h"
#include "lb/net/ip_address.h"

namespace lb::io {

class GroupMembership {
 public:
  explicit GroupMembership(int interface_index)
      : interface_index_(interface_index) {}
  GroupMembership(const GroupMembership&) = delete;
  GroupMembership& operator=(const GroupMembership&) = delete;
  ~GroupMembership();  // Leaves them all.

  // As FramePort's.
  absl::Status Join(const net::IpAddress& group);
  absl::Status Leave(const net::IpAddress& group);

 private:
  int ChangeOn(int socket, int option, const net::IpAddress& group) const;

  const int interface_index_;
  // The kernel bounds the groups of each; when all are full another follows.
  std::vector<int> sockets_;
  std::map<net::IpAddress, int> joined_;  // By which socket.
};

}  // namespace lb::io

#endif  // LB_IO_POSIX_GROUP_MEMBERSHIP_H_

// KernelAddress: one interface address as rtnetlink tells it, and the mark by
// which lbd knows the addresses that it put there itself.
//
// Reads and writes raw messages: libnl 3.7 knows no address protocol. The mark:
//   - IPv4: the label "lo:lbd" (the interface's name and ":lbd");
//   - IPv6: the address protocol kAddressProtocol (IFA_PROTO, since Linux
//     5.18), or the route priority kAddressPriority (IFA_RT_PRIORITY, since
//     Linux 4.18), which older kernels keep while they ignore the protocol.
// An IPv4 address gets the protocol too, so that one command of a newer
// iproute2 shows them all: `ip address show proto 76`.
//
// Internal to lb/io/posix.
#ifndef LB_IO_POSIX_KERNEL_ADDRESS_H_
#define LB_IO_POSIX_KERNEL_ADDRESS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lb/io/posix/netlink_socket.h"
#include "lb/net/ip_address.h"
#include "lb/net/ip_prefix.h"

namespace lb::io {

// The kernel itself uses 1 to 3.
inline constexpr uint8_t kAddressProtocol = 76;
inline constexpr uint32_t kAddressPriority = 0x6c6264;  // "lbd"

struct KernelAddress {
  int interface = 0;  // Its index.
  net::IpPrefix prefix;
  bool tentative = false;
  bool marked = false;
};

// The calls below return NetlinkError()'s statuses, with `place` before them.

// All addresses of all interfaces. Unavailable also if the addresses changed
// meanwhile: then another try is worth it.
absl::StatusOr<std::vector<KernelAddress>> ReadAddresses(nl_sock* socket);

// The address of an event that it came or went: RTM_NEWADDR, RTM_DELADDR.
// Nullopt: the message is another one, or cannot be read.
std::optional<KernelAddress> ReadAddress(nlmsghdr* event);

// An address as a host's (/32, /128) on one interface.
struct HostAddress {
  std::string interface;
  int index = 0;
  net::IpAddress address;
};

// Adds it with the mark. Nothing if the interface has it, marked or not.
absl::Status AddMarked(nl_sock* socket, const HostAddress& host);
// Deletes it if it has the mark, else nothing. Costs the same however many
// addresses there are.
absl::Status DeleteMarked(nl_sock* socket, const HostAddress& host);

}  // namespace lb::io

#endif  // LB_IO_POSIX_KERNEL_ADDRESS_H_

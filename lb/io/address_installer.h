// AddressInstaller: puts addresses on an interface and takes them off again.
//
// Each address that it adds carries a mark that outlives the process, and it
// removes no address without the mark: what the host had before stays. A
// LinkMonitor leaves marked addresses out of Link::addresses.
//
// Loop thread only. Needs CAP_NET_ADMIN.
#ifndef LB_IO_ADDRESS_INSTALLER_H_
#define LB_IO_ADDRESS_INSTALLER_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "lb/net/ip_address.h"

namespace lb::io {

class AddressInstaller {
 public:
  virtual ~AddressInstaller() = default;

  // Puts the address on the interface as a host route's worth (/32, /128; IPv6
  // without duplicate address detection). OK if it is there already; if it is
  // there without the mark, it stays without. Packets for it are taken when
  // this returns; that can take 0.1 ms, on a busy machine some more, and is not
  // waited for longer than about 10 ms. NotFound: no such interface.
  // PermissionDenied: CAP_NET_ADMIN is missing. Unavailable: the kernel refused
  // for another reason.
  virtual absl::Status Install(const std::string& interface,
                               const net::IpAddress& address) = 0;

  // Takes it off. OK if it is not there with the mark, or if its interface is
  // not there.
  // PermissionDenied: as for Install().
  virtual absl::Status Uninstall(const std::string& interface,
                                 const net::IpAddress& address) = 0;

  // The addresses on the interface that carry the mark, whichever process put
  // them there. Sorted; none if there is no such interface.
  // Unavailable: the kernel refused.
  virtual absl::StatusOr<std::vector<net::IpAddress>> Installed(
      const std::string& interface) = 0;
};

}  // namespace lb::io

#endif  // LB_IO_ADDRESS_INSTALLER_H_

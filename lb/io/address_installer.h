// AddressInstaller: puts addresses on an interface and takes them off again.
//
// Loop thread only. Needs CAP_NET_ADMIN.
#ifndef LB_IO_ADDRESS_INSTALLER_H_
#define LB_IO_ADDRESS_INSTALLER_H_

#include <string>

#include "absl/status/status.h"
#include "lb/net/ip_address.h"

namespace lb::io {

class AddressInstaller {
 public:
  virtual ~AddressInstaller() = default;

  // Puts the address on the interface as a host route's worth (/32, /128; IPv6
  // without duplicate address detection). OK if it is there already. Packets
  // for it are taken when this returns; that can take 0.1 ms, on a busy machine
  // some more, and is not waited for longer than about 10 ms.
  // NotFound: no such interface. PermissionDenied: CAP_NET_ADMIN is missing.
  // Unavailable: the kernel refused for another reason.
  virtual absl::Status Install(const std::string& interface,
                               const net::IpAddress& address) = 0;

  // Takes it off. OK if it is not there, or its interface is not.
  // PermissionDenied: as for Install().
  virtual absl::Status Uninstall(const std::string& interface,
                                 const net::IpAddress& address) = 0;
};

}  // namespace lb::io

#endif  // LB_IO_ADDRESS_INSTALLER_H_

// NetlinkAddresses: an AddressInstaller through rtnetlink. The mark of what it
// installed is that of kernel_address.h.
#ifndef LB_IO_POSIX_NETLINK_ADDRESSES_H_
#define LB_IO_POSIX_NETLINK_ADDRESSES_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "lb/io/address_installer.h"
#include "lb/net/ip_address.h"

struct nl_sock;

namespace lb::io {

class NetlinkAddresses final : public AddressInstaller {
 public:
  // Unavailable: no netlink socket is to be had.
  static absl::StatusOr<std::unique_ptr<NetlinkAddresses>> Create();
  ~NetlinkAddresses() override;
  NetlinkAddresses(const NetlinkAddresses&) = delete;
  NetlinkAddresses& operator=(const NetlinkAddresses&) = delete;

  absl::Status Install(const std::string& interface,
                       const net::IpAddress& address) override;
  absl::Status Uninstall(const std::string& interface,
                         const net::IpAddress& address) override;
  absl::StatusOr<std::vector<net::IpAddress>> Installed(
      const std::string& interface) override;

 private:
  explicit NetlinkAddresses(nl_sock* socket) : socket_(socket) {}
  bool IsLocal(const net::IpAddress& address);

  nl_sock* const socket_;  // Owned.
};

}  // namespace lb::io

#endif  // LB_IO_POSIX_NETLINK_ADDRESSES_H_

// SimAddressInstaller: an AddressInstaller on the links of a SimLinkMonitor.
//
// As with a real kernel, an installed address shows among the link's addresses
// and stays when the process dies.
#ifndef LB_IO_SIM_SIM_ADDRESS_INSTALLER_H_
#define LB_IO_SIM_SIM_ADDRESS_INSTALLER_H_

#include <set>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "lb/io/address_installer.h"
#include "lb/io/sim/sim_link_monitor.h"
#include "lb/net/ip_address.h"

namespace lb::io {

class SimAddressInstaller final : public AddressInstaller {
 public:
  explicit SimAddressInstaller(SimLinkMonitor* links) : links_(links) {}

  absl::Status Install(const std::string& interface,
                       const net::IpAddress& address) override;
  absl::Status Uninstall(const std::string& interface,
                         const net::IpAddress& address) override;

  // What both calls answer from now on, doing nothing; OK: they work again.
  void SetError(absl::Status error) { error_ = std::move(error); }

  // What is installed now: {interface, address}.
  const std::set<std::pair<std::string, net::IpAddress>>& installed() const {
    return installed_;
  }

  // Takes everything off, as a reboot does.
  void Clear();

 private:
  SimLinkMonitor* const links_;
  absl::Status error_;
  std::set<std::pair<std::string, net::IpAddress>> installed_;
};

}  // namespace lb::io

#endif  // LB_IO_SIM_SIM_ADDRESS_INSTALLER_H_

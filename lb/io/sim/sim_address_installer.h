// SimAddressInstaller: an AddressInstaller on the links of a SimLinkMonitor.
//
// As with a real kernel, an installed address stays when the process dies. It
// shows in Link::installed, not among the link's addresses, which are the
// host's own; one that is the host's own already is not installed once more.
#ifndef LB_IO_SIM_SIM_ADDRESS_INSTALLER_H_
#define LB_IO_SIM_SIM_ADDRESS_INSTALLER_H_

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
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
  absl::StatusOr<std::vector<net::IpAddress>> Installed(
      const std::string& interface) override;

  // What all calls answer from now on, doing nothing; OK: they work again.
  void SetError(absl::Status error) { error_ = std::move(error); }

  // What Install() answers for addresses of the family from now on: IPv6 is
  // switched off on the interface, say.
  void SetError(net::IpFamily family, absl::Status error) {
    errors_[family] = std::move(error);
  }

  // Somebody else takes these off.
  void TakeOff(const std::string& interface, const net::IpAddress& address);
  void TakeOff(const std::string& interface, net::IpFamily family);

  // What is installed now: {interface, address}.
  const std::set<std::pair<std::string, net::IpAddress>>& installed() const {
    return installed_;
  }

  // Takes everything off, as a reboot does.
  void Clear();

 private:
  SimLinkMonitor* const links_;
  absl::Status error_;
  std::map<net::IpFamily, absl::Status> errors_;
  std::set<std::pair<std::string, net::IpAddress>> installed_;
};

}  // namespace lb::io

#endif  // LB_IO_SIM_SIM_ADDRESS_INSTALLER_H_

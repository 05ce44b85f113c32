#include "lb/io/sim/sim_address_installer.h"

#include <algorithm>

#include "fmt/format.h"
#include "lb/net/ip_prefix.h"

namespace lb::io {

absl::Status SimAddressInstaller::Install(const std::string& interface,
                                          const net::IpAddress& address) {
  if (!error_.ok()) return error_;
  const Link* link = links_->Find(interface);
  if (link == nullptr) {
    return absl::NotFoundError(
        fmt::format("interface {}: not there", interface));
  }
  const bool is_own = std::any_of(
      link->addresses.begin(), link->addresses.end(),
      [&](const net::IpPrefix& own) { return own.address == address; });
  if (is_own) return absl::OkStatus();
  const auto refused = errors_.find(address.family());
  if (refused != errors_.end() && !refused->second.ok()) return refused->second;
  if (installed_.emplace(interface, address).second) {
    links_->AddInstalled(interface, address);
  }
  return absl::OkStatus();
}

absl::Status SimAddressInstaller::Uninstall(const std::string& interface,
                                            const net::IpAddress& address) {
  if (!error_.ok()) return error_;
  TakeOff(interface, address);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<net::IpAddress>> SimAddressInstaller::Installed(
    const std::string& interface) {
  if (!error_.ok()) return error_;
  std::vector<net::IpAddress> on_interface;
  for (const auto& [name, address] : installed_) {
    if (name == interface) on_interface.push_back(address);
  }
  return on_interface;
}

void SimAddressInstaller::TakeOff(const std::string& interface,
                                  const net::IpAddress& address) {
  if (installed_.erase({interface, address}) == 0) return;
  links_->RemoveInstalled(interface, address);
}

void SimAddressInstaller::TakeOff(const std::string& interface,
                                  net::IpFamily family) {
  for (const auto& [name, address] : std::set(installed_)) {
    if (name == interface && address.family() == family) {
      TakeOff(interface, address);
    }
  }
}

void SimAddressInstaller::Clear() {
  for (const auto& [interface, address] : std::set(installed_)) {
    TakeOff(interface, address);
  }
}

}  // namespace lb::io

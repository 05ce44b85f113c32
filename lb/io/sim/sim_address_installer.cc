#include "lb/io/sim/sim_address_installer.h"

#include "fmt/format.h"
#include "lb/net/ip_prefix.h"

namespace lb::io {
namespace {

net::IpPrefix HostPrefix(const net::IpAddress& address) {
  return {.address = address, .length = net::BitCount(address.family())};
}

}  // namespace

absl::Status SimAddressInstaller::Install(const std::string& interface,
                                          const net::IpAddress& address) {
  if (!error_.ok()) return error_;
  if (links_->Find(interface) == nullptr) {
    return absl::NotFoundError(
        fmt::format("interface {}: not there", interface));
  }
  if (installed_.emplace(interface, address).second) {
    links_->AddAddress(interface, HostPrefix(address));
  }
  return absl::OkStatus();
}

absl::Status SimAddressInstaller::Uninstall(const std::string& interface,
                                            const net::IpAddress& address) {
  if (!error_.ok()) return error_;
  if (links_->Find(interface) == nullptr) return absl::OkStatus();
  if (installed_.erase({interface, address}) > 0) {
    links_->RemoveAddress(interface, HostPrefix(address));
  }
  return absl::OkStatus();
}

void SimAddressInstaller::Clear() {
  for (const auto& [interface, address] : std::exchange(installed_, {})) {
    if (links_->Find(interface) != nullptr) {
      links_->RemoveAddress(interface, HostPrefix(address));
    }
  }
}

}  // namespace lb::io

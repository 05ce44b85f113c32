#include "daemon/agent/loopback_delivery.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "absl/status/status.h"

namespace lb {
namespace {

constexpr char kLoopback[] = "lo";

}  // namespace

void LoopbackDelivery::RemoveLeftovers() {
  const auto leftovers = environment_.installer->Installed(kLoopback);
  if (!leftovers.ok())
    return RecordFailure(std::string(
        fmt::format("what an earlier run left on {} cannot be read: {}",
                    kLoopback, std::string(leftovers.status().message()))));
  for (const net::IpAddress& address : *leftovers) {
    Report(address, "taken off",
           environment_.installer->Uninstall(kLoopback, address));
  }
}

bool LoopbackDelivery::Deliver(const std::set<net::IpAddress>& addresses) {
  // What is neither here nor to be here needs no more reports.
  std::erase_if(refused_, [&](const auto& refused) {
    return !addresses.contains(refused.first) &&
           !delivered_.contains(refused.first);
  });
  std::vector<net::IpAddress> changes, refused;
  const auto add = [&](const net::IpAddress& address) {
    (refused_.contains(address) ? refused : changes).push_back(address);
  };
  for (const net::IpAddress& address : addresses) {
    if (!delivered_.contains(address)) add(address);
  }
  for (const net::IpAddress& address : delivered_) {
    if (!addresses.contains(address)) add(address);
  }
  const bool all_tried = changes.size() <= kChangesMax;
  changes.insert(changes.end(), refused.begin(), refused.end());
  bool any_done = false;
  for (size_t i = 0; i < std::min(changes.size(), kChangesMax); ++i) {
    any_done |= Change(changes[i], addresses.contains(changes[i]));
  }
  return all_tried && (changes.size() <= kChangesMax || !any_done);
}

bool LoopbackDelivery::Change(const net::IpAddress& address, bool deliver) {
  io::AddressInstaller& installer = *environment_.installer;
  const absl::Status status = deliver ? installer.Install(kLoopback, address)
                                      : installer.Uninstall(kLoopback, address);
  Report(address, deliver ? "put on" : "taken off", status);
  if (!status.ok()) return false;
  if (deliver) {
    delivered_.insert(address);
  } else {
    delivered_.erase(address);
  }
  return true;
}

void LoopbackDelivery::Report(const net::IpAddress& address, const char* what,
                              const absl::Status& status) {
  if (status.ok()) {
    refused_.erase(address);
    return;
  }
  std::string message =
      fmt::format("{} cannot be {} {}: {}", address.ToString(), what, kLoopback,
                  std::string(status.message()));
  std::string& reported = refused_[address];
  if (reported == message) return;
  reported = message;
  RecordFailure(std::move(message));
}

void LoopbackDelivery::RecordFailure(std::string message) {
  environment_.log->Record({.time = environment_.loop->CivilNow(),
                            .type = EventType::kWarning,
                            .reason = "DeliveryFailed",
                            .object = "Node/" + node_,
                            .message = std::move(message)});
}

}  // namespace lb

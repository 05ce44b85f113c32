#include "daemon/agent/loopback_delivery.h"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "absl/status/status.h"

namespace lb {
namespace {

constexpr char kLoopback[] = "lo";

}  // namespace

void LoopbackDelivery::RemoveLeftovers(
    const std::vector<net::IpAddress>& addresses) {
  for (const net::IpAddress& address : addresses) {
    Report(address, "taken off",
           environment_.installer->Uninstall(kLoopback, address));
  }
}

void LoopbackDelivery::Deliver(const std::set<net::IpAddress>& addresses) {
  for (auto it = delivered_.begin(); it != delivered_.end();) {
    if (addresses.contains(*it)) {
      ++it;
      continue;
    }
    const absl::Status status =
        environment_.installer->Uninstall(kLoopback, *it);
    Report(*it, "taken off", status);
    it = status.ok() ? delivered_.erase(it) : std::next(it);
  }
  // What is neither here nor to be here needs no more reports.
  std::erase_if(refused_, [&](const auto& refused) {
    return !addresses.contains(refused.first) &&
           !delivered_.contains(refused.first);
  });
  for (const net::IpAddress& address : addresses) {
    if (delivered_.contains(address)) continue;
    const absl::Status status =
        environment_.installer->Install(kLoopback, address);
    Report(address, "put on", status);
    if (status.ok()) delivered_.insert(address);
  }
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
  environment_.log->Record({.time = environment_.loop->CivilNow(),
                            .type = EventType::kWarning,
                            .reason = "DeliveryFailed",
                            .object = "Node/" + node_,
                            .message = std::move(message)});
}

}  // namespace lb

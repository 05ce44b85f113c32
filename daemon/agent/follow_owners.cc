// Agent's care that no address of a host is a service's.
#include <vector>

#include "daemon/agent/agent.h"
#include "daemon/agent/owned_addresses.h"

namespace lb {

void Agent::UpdateOwners() {
  const bool changed =
      owners_.Update({desired_, addresses_.entries(), addresses_.version()});
  if (ready_) events_.RecordCovered(owners_.covered());
  if (!changed) return;
  elections_.SetWithheld(owners_.withheld());
  addresses_.SetTaken(ToTaken(owners_.owned()));
}

// Addresses that a host has given up since the last call.
std::vector<net::IpAddress> Agent::TakeReturned() {
  std::vector<net::IpAddress> returned;
  if (announced_.owners == owners_.version()) return returned;
  for (const net::IpAddress& address : withheld_) {
    if (!owners_.withheld().contains(address)) returned.push_back(address);
  }
  withheld_.clear();
  for (const auto& [address, owner] : owners_.withheld()) {
    withheld_.insert(address);
  }
  return returned;
}

}  // namespace lb

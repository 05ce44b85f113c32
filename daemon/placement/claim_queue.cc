#include "daemon/placement/claim_queue.h"

namespace lb {

std::vector<net::IpAddress> ClaimQueue::EndWaits(
    absl::FunctionRef<bool(const net::IpAddress&, const Waiting&)> is_over) {
  std::vector<net::IpAddress> ended;
  std::erase_if(waiting_, [&](const auto& entry) {
    if (!is_over(entry.first, entry.second)) return false;
    ended.push_back(entry.first);
    return true;
  });
  return ended;
}

std::set<net::IpAddress> ClaimQueue::Probes() const {
  std::set<net::IpAddress> probes;
  for (const auto& [address, waiting] : waiting_) {
    if (waiting.to_probe) probes.insert(probes.end(), address);
  }
  return probes;
}

}  // namespace lb

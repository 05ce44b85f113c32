// ClaimQueue: what this node is elected for and does not hold yet.
//
// A service is due until it was looked at. An address that can only be claimed
// once this node announces it waits for that: thousands are probed at a time,
// and to look at each of their services again and again kept the loop for 35
// ms. Pure bookkeeping, one thread.
//
//   queue.Add("default/web");
//   for (const std::string& service : queue.TakeDue()) {
//     queue.Wait(address, {.term = term, .to_probe = true});
//   }
//   queue.EndWaits(...);  // Addresses to look at again.
#ifndef LB_DAEMON_PLACEMENT_CLAIM_QUEUE_H_
#define LB_DAEMON_PLACEMENT_CLAIM_QUEUE_H_

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "lb/net/ip_address.h"

namespace lb {

class ClaimQueue {
 public:
  using Services = std::set<std::string, std::less<>>;
  struct Waiting {
    uint64_t term = 0;      // Its tenure had this one when it was looked at.
    bool to_probe = false;  // This node is to probe for it first.
  };

  void Add(const std::string& service) { due_.insert(service); }
  void AddAll(const Services& services) {
    due_.insert(services.begin(), services.end());
  }
  void Remove(const std::string& service) { due_.erase(service); }
  Services TakeDue() { return std::exchange(due_, {}); }

  void Wait(const net::IpAddress& address, const Waiting& waiting) {
    waiting_[address] = waiting;
  }
  // Its services are others, or are due.
  void EndWait(const net::IpAddress& address) { waiting_.erase(address); }
  // Ends the waits that `is_over`; returns the addresses, in order.
  std::vector<net::IpAddress> EndWaits(
      absl::FunctionRef<bool(const net::IpAddress&, const Waiting&)> is_over);
  // The addresses that wait and are to be probed for.
  std::set<net::IpAddress> Probes() const;

 private:
  Services due_;
  std::map<net::IpAddress, Waiting> waiting_;
};

}  // namespace lb

#endif  // LB_DAEMON_PLACEMENT_CLAIM_QUEUE_H_

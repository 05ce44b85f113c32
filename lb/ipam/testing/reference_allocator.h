// ReferenceAllocator: the rules of assignment, written the slow and obvious
// way.
//
// It lists every address of every pool one by one and scans. For tests that
// compare it with Allocator over small pools; not for use.
#ifndef LB_IPAM_TESTING_REFERENCE_ALLOCATOR_H_
#define LB_IPAM_TESTING_REFERENCE_ALLOCATOR_H_

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "lb/ipam/assignment.h"
#include "lb/ipam/pool.h"
#include "lb/ipam/resting_addresses.h"
#include "lb/ipam/service_request.h"
#include "lb/ipam/taken_addresses.h"
#include "lb/net/ip_address.h"

namespace lb::ipam {

class ReferenceAllocator {
 public:
  // By service: what it asked when its addresses were given, and those.
  struct Held {
    ServiceRequest request;
    std::map<net::IpAddress, std::string> pools;  // Address to pool.
  };

  explicit ReferenceAllocator(std::vector<Pool> pools) {
    SetPools(std::move(pools));
  }

  void SetPools(std::vector<Pool> pools);
  void SetTaken(TakenAddresses taken);
  void AdvanceTo(absl::Time now);

  // Nullopt: the request cannot be satisfied; nothing changed.
  std::optional<Assignment> Assign(const ServiceRequest& request);
  bool Hold(const ServiceRequest& request,
            const std::vector<net::IpAddress>& addresses);
  void Release(const std::string& service) { Set(service, {}); }

  const std::map<std::string, Held>& held() const { return held_; }
  const std::map<net::IpAddress, Rest>& freed() const { return freed_; }

 private:
  using Chosen = std::map<net::IpAddress, std::string>;

  bool MayHold(const ServiceRequest& request,
               const net::IpAddress& address) const;
  bool IsHeld(const net::IpAddress& address) const;
  const Pool* PoolOf(const net::IpAddress& address) const;
  // The name that the address is reserved for; "" if none.
  std::string ReservedFor(const net::IpAddress& address) const;
  bool CoolsDown(const net::IpAddress& address) const;
  std::optional<net::IpAddress> First(const Pool& pool,
                                      const ServiceRequest& request,
                                      net::IpFamily family) const;
  // Exactly `addresses`; `is_promised`: whatever cools down.
  std::optional<Chosen> ChooseExactly(
      const ServiceRequest& request,
      const std::vector<net::IpAddress>& addresses, bool is_promised) const;
  std::optional<Chosen> Choose(const ServiceRequest& request) const;
  Chosen ChooseKept(const ServiceRequest& request) const;
  void AddReserved(const ServiceRequest& request, Chosen& chosen) const;
  void AddMissing(const ServiceRequest& request, Chosen& chosen) const;
  void Set(const std::string& service, Held held);
  void ForgetFreed();

  std::vector<Pool> pools_;  // In the order in which they are tried.
  TakenAddresses taken_;
  std::map<std::string, Held> held_;
  // Addresses that are free and were held, as far as that matters.
  std::map<net::IpAddress, Rest> freed_;
  absl::Time now_ = absl::InfinitePast();
};

}  // namespace lb::ipam

#endif  // LB_IPAM_TESTING_REFERENCE_ALLOCATOR_H_

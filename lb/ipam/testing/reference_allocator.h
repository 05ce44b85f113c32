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
#include <vector>

#include "lb/ipam/assignment.h"
#include "lb/ipam/pool.h"
#include "lb/ipam/service_request.h"
#include "lb/net/ip_address.h"

namespace lb::ipam {

class ReferenceAllocator {
 public:
  // By service: what it asked when its addresses were given, and those.
  struct Held {
    ServiceRequest request;
    std::map<net::IpAddress, std::string> pools;  // Address to pool.
  };

  explicit ReferenceAllocator(std::vector<Pool> pools);

  // Nullopt: the request cannot be satisfied; nothing changed.
  std::optional<Assignment> Assign(const ServiceRequest& request);
  bool Hold(const ServiceRequest& request,
            const std::vector<net::IpAddress>& addresses);
  void Release(const std::string& service) { held_.erase(service); }

  const std::map<std::string, Held>& held() const { return held_; }

 private:
  using Chosen = std::map<net::IpAddress, std::string>;

  bool MayHold(const ServiceRequest& request,
               const net::IpAddress& address) const;
  std::optional<net::IpAddress> First(const Pool& pool,
                                      const ServiceRequest& request,
                                      net::IpFamily family) const;
  std::optional<Chosen> ChooseRequested(const ServiceRequest& request) const;
  Chosen ChooseKept(const ServiceRequest& request) const;
  void AddMissing(const ServiceRequest& request, Chosen& chosen) const;

  std::vector<Pool> pools_;  // In the order in which they are tried.
  std::map<std::string, Held> held_;
};

}  // namespace lb::ipam

#endif  // LB_IPAM_TESTING_REFERENCE_ALLOCATOR_H_

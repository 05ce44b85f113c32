// Sharing: when several services may hold one address together.
#ifndef LB_IPAM_SHARING_H_
#define LB_IPAM_SHARING_H_

#include <optional>
#include <string>
#include <vector>

#include "lb/ipam/service_request.h"

namespace lb::ipam {

// On what a holder agrees to share its addresses.
struct SharingTerms {
  std::string key;  // Empty: not at all.
  std::string backend;
  std::vector<ServicePort> ports;

  friend bool operator==(const SharingTerms&, const SharingTerms&) = default;
};

SharingTerms TermsOf(const ServiceRequest& request);

// Why services on terms `a` and `b` may not hold an address together, such as
// "both use TCP port 80"; nullopt: they may. Symmetric.
std::optional<std::string> WhyNotShared(const SharingTerms& a,
                                        const SharingTerms& b);

}  // namespace lb::ipam

#endif  // LB_IPAM_SHARING_H_

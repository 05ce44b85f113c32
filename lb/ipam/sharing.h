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

  friend auto operator<=>(const SharingTerms&, const SharingTerms&) = default;
};

// Without a key neither backend nor ports matter: they are left empty. Ports
// are sorted, each once.
SharingTerms TermsOf(const ServiceRequest& request);

// Why services on terms `a` and `b` may not hold an address together, such as
// "both use TCP port 80"; nullopt: they may. Symmetric.
std::optional<std::string> WhyNotShared(const SharingTerms& a,
                                        const SharingTerms& b);

}  // namespace lb::ipam

#endif  // LB_IPAM_SHARING_H_

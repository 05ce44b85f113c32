#include "lb/ipam/sharing.h"

#include <algorithm>
#include <string_view>

#include "fmt/format.h"
#include "lb/base/check.h"

namespace lb::ipam {
namespace {

std::string_view NameOf(Protocol protocol) {
  switch (protocol) {
    case Protocol::kTcp:
      return "TCP";
    case Protocol::kUdp:
      return "UDP";
    case Protocol::kSctp:
      return "SCTP";
  }
  LB_UNREACHABLE();
}

}  // namespace

SharingTerms TermsOf(const ServiceRequest& request) {
  if (request.sharing_key.empty()) return {};
  SharingTerms terms = {.key = request.sharing_key,
                        .backend = request.backend_key,
                        .ports = request.ports};
  std::sort(terms.ports.begin(), terms.ports.end());
  terms.ports.erase(std::unique(terms.ports.begin(), terms.ports.end()),
                    terms.ports.end());
  return terms;
}

std::optional<std::string> WhyNotShared(const SharingTerms& a,
                                        const SharingTerms& b) {
  if (a.key.empty() || b.key.empty()) return "not shared";
  if (a.key != b.key) return "sharing keys differ";
  if (a.backend != b.backend) return "backends differ";
  for (const ServicePort& port : a.ports) {
    if (std::find(b.ports.begin(), b.ports.end(), port) != b.ports.end()) {
      return fmt::format("both use {} port {}", NameOf(port.protocol),
                         port.port);
    }
  }
  return std::nullopt;
}

}  // namespace lb::ipam

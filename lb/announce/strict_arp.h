// Strict ARP: would the kernel itself answer for a service's address?
//
// Linux answers ARP on every interface for every address of the host, unless
// arp_ignore forbids it; and it gives any address of the host as the sender of
// its own requests, which moves neighbours' entries, unless arp_announce
// forbids that. A node whose kernel does so answers beside the elected one.
// (IPv6 knows no such thing for addresses on other interfaces.) An address on
// an interface that announces is the host's own, and is not judged here.
//
// Pure: judges facts. Kernel documentation: networking/ip-sysctl, arp_ignore.
#ifndef LB_ANNOUNCE_STRICT_ARP_H_
#define LB_ANNOUNCE_STRICT_ARP_H_

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "lb/io/link_monitor.h"
#include "lb/net/ip_address.h"

namespace lb::announce {

// How strict ARP is set where kube-proxy runs in IPVS mode and would unset the
// sysctls; from MetalLB's installation page.
inline constexpr char kKubeProxyRemedy[] =
    "kubectl get configmap kube-proxy -n kube-system -o yaml | sed -e "
    "'s/strictARP: false/strictARP: true/' | kubectl apply -f - -n "
    "kube-system, and restart kube-proxy";

struct StrictArpFacts {
  // True if a service has the address, whichever node announces it.
  std::function<bool(const net::IpAddress& address)> is_assigned;
  std::vector<io::Link> links;
  std::set<std::string> announcing;  // Names of the usable interfaces.
  // Addresses of services will be put on "lo" even if none is there now.
  bool delivers_on_loopback = false;
  std::function<std::optional<int>(const std::string& name)> sysctl;
};

// One sentence per fault, with its remedy; sorted, none twice.
std::vector<std::string> JudgeStrictArp(const StrictArpFacts& facts);

}  // namespace lb::announce

#endif  // LB_ANNOUNCE_STRICT_ARP_H_

// Which of the host's interfaces can announce, and why the others cannot.
//
// Pure functions over lb::io::Link values. ARP and NDP are judged apart: an
// interface without an IPv6 link-local address still serves IPv4.
//
//   for (const InterfaceChoice& choice :
//        SelectInterfaces(links.Links(), options.interfaces)) {
//     if (IsUsable(choice)) Use(choice.interface);
//   }
#ifndef LB_ANNOUNCE_INTERFACE_H_
#define LB_ANNOUNCE_INTERFACE_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/types/span.h"
#include "lb/io/link_monitor.h"
#include "lb/net/ip_address.h"
#include "lb/net/mac_address.h"

namespace lb::announce {

// Patterns are those of a shell (glob(7)) over the whole name: "eth*", "bond?".
// One that matches an alternative name matches the interface.
struct InterfaceOptions {
  std::vector<std::string> include;  // Empty: all that are not excluded.
  std::vector<std::string> exclude = DefaultExclude();

  // MetalLB's list (excludel2.yaml): containers' and kube-proxy's interfaces.
  static std::vector<std::string> DefaultExclude();
};

// The facts of an interface that the announcer needs. A change of any field
// starts the announcements on it again.
struct Interface {
  std::string name;
  int index = 0;
  net::MacAddress mac;
  std::vector<std::string> alt_names;  // Sorted.
  bool arp = false;                    // Usable for IPv4.
  // IPv6 works on the interface once it has one; until then not usable for it.
  std::optional<net::IpAddress> link_local;

  // True for the interface's name, and for an alternative one.
  bool IsNamed(std::string_view text) const;

  friend bool operator==(const Interface&, const Interface&) = default;
};

// The first one that holds, in this order.
enum class InterfaceState {
  kUsable,
  kLoopback,
  kExcluded,      // Matches a pattern of `exclude`.
  kNotIncluded,   // Matches none of `include`.
  kBridgePort,    // Port of a bridge or a bond: its master announces.
  kNoArp,         // NOARP: neighbours do not resolve addresses on it.
  kNoMac,         // No Ethernet address (a tunnel).
  kDown,          // Switched off.
  kNoCarrier,     // On, but no cable or no peer.
  kNotBroadcast,  // For ARP: it cannot broadcast.
  kNoLinkLocal,   // For NDP: no IPv6 link-local address (yet).
  kNoPort,        // Fit, but no frame port could be opened: see `detail`.
};

// "usable", "no carrier", ...: for people and for metrics.
std::string_view ToString(InterfaceState state);

struct InterfaceChoice {
  Interface interface;
  InterfaceState arp = InterfaceState::kUsable;
  InterfaceState ndp = InterfaceState::kUsable;
  std::string detail;  // With kNoPort: what the system said.

  friend bool operator==(const InterfaceChoice&,
                         const InterfaceChoice&) = default;
};

// For one of the two protocols at least.
bool IsUsable(const InterfaceChoice& choice);

// "eth0: usable", "eth1: no carrier", "eth2: ARP usable, NDP no IPv6
// link-local address".
std::string ToString(const InterfaceChoice& choice);

// Judges each link; the answer is in the order of `links`.
std::vector<InterfaceChoice> SelectInterfaces(absl::Span<const io::Link> links,
                                              const InterfaceOptions& options);

}  // namespace lb::announce

#endif  // LB_ANNOUNCE_INTERFACE_H_

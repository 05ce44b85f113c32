#include "lb/announce/interface.h"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>

#include "lb/base/check.h"
#include "lb/net/ip_prefix.h"

namespace lb::announce {
namespace {

bool Matches(const std::string& pattern, const std::string& name) {
  return fnmatch(pattern.c_str(), name.c_str(), 0) == 0;
}

bool MatchesAny(const std::vector<std::string>& patterns,
                const io::Link& link) {
  return std::any_of(
      patterns.begin(), patterns.end(), [&](const std::string& pattern) {
        return Matches(pattern, link.name) ||
               std::any_of(link.alt_names.begin(), link.alt_names.end(),
                           [&](const std::string& name) {
                             return Matches(pattern, name);
                           });
      });
}

// What holds for both protocols.
InterfaceState Judge(const io::Link& link, const InterfaceOptions& options) {
  if (link.loopback) return InterfaceState::kLoopback;
  if (MatchesAny(options.exclude, link)) return InterfaceState::kExcluded;
  if (!options.include.empty() && !MatchesAny(options.include, link)) {
    return InterfaceState::kNotIncluded;
  }
  if (link.master != 0) return InterfaceState::kBridgePort;
  if (link.noarp) return InterfaceState::kNoArp;
  if (link.mac == net::MacAddress{} || link.mac.is_multicast()) {
    return InterfaceState::kNoMac;
  }
  if (!link.up) return InterfaceState::kDown;
  if (!link.carrier) return InterfaceState::kNoCarrier;
  return InterfaceState::kUsable;
}

std::optional<net::IpAddress> FirstLinkLocal(const io::Link& link) {
  for (const net::IpPrefix& prefix : link.addresses) {
    if (prefix.address.is_ipv6() && prefix.address.is_link_local()) {
      return prefix.address;
    }
  }
  return std::nullopt;
}

InterfaceChoice Choose(const io::Link& link, const InterfaceOptions& options) {
  const InterfaceState state = Judge(link, options);
  InterfaceChoice choice{.interface = {.name = link.name,
                                       .index = link.index,
                                       .mac = link.mac,
                                       .alt_names = link.alt_names},
                         .arp = state,
                         .ndp = state};
  if (state != InterfaceState::kUsable) return choice;
  choice.interface.arp = link.broadcast;
  choice.interface.link_local = FirstLinkLocal(link);
  if (!link.broadcast) choice.arp = InterfaceState::kNotBroadcast;
  if (!choice.interface.link_local) choice.ndp = InterfaceState::kNoLinkLocal;
  return choice;
}

}  // namespace

std::vector<std::string> InterfaceOptions::DefaultExclude() {
  return {"docker*",    "cbr*", "dummy*", "virbr*",       "lxcbr*",
          "veth*",      "lo",   "cali*",  "tunl*",        "flannel*",
          "kube-ipvs*", "cni*", "lxc*",   "nodelocaldns*"};
}

bool Interface::IsNamed(std::string_view text) const {
  return text == name ||
         std::find(alt_names.begin(), alt_names.end(), text) != alt_names.end();
}

std::string_view ToString(InterfaceState state) {
  switch (state) {
    case InterfaceState::kUsable:
      return "usable";
    case InterfaceState::kLoopback:
      return "loopback";
    case InterfaceState::kExcluded:
      return "excluded";
    case InterfaceState::kNotIncluded:
      return "not included";
    case InterfaceState::kBridgePort:
      return "port of a bridge or bond";
    case InterfaceState::kNoArp:
      return "NOARP is set";
    case InterfaceState::kNoMac:
      return "no Ethernet address";
    case InterfaceState::kDown:
      return "down";
    case InterfaceState::kNoCarrier:
      return "no carrier";
    case InterfaceState::kNotBroadcast:
      return "cannot broadcast";
    case InterfaceState::kNoLinkLocal:
      return "no IPv6 link-local address";
    case InterfaceState::kNoPort:
      return "no frame port";
  }
  LB_UNREACHABLE();
}

bool IsUsable(const InterfaceChoice& choice) {
  return choice.arp == InterfaceState::kUsable ||
         choice.ndp == InterfaceState::kUsable;
}

std::string ToString(const InterfaceChoice& choice) {
  std::string text =
      choice.arp == choice.ndp
          ? fmt::format("{}: {}", choice.interface.name, ToString(choice.arp))
          : fmt::format("{}: ARP {}, NDP {}", choice.interface.name,
                        ToString(choice.arp), ToString(choice.ndp));
  if (!choice.detail.empty()) text += fmt::format(" ({})", choice.detail);
  return text;
}

std::vector<InterfaceChoice> SelectInterfaces(absl::Span<const io::Link> links,
                                              const InterfaceOptions& options) {
  std::vector<InterfaceChoice> choices;
  for (const io::Link& link : links) choices.push_back(Choose(link, options));
  return choices;
}

}  // namespace lb::announce

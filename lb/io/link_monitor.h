// LinkMonitor: the host's network interfaces, and news of them.
//
// Loop thread only.
#ifndef LB_IO_LINK_MONITOR_H_
#define LB_IO_LINK_MONITOR_H_

#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "lb/net/ip_prefix.h"
#include "lb/net/mac_address.h"

namespace lb::io {

struct Link {
  int index = 0;  // The kernel's; larger than 0.
  std::string name;
  // Others that the administrator or udev gave it (ip link property), sorted.
  std::vector<std::string> alt_names;
  net::MacAddress mac;
  bool up = false;         // IFF_UP: switched on by the administrator.
  bool carrier = false;    // IFF_LOWER_UP: the cable, or the peer, is there.
  bool loopback = false;   // IFF_LOOPBACK
  bool broadcast = false;  // IFF_BROADCAST
  bool noarp = false;      // IFF_NOARP
  int master = 0;          // Index of the bridge or bond it is a port of, or 0.
  // The host's own. Sorted. No tentative ones, and none that an
  // AddressInstaller put there: a service's address is not the host's.
  std::vector<net::IpPrefix> addresses;
  // Those that an AddressInstaller put there, whichever process did. Sorted.
  std::vector<net::IpAddress> installed = {};

  friend bool operator==(const Link&, const Link&) = default;
};

class LinkMonitor {
 public:
  virtual ~LinkMonitor() = default;

  // All links, by index.
  virtual std::vector<Link> Links() const = 0;

  // Called after Links() changed, and when an address may have gone, also one
  // that Links() never had: the program that put it there can look. Not called
  // for installed addresses that come: their installer knows. One observer;
  // never from within this call.
  virtual void SetObserver(absl::AnyInvocable<void()> on_change) = 0;
};

}  // namespace lb::io

#endif  // LB_IO_LINK_MONITOR_H_

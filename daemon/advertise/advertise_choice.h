// Which of the host's addresses the others are told to send gossip to, if the
// operator names none.
//
// The one that packets towards the join list come from; else the one that they
// leave by the default route with; else one of the only link that has any. The
// kernel's own choice of a source leaves out what keepalived and kube-proxy add
// (addresses of full length, secondary ones) and what is deprecated.
//
// Pure: judges facts.
#ifndef LB_DAEMON_ADVERTISE_ADVERTISE_CHOICE_H_
#define LB_DAEMON_ADVERTISE_ADVERTISE_CHOICE_H_

#include <string>
#include <vector>

#include "absl/types/span.h"
#include "lb/io/link_monitor.h"
#include "lb/io/route_table.h"
#include "lb/ipam/pool.h"
#include "lb/net/ip_address.h"
#include "lb/net/ip_prefix.h"

namespace lb {

// Why an address is chosen; the best reason first.
enum class AdvertiseFit {
  kOwnSeed,  // The join list names it.
  kSeed,     // Packets towards an address of the join list come from it.
  kDefault,  // Packets that leave by the default route come from it.
  kLink,     // It is on a link, and no route tells more.
  kNone,     // There is no address.
};

// The kernel's answer for one destination.
struct WayOut {
  AdvertiseFit fit = AdvertiseFit::kLink;  // kSeed also for an own address.
  std::string towards;  // "172.18.8.12", "the default route", "link eth0"
  io::Route route;
};

struct AdvertiseFacts {
  std::vector<io::Link> links;
  std::vector<WayOut> ways;  // In the order in which they are preferred.
  // Patterns of interfaces whose addresses are taken only for the join list.
  std::vector<std::string> exclude;
  std::vector<ipam::Pool> pools;  // Their addresses are services'.
};

struct AdvertiseCandidate {
  net::IpAddress address;
  std::string interface;
  std::string towards;

  // "172.18.8.11 (eth0, towards 172.18.8.12)"
  std::string ToString() const;
  friend bool operator==(const AdvertiseCandidate&,
                         const AdvertiseCandidate&) = default;
};

struct AdvertiseChoice {
  AdvertiseFit fit = AdvertiseFit::kNone;
  // All that fit so, of one family; they differ. The first is preferred.
  std::vector<AdvertiseCandidate> candidates;
  // "172.17.0.1 (docker0): excluded": those that a route names, none twice.
  std::vector<std::string> refused;

  friend bool operator==(const AdvertiseChoice&,
                         const AdvertiseChoice&) = default;
};

AdvertiseChoice ChooseAdvertised(const AdvertiseFacts& facts);

// May the node advertise the address as long as it is on `link`? A service's
// address, which is one of full length and of a pool, never.
bool IsOwnAddress(const net::IpPrefix& address,
                  absl::Span<const ipam::Pool> pools);

}  // namespace lb

#endif  // LB_DAEMON_ADVERTISE_ADVERTISE_CHOICE_H_

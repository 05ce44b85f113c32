// Chooses the host's address to which other nodes send gossip, if the operator
// names none.
//
// It is the source address of packets towards the join list; else that of
// packets by the default route; else an address of the only link that has any.
// The kernel's own choice of a source leaves out the addresses that keepalived
// and kube-proxy add (addresses of full length, secondary ones) and deprecated
// ones.
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

// The reason why an address is chosen; the best reason first.
enum class AdvertiseFit {
  kOwnSeed,  // The join list names it.
  kSeed,     // Packets towards an address of the join list come from it.
  kDefault,  // Packets that leave by the default route come from it.
  kLink,     // It is on a link; no route says more.
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
  // Interfaces by pattern: their addresses are taken only for the join list.
  std::vector<std::string> exclude;
  std::vector<ipam::Pool> pools;  // Services may get their addresses.
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
  // All candidates that fit equally well, of one family; they differ. The first
  // is preferred.
  std::vector<AdvertiseCandidate> candidates;
  // "172.17.0.1 (docker0): excluded": refused addresses that a route names,
  // each once.
  std::vector<std::string> refused;

  friend bool operator==(const AdvertiseChoice&,
                         const AdvertiseChoice&) = default;
};

AdvertiseChoice ChooseAdvertised(const AdvertiseFacts& facts);

// True if the node may advertise the address as long as it is on `link`. Never
// true for a service's address, that is one of full length that a pool has.
bool IsOwnAddress(const net::IpPrefix& address,
                  absl::Span<const ipam::Pool> pools);

}  // namespace lb

#endif  // LB_DAEMON_ADVERTISE_ADVERTISE_CHOICE_H_

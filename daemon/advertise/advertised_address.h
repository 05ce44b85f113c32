// AdvertisedAddress: keeps the address at which other nodes reach this node's
// gossip, and makes sure that it stays an address of this host.
//
// An address that the operator gave, or bound, never changes; if it was on an
// interface and is no longer there, that is a fault. Otherwise the address is
// chosen (advertise_choice.h), and followed when links or addresses change: a
// renewed lease, an address that goes to a bridge. It stays as long as it is on
// a link that works, even if another address fits equally well. It is checked
// kSettle after a change, so that an address that moves from one interface to
// another does not count as a change. A link without carrier keeps it for
// kCarrierWait.
//
// If the host has no address, it is the last one or the loopback address, at
// which no node can reach this one. The fault says so until there is an
// address.
//
// Loop thread only; the environment outlives it.
#ifndef LB_DAEMON_ADVERTISE_ADVERTISED_ADDRESS_H_
#define LB_DAEMON_ADVERTISE_ADVERTISED_ADDRESS_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "daemon/advertise/advertise_choice.h"
#include "lb/io/environment.h"
#include "lb/ipam/pool.h"
#include "lb/net/endpoint.h"
#include "lb/net/ip_address.h"

namespace lb {

struct AdvertiseOptions {
  // The given or bound address. If it is unspecified, one is chosen: for
  // 0.0.0.0 from IPv4, for [::] from both families.
  net::Endpoint endpoint;
  std::vector<net::IpAddress> seeds;  // JoinAddressesOf() has them.
  // Patterns of interfaces; see AdvertiseFacts.
  std::vector<std::string> exclude;
};

class AdvertisedAddress {
 public:
  static constexpr absl::Duration kSettle = absl::Milliseconds(100);
  static constexpr absl::Duration kCarrierWait = absl::Seconds(10);
  // No event tells of a new route. So routes are read again this often, while a
  // link's address is the best that was found.
  static constexpr absl::Duration kLookAgain = absl::Seconds(5);

  // Chooses an address at once.
  AdvertisedAddress(AdvertiseOptions options,
                    const io::Environment& environment);
  AdvertisedAddress(const AdvertisedAddress&) = delete;
  AdvertisedAddress& operator=(const AdvertisedAddress&) = delete;

  const net::Endpoint& endpoint() const { return endpoint_; }
  // "172.18.8.11:7946 (eth0, towards 172.18.8.12)"
  std::string ToString() const;
  // Called after endpoint() or fault() changed, but never from within a call of
  // this class.
  void SetObserver(absl::AnyInvocable<void()> on_change) {
    on_change_ = std::move(on_change);
  }

  void OnLinks();
  void SetPools(const std::vector<ipam::Pool>& pools);
  void SetSeeds(std::vector<net::IpAddress> seeds);

  // True if the address is on a link with a carrier. False: it was on a link,
  // and is on none with a carrier now. Nullopt: it was never on a link, as with
  // NAT.
  std::optional<bool> HasCarrier() const;
  // Says what is wrong and what to do about it; empty: there is no fault.
  const std::string& fault() const { return fault_; }

 private:
  enum class Standing { kGood, kNoCarrier, kGone };

  bool is_chosen() const { return options_.endpoint.address.is_unspecified(); }
  Standing Stand() const;
  AdvertiseFacts GatherFacts() const;
  void AddWay(AdvertiseFit fit, std::string towards, const net::IpAddress& to,
              std::vector<WayOut>& ways) const;
  void AddLinkWays(absl::Span<const net::IpFamily> families,
                   AdvertiseFacts& facts) const;
  void LookSoon(absl::Duration wait);
  void Look();
  void Choose();
  bool MustChange(const AdvertiseChoice& choice);
  std::string FaultOf(const AdvertiseChoice& choice) const;
  std::string LostFault() const;

  AdvertiseOptions options_;
  io::Environment environment_;
  std::vector<ipam::Pool> pools_;
  net::Endpoint endpoint_;
  AdvertiseFit fit_ = AdvertiseFit::kNone;
  std::string place_;         // "eth0, towards 172.18.8.12"
  bool was_on_link_ = false;  // The present address.
  absl::Time weak_since_ = absl::InfiniteFuture();  // Its link has no carrier.
  std::string fault_;
  absl::AnyInvocable<void()> on_change_;
  std::unique_ptr<io::Timer> timer_;
  absl::Time due_ = absl::InfiniteFuture();  // The time of `timer_`.
};

}  // namespace lb

#endif  // LB_DAEMON_ADVERTISE_ADVERTISED_ADDRESS_H_

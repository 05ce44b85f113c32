// AdvertisedAddress: where the others are told to send this node's gossip, and
// the care that it stays an address of this host.
//
// Given by the operator, or bound, it never changes; if it was on an interface
// and is not any more, that is a fault. Otherwise it is chosen
// (advertise_choice.h), and followed when links or addresses change: a renewed
// lease, an address that goes to a bridge. It stays what it is for as long as
// it is on a link that works: of several that fit as well none is better. It is
// looked at kSettle after a change, so that an address that is taken off one
// interface and put on another is no change; a link without carrier keeps it
// for kCarrierWait.
//
// Without any address it is the loopback one, at which nobody reaches the node,
// or the last one that was; the fault says so, until one comes.
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
  // What is given or bound. Unspecified (0.0.0.0, [::]): to be chosen, of that
  // family, or for [::] of both.
  net::Endpoint endpoint;
  std::vector<net::IpAddress> seeds;  // Of the join list, in its order.
  // Patterns of interfaces; see AdvertiseFacts.
  std::vector<std::string> exclude;
};

class AdvertisedAddress {
 public:
  static constexpr absl::Duration kSettle = absl::Milliseconds(100);
  static constexpr absl::Duration kCarrierWait = absl::Seconds(10);
  // Routes come without a word. How often they are looked at while no better
  // address was found than one of a link.
  static constexpr absl::Duration kLookAgain = absl::Seconds(5);

  // Chooses at once.
  AdvertisedAddress(AdvertiseOptions options,
                    const io::Environment& environment);
  AdvertisedAddress(const AdvertisedAddress&) = delete;
  AdvertisedAddress& operator=(const AdvertisedAddress&) = delete;

  const net::Endpoint& endpoint() const { return endpoint_; }
  // "172.18.8.11:7946 (eth0, towards 172.18.8.12)"
  std::string ToString() const;
  // Called after endpoint(), or what is wrong with it, changed; never from
  // within a call of this class.
  void SetObserver(absl::AnyInvocable<void()> on_change) {
    on_change_ = std::move(on_change);
  }

  void OnLinks();
  void SetPools(const std::vector<ipam::Pool>& pools);
  void SetSeeds(std::vector<net::IpAddress> seeds);

  // Has the link that has the address a carrier? False: it was on one, and is
  // on none. Nullopt: it never was, as with NAT.
  std::optional<bool> HasCarrier() const;
  // What is wrong, with what to do; empty: nothing.
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
  bool was_on_link_ = false;  // The address that we have now.
  absl::Time weak_since_ = absl::InfiniteFuture();  // Its link has no carrier.
  std::string fault_;
  absl::AnyInvocable<void()> on_change_;
  std::unique_ptr<io::Timer> timer_;
  absl::Time due_ = absl::InfiniteFuture();  // `timer_`.
};

}  // namespace lb

#endif  // LB_DAEMON_ADVERTISE_ADVERTISED_ADDRESS_H_

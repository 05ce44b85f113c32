// Allocator: assigns service addresses out of pools.
//
// Pure bookkeeping: no I/O, no clock but AdvanceTo(), no lock, no chance. The
// same calls in the same order give the same answers on every machine. One
// thread.
//
// Invariants, after every call:
//  - an address has one holder, or several that agree on sharing it;
//  - a service keeps an address until its own request asks otherwise or it is
//    released. SetPools() never takes an address away;
//  - an address that a host has (SetTaken()) is not given out; a service that
//    holds it already keeps it, and it is an orphan.
// A call that fails changes nothing.
//
// Speed: O(log n) in ranges and held addresses; a free address is found through
// intervals of held ones, never by walking them. An empty /8 or /64 costs as
// much as a /30.
//
// Errors read `Service/namespace/name: what is wrong`. Codes:
//   InvalidArgument     the request contradicts itself
//   NotFound            no such pool, the address lies in no pool, or the
//                       reservation has too few addresses
//   FailedPrecondition  the pool is not open to the service
//                       or does not give the address out to it, or a host
//                       has the address
//   AlreadyExists       another service holds the address and it is not shared
//   ResourceExhausted   no pool has an address left for the service (the
//                       message says for each pool why: "pool a: full; ..."),
//                       or the one asked for cools down
//
//   Allocator allocator;
//   LB_RETURN_IF_ERROR(allocator.SetPools(pools));
//   LB_ASSIGN_OR_RETURN(const Assignment held, allocator.Assign(request));
#ifndef LB_IPAM_ALLOCATOR_H_
#define LB_IPAM_ALLOCATOR_H_

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lb/ipam/address_bindings.h"
#include "lb/ipam/assignment.h"
#include "lb/ipam/decision.h"
#include "lb/ipam/pool.h"
#include "lb/ipam/pool_set.h"
#include "lb/ipam/resting_addresses.h"
#include "lb/ipam/selection.h"
#include "lb/ipam/service_request.h"
#include "lb/ipam/shared_places.h"
#include "lb/ipam/taken_addresses.h"
#include "lb/net/ip_address.h"

namespace lb::ipam {

// An address that its service holds although it could not get it now.
struct Orphan {
  AssignedAddress held;
  absl::Status reason;  // As if it were asked for.
};

class Allocator {
 public:
  // Replaces the pools. Held addresses stay held, also those that now lie in no
  // pool or in one that is not open to their service.
  // InvalidArgument: the first verdict of ValidatePools() that is not OK.
  absl::Status SetPools(std::vector<Pool> pools);

  // Replaces the addresses that are not to be given out, wherever they lie. The
  // cool-down of a free one ends. O(log n) for each that is not as before.
  void SetTaken(const TakenAddresses& taken);
  const TakenAddresses& taken() const { return taken_; }
  // Replaces what WhyNone() adds to "full": see PoolNotes.
  void SetNotes(PoolNotes notes) { notes_ = std::move(notes); }

  // Returns the addresses of the service after this call. It keeps each address
  // that still suits the request, gives up the others, and is assigned the
  // missing ones, in this order of precedence: the requested addresses, the
  // requested pool, the pools for automatic assignment (those with a
  // service_allocation by priority and name, then the others by name).
  // Addresses that are reserved for the service go before others. Two families
  // come from one pool if one has both, else from two.
  absl::StatusOr<Assignment> Assign(const ServiceRequest& request);
  // The result of Assign() and the reasons; changes nothing.
  Decision Decide(const ServiceRequest& request) const;

  // Makes the service hold exactly `addresses`: what an earlier run promised.
  // Unlike Assign() it does not ask whether they suit the request's families,
  // pool and addresses, nor for cool-downs, nor whether a host has them; each
  // must be free or shareable, and lie in a pool open to the service unless the
  // service holds it already.
  absl::Status Hold(const ServiceRequest& request,
                    absl::Span<const net::IpAddress> addresses);

  // As Hold(), but the addresses may lie outside of every open pool: they were
  // promised before the pools changed. An address that lies in a pool is noted
  // as that pool's, else as the one named.
  absl::Status Keep(const ServiceRequest& request,
                    absl::Span<const AssignedAddress> addresses);

  // Frees all that the service holds. False: it held nothing.
  bool Release(std::string_view service);
  // As Release(), but no address rests: as if it had never been held.
  void Forget(std::string_view service);
  // Frees everything, without cool-downs, and ends those there are.
  void ReleaseAll();

  // The addresses of the service that it could not ask for now, had it none:
  // SetPools() left them in no pool, or in one that is closed to the service or
  // does not give them out, or a host has them. They stay until they are
  // released.
  std::vector<Orphan> OrphansOf(const ServiceRequest& request) const;

  // Says what time it is: what is freed from now on is freed at `now`, and
  // cool-downs that are over end. Never steps back: an earlier `now` is
  // ignored. Without this call nothing cools down.
  void AdvanceTo(absl::Time now);
  absl::Time now() const { return now_; }  // The infinite past: not told.
  // When the next cool-down is over; the infinite future: there is none.
  absl::Time NextCoolDownEnd() const { return pools_.NextCoolDownEnd(); }
  // Free addresses whose last holder the allocator remembers, by pool (in their
  // order) and address; and one such entry given back by an earlier run.
  // Ignored if the address is held or no pool gives it out.
  std::vector<std::pair<net::IpAddress, Rest>> Resting() const;
  void Remember(const net::IpAddress& address, Rest rest);
  // Ends its cool-down, and forgets its last holder. Ignored without one.
  void EndRest(const net::IpAddress& address) { pools_.EndRest(address); }

  // The addresses that the service holds, if any.
  std::optional<Assignment> Find(std::string_view service) const;

  // Services that hold the address, by name. More than one share it.
  std::vector<std::string> HoldersOf(const net::IpAddress& address) const;

  // True if the address lies in a pool.
  bool HasPoolFor(const net::IpAddress& address) const {
    return pools_.FindByAddress(address).has_value();
  }

  // The name of that pool; empty: it lies in none.
  std::string PoolOf(const net::IpAddress& address) const {
    const auto rank = pools_.FindByAddress(address);
    return rank ? pools_.pool(*rank).name : "";
  }

  // All services that hold anything, by name.
  std::vector<std::pair<std::string, Assignment>> List() const;

  // NotFound: no such pool.
  absl::StatusOr<PoolUsage> Usage(std::string_view pool) const;

  // All pools, in the order in which automatic assignment tries them (those
  // without auto_assign are passed over).
  const std::vector<Pool>& pools() const { return pools_.pools(); }

  // Could the pools, were they empty, ever satisfy the request? Errors as for
  // Assign(), but AlreadyExists never.
  absl::Status Check(const ServiceRequest& request) const;

 private:
  AllocatorView View() const {
    return {pools_, bindings_, shared_, taken_, notes_};
  }
  absl::StatusOr<std::vector<Choice>> Choose(
      const ServiceRequest& request) const;
  // Moves the service to `assignment`, whose addresses are known to be free or
  // shareable.
  void Apply(const ServiceRequest& request, Assignment assignment);
  // Takes the service out of `bindings_`; `pools_` does not know yet.
  std::optional<Assignment> Withdraw(std::string_view service);
  // Frees the addresses of `held` that no service holds.
  void FreeUnheld(std::string_view service, const Assignment& held);
  // Enters the address in `shared_` as its holders now share it, and out.
  void AddShared(const net::IpAddress& address);
  void RemoveShared(const net::IpAddress& address);
  std::optional<SharedPlace> PlaceOf(const net::IpAddress& address) const;
  // Sets one entry of `taken_`; `owner` empty: no host has it any more.
  void SetOwner(const net::IpAddress& address, const std::string& owner);

  PoolSet pools_;
  PoolSet empty_pools_;  // The same pools, with nothing held: for Check().
  AddressBindings bindings_;
  SharedPlaces shared_;
  TakenAddresses taken_;
  PoolNotes notes_;
  absl::Time now_ = absl::InfinitePast();
};

}  // namespace lb::ipam

#endif  // LB_IPAM_ALLOCATOR_H_

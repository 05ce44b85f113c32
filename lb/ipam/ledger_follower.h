// LedgerFollower: an allocator that follows a ledger, change by change.
//
// Each step gives the same result as Replay() from the start: claims compete
// only for one address, so a change concerns the services that claim an address
// of the changed one, and those that claim one of theirs. So its cost goes with
// these and not with the ledger.
//
// A service on record whose request is unknown holds the addresses that others
// leave, and shares none: its addresses are not given away.
//
// It keeps an index of the ledger: all calls name the same ledger and
// allocator, and between two of them the allocator changes only as the ledger
// is told. Pure, one thread.
#ifndef LB_IPAM_LEDGER_FOLLOWER_H_
#define LB_IPAM_LEDGER_FOLLOWER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "absl/functional/function_ref.h"
#include "absl/time/time.h"
#include "lb/ipam/allocator.h"
#include "lb/ipam/ledger.h"
#include "lb/ipam/service_request.h"
#include "lb/net/ip_address.h"

namespace lb::ipam {

class LedgerFollower {
 public:
  using Services = std::set<std::string, std::less<>>;
  // The request of a service; nullptr: it is unknown.
  using FindRequest =
      absl::FunctionRef<const ServiceRequest*(std::string_view service)>;

  struct Followed {
    Services services;   // Their addresses may differ from before.
    bool freed = false;  // An address of theirs is held by none any more.
  };

  // How far the ledger was followed.
  uint64_t version() const { return version_; }

  // Takes up what changed in the ledger since the last call. `touched`:
  // services whose request is another one, or whose record the ledger has
  // dropped.
  Followed Follow(const Ledger& ledger, Services touched,
                  FindRequest find_request, Allocator* allocator);
  // Takes those out of `services` that have no record, and had none as far as
  // the ledger was followed: there is nothing to follow.
  Services TakeUnknown(const Ledger& ledger, Services* services) const;
  // Takes up the last change of the ledger, the first record of a service, if
  // nothing follows from it: `allocator` gave the service the addresses that it
  // claims, and no other record claims one of these or has freed it. False: it
  // is for Follow().
  bool Adopt(const Ledger& ledger, const std::string& service);
  // Does what Follow() does, after the allocator's pools or taken addresses
  // were replaced: all
  // services are to be looked at again, whether they are in the result or not.
  // Pools do not decide which claims hold, and the allocator renames the
  // addresses that lie in other pools now. So this follows only two things:
  // cool-downs, and addresses that lost their pool, which are held under the
  // pool's name in their claim.
  Followed FollowPools(const Ledger& ledger, Services touched,
                       FindRequest find_request, Allocator* allocator);

  // Addresses that a record claimed since the last call and none does as far as
  // the ledger was followed.
  std::vector<net::IpAddress> TakeUnclaimed();

 private:
  using Addresses = absl::btree_set<net::IpAddress>;
  using Index = absl::btree_map<net::IpAddress, Services>;
  struct Indexed {
    std::vector<net::IpAddress> claimed;
    std::vector<net::IpAddress> freed;
  };

  // Takes up everything from the start.
  Followed Rebuild(const Ledger& ledger, FindRequest find_request,
                   Allocator* allocator);
  // Takes what the index had of the service out, and puts in what `record` says
  // (nullptr: nothing). All these addresses are added to `concerned`.
  void Reindex(const std::string& service, const Record* record,
               Addresses* concerned);
  // Adds to both what claims connect with them.
  void Close(const Allocator& allocator, Services* services,
             Addresses* concerned) const;
  static void Hold(const Ledger& ledger, const Services& services,
                   FindRequest find_request, Allocator* allocator);
  // Lets the address rest as the records say.
  void LetRest(const Ledger& ledger, const net::IpAddress& address,
               Allocator* allocator);
  void LetAllRest(const Ledger& ledger, const Addresses& addresses,
                  Allocator* allocator);

  uint64_t version_ = 0;  // The ledger's, as far as it was followed.
  std::map<std::string, Indexed, std::less<>> indexed_;
  Index claimed_by_;
  Addresses let_go_;  // By a record, since TakeUnclaimed().
  Index freed_by_;
  size_t freed_count_ = 0;
  // Addresses that were freed in the future, by when that will have come.
  std::set<std::pair<absl::Time, net::IpAddress>> later_;
};

}  // namespace lb::ipam

#endif  // LB_IPAM_LEDGER_FOLLOWER_H_

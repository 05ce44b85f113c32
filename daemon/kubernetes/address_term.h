// AddressTerm: the addresses of all services during one term of the Lease.
//
// A term begins with what the statuses of the services say, each of which keeps
// its addresses; only then others are assigned new ones. So a restart and a
// takeover change no address. Rules beyond ipam::Allocator's:
//
//  - An address that a service gives up is departing until its status says so
//    no more: no other service gets it before.
//  - A service whose object cannot be understood keeps the addresses of its
//    status, and nothing of it is changed. Another service yields one of these
//    which its own status does not say yet.
//  - Of two statuses that claim one address without sharing it, the one that a
//    controller wrote and is older keeps it; the other service gets another.
//
// Due services are dealt with in portions. A core: no I/O, no clock. One
// thread.
//
//   AddressTerm term;
//   term.SetPools(pools);
//   term.Want(request, &record);
//   for (const AddressTerm::Result& result : term.AssignDue(civil_now)) ...
#ifndef LB_DAEMON_KUBERNETES_ADDRESS_TERM_H_
#define LB_DAEMON_KUBERNETES_ADDRESS_TERM_H_

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "daemon/kubernetes/service_record.h"
#include "lb/ipam/allocator.h"
#include "lb/ipam/assignment.h"
#include "lb/ipam/decision.h"
#include "lb/ipam/pool.h"
#include "lb/ipam/service_request.h"
#include "lb/ipam/taken_addresses.h"
#include "lb/net/ip_address.h"

namespace lb {

class AddressTerm {
 public:
  // The outcome for one service that was due.
  struct Result {
    std::string service;
    // OK: it has all that it asks for. Otherwise why not; it keeps what it has.
    absl::Status status;
    std::vector<ipam::ServiceEvent> events;
  };

  // Replace the pools and the addresses of hosts. All services that lack
  // something are due.
  void SetPools(const std::vector<ipam::Pool>& pools);
  void SetTaken(const ipam::TakenAddresses& taken);

  // The service asks for this, and is due. If it holds nothing yet, it keeps
  // what `record` says; null: there is no record.
  void Want(const ipam::ServiceRequest& request, const ServiceRecord* record);
  // The service may ask for something, and it is not known what: it keeps what
  // its status says, and the rest of what it had is departing.
  void Reserve(const ServiceRecord& record);
  // The service is gone: its addresses are free.
  void Release(std::string_view service);
  // The service gets no address any more. Those it had, and those that its
  // status says, are departing.
  void Withdraw(const ServiceRecord& record);

  // The status of the service says these addresses, and no write of it is under
  // way. Departing ones that it does not say are free.
  void OnStatus(std::string_view service,
                const std::vector<net::IpAddress>& addresses);

  // A write of the status was not carried out. A service that has addresses by
  // its status has these again, until it is looked at once more: it may have
  // asked for others, and ask for them no longer.
  void ReturnTo(const ServiceRecord& record);

  // The status of `other`, which stays as it is, says an address that the
  // service of `record` holds and has not in its status yet. So `other` has it,
  // and the service has the addresses of its status, and is due.
  void Yield(const ServiceRecord& record, const ServiceRecord& other);

  // Deals with at most kPortion services.
  std::vector<Result> AssignDue(absl::Time civil_now);
  bool has_due() const { return !restoring_.empty() || !due_.empty(); }
  // When an address that cools down is free, by civil time.
  absl::Time NextCoolDownEnd() const { return allocator_.NextCoolDownEnd(); }

  bool Wants(std::string_view service) const {
    return requests_.find(service) != requests_.end();
  }
  bool IsReserved(std::string_view service) const {
    return reserved_.find(service) != reserved_.end();
  }
  // True while the service is to be looked at.
  bool IsDue(std::string_view service) const;
  // Without addresses, if it holds none.
  ipam::Assignment Find(std::string_view service) const;
  std::vector<std::string> HoldersOf(const net::IpAddress& address) const {
    return allocator_.HoldersOf(address);
  }
  absl::StatusOr<ipam::PoolUsage> Usage(std::string_view pool) const {
    return allocator_.Usage(pool);
  }
  size_t failures() const { return failures_.size(); }

 private:
  using Services = std::set<std::string, std::less<>>;
  using Addresses = std::vector<ipam::AssignedAddress>;
  // Records that a controller wrote come first; then age and name decide.
  using Precedence = std::tuple<bool, std::string, std::string>;

  // Makes the service hold what can be had of the addresses. Returns an event
  // for each that another service holds.
  std::vector<ipam::ServiceEvent> Restore(const ipam::ServiceRequest& request,
                                          const Addresses& addresses);
  void RestoreDue(size_t portion, std::vector<Result>* results);
  void ReserveAll();
  Result Assign(const ipam::ServiceRequest& request);
  // Forgets all of the service but its departing addresses.
  void Drop(std::string_view service);
  // Keeps the addresses of `before` that the service does not hold from others.
  void Depart(std::string_view service, const Addresses& before);
  // Takes the service's departing addresses, which are free then.
  Addresses TakeDeparting(std::string_view service);
  // The same, and those that it holds, which it still does.
  Addresses TakeAll(std::string_view service);
  // A departing address is free, and its cool-down begins.
  void NoteFreed(std::string_view service, const ipam::AssignedAddress& held);
  // An address is free: services that lack something are due.
  void OnFreed();

  ipam::Allocator allocator_;
  std::map<std::string, ipam::ServiceRequest, std::less<>> requests_;
  std::map<std::string, ServiceRecord, std::less<>> restored_from_;
  std::map<std::string, ServiceRecord, std::less<>> reserved_;
  std::map<std::string, Addresses, std::less<>> departing_;
  std::set<Precedence> restoring_;
  bool must_reserve_ = false;  // Once `restoring_` is empty.
  Services due_;
  // Why the last assignment of a service failed. They are told once.
  std::map<std::string, std::string, std::less<>> failures_;
  Services wants_more_;  // They would take a second family.
};

}  // namespace lb

#endif  // LB_DAEMON_KUBERNETES_ADDRESS_TERM_H_

// ServiceAddresses: is an address one of a service, held or asked for by name?
//
// Asked of few addresses, those that hosts may have by hand. The first question
// of a round looks at all services; then it remembers of each question a
// service that answers it with yes, so that services that change cost a look at
// these alone.
//
//   ServiceAddresses::Round round = addresses.Ask(desired, entries);
//   if (round.Contains(vip)) ...
//   // Later:
//   addresses.Note("default/web");
//   if (addresses.Update(desired, entries)) ...  // Ask all of it again.
//
// Pure, one thread.
#ifndef LB_DAEMON_HOSTS_SERVICE_ADDRESSES_H_
#define LB_DAEMON_HOSTS_SERVICE_ADDRESSES_H_

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "daemon/placement/placement.h"
#include "lb/config/desired.h"
#include "lb/net/ip_address.h"

namespace lb {

class ServiceAddresses {
 public:
  // Questions about one state of all services, which outlives it.
  class Round {
   public:
    bool Contains(const net::IpAddress& address);

   private:
    friend class ServiceAddresses;
    Round(ServiceAddresses& owner, const config::Desired& desired,
          const AddressEntries& entries)
        : owner_(&owner), desired_(&desired), entries_(&entries) {}

    ServiceAddresses* owner_;
    const config::Desired* desired_;
    const AddressEntries* entries_;
    // A service of each address, once one was asked for.
    std::optional<std::map<net::IpAddress, std::string>> services_;
  };

  // Forgets the questions of earlier rounds, and what was noted.
  Round Ask(const config::Desired& desired, const AddressEntries& entries);

  // The service holds, or asks for, something else since the last round.
  void Note(const std::string& service) {
    if (!answers_.empty()) changed_.insert(service);
  }
  // True: by what was noted since the last call, an answer of the last round
  // may be another one now.
  bool Update(const config::Desired& desired, const AddressEntries& entries);

 private:
  // By address that was asked for: a service that has it; empty: none has.
  std::map<net::IpAddress, std::string> answers_;
  std::set<std::string, std::less<>> changed_;
};

}  // namespace lb

#endif  // LB_DAEMON_HOSTS_SERVICE_ADDRESSES_H_

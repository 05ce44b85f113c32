// AddressIndex: which addresses the services that are up for election have, and
// which services have an address.
//
// A service is up for election with the first of its addresses, which decides
// for all. Services that share an address, or are linked by others that do, go
// to one node; AddSharers() finds them. Pure bookkeeping, one thread.
//
//   index.Put("default/web", {.vip = vip, .addresses = {vip.address}});
//   index.At(vip.address);   // {"default/web"}
//   index.Remove("default/web");
#ifndef LB_DAEMON_PLACEMENT_ADDRESS_INDEX_H_
#define LB_DAEMON_PLACEMENT_ADDRESS_INDEX_H_

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "lb/election/cluster.h"
#include "lb/net/ip_address.h"

namespace lb {

class AddressIndex {
 public:
  using Services = std::set<std::string, std::less<>>;
  struct Service {
    election::Vip vip;  // As it was put; its holder may be another by now.
    std::vector<net::IpAddress> addresses;
  };
  using ByName = std::map<std::string, Service, std::less<>>;

  // REQUIRES: the service is not in the index; vip.address is an address of it.
  void Put(const std::string& name, Service service);
  // Returns the addresses that it had; none if it was not in the index.
  std::vector<net::IpAddress> Remove(std::string_view name);
  // Removes all; returns them.
  ByName TakeAll();

  // Nullptr: it is not in the index. Valid until the next change.
  const Service* Find(std::string_view name) const;
  // The services that have the address. Valid until the next change.
  const Services& At(const net::IpAddress& address) const;
  // The services for which the address decides, in no order that matters.
  std::vector<std::string> DecidedBy(const net::IpAddress& address) const;
  // Adds each service that shares an address with one of them, or is linked
  // with it by others that do.
  void AddSharers(Services& services) const;
  // Each service that shares an address with another.
  Services AllSharers() const;

 private:
  ByName services_;
  std::map<net::IpAddress, Services> by_address_;
  std::map<net::IpAddress, Services> decided_by_;
};

}  // namespace lb

#endif  // LB_DAEMON_PLACEMENT_ADDRESS_INDEX_H_

// RouteAnnouncers: which nodes announce a service by BGP, and to which peers,
// as the objects have it.
//
// For those that describe a node: each node announces by its own row alone, and
// this makes the rows of all. Whether a session is Established is not asked.
// Any thread; it keeps nothing of the Desired that it was made from.
//
//   const RouteAnnouncers announcers(desired, {{.node = "n1"}, {.node =
//   "n2"}}); for (const auto& one : announcers.Of(service, assignment))
//   Show(one.node);
#ifndef LB_DAEMON_ROUTES_ROUTE_ANNOUNCERS_H_
#define LB_DAEMON_ROUTES_ROUTE_ANNOUNCERS_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/types/span.h"
#include "daemon/routes/node_advertisements.h"
#include "lb/config/desired.h"
#include "lb/ipam/assignment.h"

namespace lb {

class RouteAnnouncers {
 public:
  struct Announcer {
    std::string node;
    std::vector<std::string> peers;  // Sorted.
  };

  // `nodes`: those that live, in the order of the answers.
  RouteAnnouncers(const config::Desired& desired,
                  absl::Span<const NodeIdentity> nodes);

  // `assignment`: the addresses of the service that no host has.
  std::vector<Announcer> Of(const config::Service& service,
                            const ipam::Assignment& assignment) const;
  // True if that has any; asks no more nodes than it takes.
  bool HasAny(const config::Service& service,
              const ipam::Assignment& assignment) const;

 private:
  std::vector<std::pair<std::string, NodeAdvertisements>> nodes_;
};

}  // namespace lb

#endif  // LB_DAEMON_ROUTES_ROUTE_ANNOUNCERS_H_

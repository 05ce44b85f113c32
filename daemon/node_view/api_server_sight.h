// ApiServerSight: how well a node knows the objects of the API server, and what
// is wrong there with its cluster.
//
// A value, any thread.
#ifndef LB_DAEMON_NODE_VIEW_API_SERVER_SIGHT_H_
#define LB_DAEMON_NODE_VIEW_API_SERVER_SIGHT_H_

#include <string>

#include "absl/time/time.h"

namespace lb {

struct ApiServerSight {
  // Why objects are not followed now: "services: Unavailable: ..."; empty: all
  // are.
  std::string trouble;
  // When that began, by the civil clock, as far as it is known to the second.
  absl::Time away_since = absl::InfinitePast();
  // All objects in force are as they were at the server then, or later.
  // InfinitePast: no object is known.
  absl::Time as_of = absl::InfinitePast();
  std::string kube_proxy_fault;  // Empty: it has none, or it is not known.
};

}  // namespace lb

#endif  // LB_DAEMON_NODE_VIEW_API_SERVER_SIGHT_H_

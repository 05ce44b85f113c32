// RouteStory: manifests and addresses in, the routes of one node out, for
// tests.
//
// It reads the manifests as lbd does, keeps a RoutePlanner over all steps, and
// gives what it plans as one text.
//
//   RouteStory story("n1");
//   story.SetManifests(kPeer + kPool + kAdvertisement + kService);
//   story.SetAddress("default/web", "10.20.30.1", "pool");
//   story.Routes();  // "to p1:\n10.20.30.1/32\n"
#ifndef LB_DAEMON_ROUTES_TESTING_ROUTE_STORY_H_
#define LB_DAEMON_ROUTES_TESTING_ROUTE_STORY_H_

#include <map>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "daemon/placement/placement.h"
#include "daemon/routes/explain_routes.h"
#include "daemon/routes/route_planner.h"
#include "lb/config/desired.h"

namespace lb {

class RouteStory {
 public:
  explicit RouteStory(const std::string& node,
                      bool ignore_exclude_label = false);

  // A bad object is a problem of desired(), as in lbd.
  void SetManifests(std::string_view text);
  // Empty: the service has no address any more.
  void SetAddress(const std::string& service, std::string_view address,
                  const std::string& pool);
  void Advance(absl::Duration duration) { now_ += duration; }

  // AdvertisedRoutes::ToString(), after all that is due.
  std::string Routes();
  // "announces", or why it does not; "" if the service has no address.
  std::string Verdict(const std::string& service);
  // NodeRoutes of every node in one text.
  std::string Explain(const std::string& service) const;

  const config::Desired& desired() const { return desired_; }
  RoutePlanner& planner() { return planner_; }

 private:
  const NodeIdentity identity_;
  RoutePlanner planner_;
  config::Desired desired_;
  AddressEntries entries_;
  absl::Time now_ = absl::UnixEpoch();
};

}  // namespace lb

#endif  // LB_DAEMON_ROUTES_TESTING_ROUTE_STORY_H_

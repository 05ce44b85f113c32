// The metrics that examples/grafana/lbd.json draws.
#ifndef LB_DAEMON_METRICS_TESTING_DASHBOARD_H_
#define LB_DAEMON_METRICS_TESTING_DASHBOARD_H_

#include <set>
#include <string>

namespace lb::metrics {

// Names of families. Those of BGP and BFD have samples only where there are
// peers, so they come apart from the others.
struct Dashboard {
  std::set<std::string> families;
  std::set<std::string> peer_families;
};

// Empty if the file is not among the test's data.
Dashboard ReadDashboard();

}  // namespace lb::metrics

#endif  // LB_DAEMON_METRICS_TESTING_DASHBOARD_H_

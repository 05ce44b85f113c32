// MetricsServer: Prometheus' page and the two probes, over HTTP, in the clear.
//
//   GET       answer
//   /metrics  200 and Prometheus' text format
//   /livez    200 if the event loop answers
//   /readyz   200 if the process does what it is for, else 503 and why not
//
// Where the loop does not answer within kAnswerTime it is 503; another path is
// 404, another method 405. The probes are those of Kubernetes' own programs.
//
// The threads of the HTTP server only post to the loop and wait for its answer,
// as gRPC's do. They serve kConnectionsAtOnce callers at a time. A caller that
// has not asked within kRequestTime is closed, so idle callers hold up others
// for no longer than that.
#ifndef LB_DAEMON_METRICS_METRICS_SERVER_H_
#define LB_DAEMON_METRICS_METRICS_SERVER_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lb/io/loop.h"
#include "prometheus/metric_family.h"

namespace lb::metrics {

inline constexpr int kConnectionsAtOnce = 8;
inline constexpr absl::Duration kRequestTime = absl::Seconds(2);
inline constexpr absl::Duration kAnswerTime = absl::Seconds(2);

class MetricsServer {
 public:
  // Both are called on the loop's thread.
  struct Pages {
    std::function<std::vector<prometheus::MetricFamily>()> collect;
    // OK: it is ready. Else the message says what it waits for.
    std::function<absl::Status()> readiness;
  };

  // Listens on "address:port". The loop outlives the server; what it was asked
  // is answered before it goes, or never. Unavailable: it cannot listen there.
  static absl::StatusOr<std::unique_ptr<MetricsServer>> Start(
      const std::string& listen, io::Loop* loop, Pages pages);
  // Waits for calls under way, kAnswerTime at most. Blocks: on the thread that
  // answers they all end as 503.
  ~MetricsServer();

 private:
  class Server;

  explicit MetricsServer(std::unique_ptr<Server> server);

  std::unique_ptr<Server> server_;
};

}  // namespace lb::metrics

#endif  // LB_DAEMON_METRICS_METRICS_SERVER_H_

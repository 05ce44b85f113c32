// MetricsServer: Prometheus' page /metrics over HTTP, in the clear.
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

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lb/io/loop.h"
#include "prometheus/metric_family.h"

namespace lb::metrics {

inline constexpr int kConnectionsAtOnce = 8;
inline constexpr absl::Duration kRequestTime = absl::Seconds(2);

class MetricsServer {
 public:
  // `collect` is called on the loop's thread.
  using Collect = std::function<std::vector<prometheus::MetricFamily>()>;

  // Listens on "address:port". The loop outlives the server, and runs until the
  // server is gone. Unavailable: it cannot listen there.
  static absl::StatusOr<std::unique_ptr<MetricsServer>> Start(
      const std::string& listen, io::Loop* loop, Collect collect);
  // Waits for calls under way. Blocks: never on the thread that answers.
  ~MetricsServer();

 private:
  class Bridge;
  class Listener;

  MetricsServer(std::shared_ptr<Bridge> bridge,
                std::unique_ptr<Listener> listener);

  std::shared_ptr<Bridge> bridge_;
  std::unique_ptr<Listener> listener_;
};

}  // namespace lb::metrics

#endif  // LB_DAEMON_METRICS_METRICS_SERVER_H_

#include "daemon/metrics/metrics_server.h"

#include <fmt/format.h>

#include <exception>
#include <future>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "lb/io/turn_cause.h"
#include "prometheus/collectable.h"
#include "prometheus/exposer.h"

namespace lb::metrics {

class MetricsServer::Bridge final : public prometheus::Collectable {
 public:
  Bridge(io::Loop* loop, MetricsServer::Collect collect)
      : loop_(loop), collect_(std::move(collect)) {}

  std::vector<prometheus::MetricFamily> Collect() const override {
    std::promise<std::vector<prometheus::MetricFamily>> answer;
    loop_->Post([&] {
      const io::TurnCause cause(loop_, "answers a scrape");
      answer.set_value(collect_());
    });
    return answer.get_future().get();
  }

 private:
  io::Loop* const loop_;
  const MetricsServer::Collect collect_;
};

class MetricsServer::Listener {
 public:
  explicit Listener(const std::string& listen)
      : exposer(std::vector<std::string>{
            "listening_ports", listen,                             //
            "num_threads", fmt::format("{}", kConnectionsAtOnce),  //
            "request_timeout_ms",
            fmt::format("{}", absl::ToInt64Milliseconds(kRequestTime))}) {}

  prometheus::Exposer exposer;
};

MetricsServer::MetricsServer(std::shared_ptr<Bridge> bridge,
                             std::unique_ptr<Listener> listener)
    : bridge_(std::move(bridge)), listener_(std::move(listener)) {}

MetricsServer::~MetricsServer() = default;

absl::StatusOr<std::unique_ptr<MetricsServer>> MetricsServer::Start(
    const std::string& listen, io::Loop* loop, Collect collect) {
  auto bridge = std::make_shared<Bridge>(loop, std::move(collect));
  try {
    auto listener = std::make_unique<Listener>(listen);
    listener->exposer.RegisterCollectable(bridge);
    return std::unique_ptr<MetricsServer>(
        new MetricsServer(std::move(bridge), std::move(listener)));
  } catch (const std::exception& error) {  // The library throws only here.
    return absl::UnavailableError(
        fmt::format("metrics-listen: cannot listen on {} (in use, or not "
                    "permitted): {}",
                    listen, error.what()));
  }
}

}  // namespace lb::metrics

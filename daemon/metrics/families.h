// Families: metric families as values, in the order in which they were begun.
//
//   Families families;
//   families.Begin(kGauge, "lb_members", "Members, by state.");
//   families.Add({{"state", "alive"}}, 3);
//   std::vector<prometheus::MetricFamily> all = std::move(families).Take();
#ifndef LB_DAEMON_METRICS_FAMILIES_H_
#define LB_DAEMON_METRICS_FAMILIES_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lb/base/duration_histogram.h"
#include "prometheus/client_metric.h"
#include "prometheus/metric_family.h"
#include "prometheus/metric_type.h"

namespace lb::metrics {

inline constexpr auto kCounter = prometheus::MetricType::Counter;
inline constexpr auto kGauge = prometheus::MetricType::Gauge;
inline constexpr auto kHistogram = prometheus::MetricType::Histogram;
// MetalLB's names break Prometheus' rules for counters and gauges. Untyped
// families break none, and queries do not use the type.
inline constexpr auto kUntyped = prometheus::MetricType::Untyped;

class Families {
 public:
  using Labels = std::vector<prometheus::ClientMetric::Label>;

  void Begin(prometheus::MetricType type, std::string name, std::string help) {
    families_.push_back({std::move(name), std::move(help), type, {}});
  }
  // Adds a sample to the family that was begun last. Label values are UTF-8.
  void Add(Labels labels, double value);
  void Add(double value) { Add({}, value); }
  template <const auto& kBounds>
  void Add(const DurationHistogram<kBounds>& durations) {
    AddHistogram(durations.counts, kBounds,
                 absl::ToDoubleSeconds(durations.sum));
  }

  std::vector<prometheus::MetricFamily> Take() && {
    return std::move(families_);
  }

 private:
  // `counts` has one more item than there are bounds: the last one counts all
  // values above them.
  void AddHistogram(absl::Span<const uint64_t> counts,
                    absl::Span<const double> bounds, double sum);

  std::vector<prometheus::MetricFamily> families_;
};

}  // namespace lb::metrics

#endif  // LB_DAEMON_METRICS_FAMILIES_H_

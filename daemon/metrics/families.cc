#include "daemon/metrics/families.h"

#include <limits>

namespace lb::metrics {

void Families::Add(Labels labels, double value) {
  prometheus::MetricFamily& family = families_.back();
  prometheus::ClientMetric& metric = family.metric.emplace_back();
  metric.label = std::move(labels);
  switch (family.type) {
    case prometheus::MetricType::Counter:
      metric.counter.value = value;
      break;
    case prometheus::MetricType::Gauge:
      metric.gauge.value = value;
      break;
    default:
      metric.untyped.value = value;
  }
}

void Families::AddHistogram(absl::Span<const uint64_t> counts,
                            absl::Span<const double> bounds, double sum) {
  prometheus::ClientMetric::Histogram& histogram =
      families_.back().metric.emplace_back().histogram;
  for (size_t i = 0; i < counts.size(); ++i) {
    histogram.sample_count += counts[i];
    histogram.bucket.push_back({histogram.sample_count,
                                i < bounds.size()
                                    ? bounds[i]
                                    : std::numeric_limits<double>::infinity()});
  }
  histogram.sample_sum = sum;
}

}  // namespace lb::metrics

#include "daemon/metrics/families.h"

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

void Families::Add(prometheus::ClientMetric::Histogram histogram) {
  families_.back().metric.emplace_back().histogram = std::move(histogram);
}

}  // namespace lb::metrics

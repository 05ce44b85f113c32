// ReadPage: reads Prometheus' text format as strictly as its rules are.
//
// https://prometheus.io/docs/instrumenting/exposition_formats/
#ifndef LB_DAEMON_METRICS_TESTING_PAGE_READER_H_
#define LB_DAEMON_METRICS_TESTING_PAGE_READER_H_

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace lb::metrics {

struct PageFamily {
  std::string name;
  std::string help;
  std::string type;
  // By name and labels, as the page has them.
  std::map<std::string, double> samples;
};

// InvalidArgument: "line N: what is wrong". A family has its HELP, its TYPE and
// its samples together and once. No sample comes twice. Names have only allowed
// characters, and label values only the defined escapes.
absl::StatusOr<std::vector<PageFamily>> ReadPage(std::string_view text);

}  // namespace lb::metrics

#endif  // LB_DAEMON_METRICS_TESTING_PAGE_READER_H_

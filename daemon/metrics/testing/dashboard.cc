#include "daemon/metrics/testing/dashboard.h"

#include <fstream>
#include <iterator>
#include <regex>

#include "absl/strings/match.h"

namespace lb::metrics {

Dashboard ReadDashboard() {
  std::ifstream file("examples/grafana/lbd.json");
  const std::string text(std::istreambuf_iterator<char>(file), {});
  const std::regex name("\\b(lb|metallb)_[a-z0-9_]+");
  Dashboard dashboard;
  for (std::sregex_iterator it(text.begin(), text.end(), name), end; it != end;
       ++it) {
    // A query of quantiles asks for the buckets of a histogram.
    const std::string found = it->str();
    const std::string family = found.substr(0, found.find("_bucket"));
    const bool peers = absl::StartsWith(family, "metallb_bgp_") ||
                       absl::StartsWith(family, "metallb_bfd_");
    (peers ? dashboard.peer_families : dashboard.families).insert(family);
  }
  return dashboard;
}

}  // namespace lb::metrics

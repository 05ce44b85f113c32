#include "daemon/problems/api_server_problems.h"

#include <algorithm>
#include <string>

#include "absl/time/time.h"
#include "fmt/format.h"
#include "lb/base/utc_text.h"

namespace lb {
namespace {

constexpr absl::Duration kAwayMin = absl::Seconds(3);

// The objects that the node goes by.
std::string DescribeKnown(const NodeView& view) {
  const absl::Time as_of = view.api_server->as_of;
  if (as_of == absl::InfinitePast()) {
    return "no object is known, so nothing is announced";
  }
  const absl::Duration age =
      std::max(absl::ZeroDuration(),
               absl::Trunc(view.civil_now - as_of, absl::Seconds(1)));
  return fmt::format("objects are as of {} ({} ago)", FormatUtc(as_of),
                     absl::FormatDuration(age));
}

}  // namespace

void AddKubeProxy(const NodeView& view, ProblemCollector& problems) {
  if (!view.api_server || view.api_server->kube_proxy_fault.empty()) return;
  const std::string object = "Node/" + view.options.node;
  problems.push_back(
      {ProblemKind::kStrictArp, object,
       fmt::format("{}: {}", object, view.api_server->kube_proxy_fault)});
}

void AddApiServer(const NodeView& view, ProblemCollector& problems) {
  if (!view.api_server || view.api_server->trouble.empty()) return;
  if (view.civil_now - view.api_server->away_since < kAwayMin) return;
  const std::string object = "Node/" + view.options.node;
  problems.push_back(
      {ProblemKind::kApiServer, object,
       fmt::format("{}: the API server is away since {}: {}; {}, want it in "
                   "reach, and the right to list and watch",
                   object, FormatUtc(view.api_server->away_since),
                   view.api_server->trouble, DescribeKnown(view))});
}

}  // namespace lb

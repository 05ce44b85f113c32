#include "daemon/problems/turn_problems.h"

#include <fmt/format.h>

#include <optional>
#include <string>

#include "absl/time/time.h"
#include "lb/base/utc_text.h"
#include "lb/io/turn_meter.h"

namespace lb {

void AddLongTurn(const NodeView& view, ProblemCollector& problems) {
  if (view.host.turns == nullptr) return;
  const absl::Duration fence = StallMaxOf(view.options);
  const std::optional<io::Turn> turn = view.host.turns->RecentBusiest(view.now);
  if (!turn || turn->processor <= fence / 2) return;
  const std::string object = "Node/" + view.options.node;
  problems.push_back(
      {ProblemKind::kLongTurn, object,
       fmt::format("{}: loop: {} for {} ms of processor time at a stretch, at "
                   "{}, and answered nothing meanwhile, want at most {} ms, as "
                   "after {} ms it falls silent: a faster processor, fewer "
                   "services or callers, or a slower gossip-profile",
                   object, turn->cause,
                   absl::ToInt64Milliseconds(turn->processor),
                   FormatUtc(view.ToCivil(turn->at)),
                   absl::ToInt64Milliseconds(fence / 2),
                   absl::ToInt64Milliseconds(fence))});
}

}  // namespace lb

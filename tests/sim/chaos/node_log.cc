#include "tests/sim/chaos/node_log.h"

#include <fmt/format.h>

namespace lb::chaos {
namespace {

constexpr size_t kLinesMax = 400;

}  // namespace

void NodeLog::AddEventsOf(const SimNode& node) {
  for (const Event& event : node.host->log().Since(0)) {
    Add(event.time, fmt::format("{} {} {}: {}", node.name, event.reason,
                                event.object.ToString(), event.message));
  }
}

std::string NodeLog::ToString() const {
  std::string text;
  size_t left = lines_.size();
  for (const auto& [time, line] : lines_) {
    if (left-- > kLinesMax) continue;
    text += fmt::format(
        "  {} {}\n", absl::FormatTime("%H:%M:%E3S", time, absl::UTCTimeZone()),
        line);
  }
  return text;
}

}  // namespace lb::chaos

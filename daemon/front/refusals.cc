#include "daemon/front/refusals.h"

#include <fmt/format.h>

#include <utility>

namespace lb::front {

std::optional<std::string> Refusals::Add(std::string_view who,
                                         std::string_view why, absl::Time now) {
  if (now - last_ < kQuiet) {
    ++unsaid_;
    return std::nullopt;
  }
  last_ = now;
  const uint64_t others = std::exchange(unsaid_, 0);
  if (others == 0) return fmt::format("{}: {}", who, why);
  return fmt::format("{}: {}; {} others before it", who, why, others);
}

}  // namespace lb::front

#include "lb/gossip/versions.h"

#include <cstdint>
#include <string>

#include "absl/types/span.h"
#include "fmt/format.h"

namespace lb::gossip {
namespace {

// The least, the most, the one in use.
using Range = absl::Span<const uint8_t>;

bool Contains(Range range, uint8_t version) {
  return range[0] <= version && version <= range[1];
}

bool GoTogether(Range a, Range b) {
  return Contains(a, b[2]) && Contains(b, a[2]);
}

std::string ToText(Range range) {
  return fmt::format("{} of {}..{}", range[2], range[0], range[1]);
}

}  // namespace

absl::Status CheckVersions(const wire::NodeDescription& node) {
  if (!node.versions || node.versions->size() < kVersionsSize) {
    return absl::FailedPreconditionError(
        fmt::format("node {}: {} versions, want {}", node.name,
                    node.versions ? node.versions->size() : 0, kVersionsSize));
  }
  const Range all = *node.versions;
  const Range own = kOwnVersions;
  const Range protocol = all.first(3);
  const Range delegate = all.subspan(3, 3);
  if (protocol[0] != 0 && GoTogether(protocol, own.first(3)) &&
      GoTogether(delegate, own.subspan(3))) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(fmt::format(
      "node {}: speaks protocol {}, delegate {}; we speak {} and {}", node.name,
      ToText(protocol), ToText(delegate), ToText(own.first(3)),
      ToText(own.subspan(3))));
}

}  // namespace lb::gossip

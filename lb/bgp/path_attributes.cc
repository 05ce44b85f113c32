#include "lb/bgp/path_attributes.h"

#include <algorithm>
#include <string_view>

#include "fmt/format.h"
#include "lb/base/status_macros.h"

namespace lb::bgp {
namespace {

template <typename T>
void SortUnique(std::vector<T>& values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

template <typename T>
void AppendAll(const std::vector<T>& values, std::string& text) {
  for (const T& value : values) text += " " + value.ToString();
}

absl::Status CheckCount(std::string_view name, size_t count) {
  if (count <= PathAttributes::kCommunitiesMax) return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format(
      "{}: {}, want {} at most", name, count, PathAttributes::kCommunitiesMax));
}

}  // namespace

void PathAttributes::Normalize() {
  SortUnique(communities);
  SortUnique(large_communities);
}

std::string PathAttributes::ToString() const {
  std::string text;
  const auto begin = [&text](std::string_view name) {
    if (!text.empty()) text += ", ";
    text += name;
  };
  if (local_preference) {
    begin("local-preference");
    text += fmt::format(" {}", *local_preference);
  }
  if (med) {
    begin("MED");
    text += fmt::format(" {}", *med);
  }
  if (prepends > 0) {
    begin("prepends");
    text += fmt::format(" {}", prepends);
  }
  if (!communities.empty() || !large_communities.empty()) {
    begin("communities");
    AppendAll(communities, text);
    AppendAll(large_communities, text);
  }
  if (link_bandwidth) begin(link_bandwidth->ToString());
  return text;
}

absl::Status Validate(const PathAttributes& attributes) {
  if (attributes.prepends < 0 ||
      attributes.prepends > PathAttributes::kPrependsMax) {
    return absl::InvalidArgumentError(
        fmt::format("prepends: {}, want 0 to {}", attributes.prepends,
                    PathAttributes::kPrependsMax));
  }
  LB_RETURN_IF_ERROR(CheckCount("communities", attributes.communities.size()));
  return CheckCount("large communities", attributes.large_communities.size());
}

}  // namespace lb::bgp

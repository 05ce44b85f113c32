#include "lb/config/well_known_labels.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "absl/strings/ascii.h"
#include "lb/base/nearest.h"

namespace lb::config {
namespace {

constexpr size_t kEditsMax = 2;
constexpr size_t kKeyMax = 317;  // 253 for the prefix, '/', 63.
// A shorter own name is too often like other labels that nodes have.
constexpr size_t kOwnNameMin = 10;

std::string LowerCase(std::string_view text) {
  return absl::AsciiStrToLower(absl::string_view(text.data(), text.size()));
}

std::string_view NameOf(std::string_view key) {
  return key.substr(key.find('/') + 1);
}

bool IsLike(std::string_view key, std::string_view label) {
  if (EditDistance(key, label) <= kEditsMax) return true;
  const std::string_view name = NameOf(label);
  if (name.size() < kOwnNameMin) return false;
  // Also what older versions of Kubernetes called it: exclude-balancer.
  const bool is_exclude = label == kExcludeLabel;
  return EditDistance(NameOf(key), name) <= name.size() / 6 ||
         (is_exclude && NameOf(key) == "exclude-balancer");
}

}  // namespace

std::string_view MeantLabel(std::string_view key,
                            absl::Span<const std::string_view> labels) {
  if (key.size() > kKeyMax ||
      std::find(labels.begin(), labels.end(), key) != labels.end()) {
    return "";
  }
  const std::string lower = LowerCase(key);
  const auto meant = std::find_if(
      labels.begin(), labels.end(),
      [&](std::string_view label) { return IsLike(lower, label); });
  return meant == labels.end() ? std::string_view() : *meant;
}

}  // namespace lb::config

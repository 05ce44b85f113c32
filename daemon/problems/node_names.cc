#include "daemon/problems/node_names.h"

#include <string>

#include "absl/strings/ascii.h"

namespace lb {

bool IsNearName(std::string_view a, std::string_view b) {
  if (a == b) return false;
  const std::string lower_a = absl::AsciiStrToLower({a.data(), a.size()});
  const std::string lower_b = absl::AsciiStrToLower({b.data(), b.size()});
  if (lower_a == lower_b) return true;
  const size_t dot_a = lower_a.find('.');
  const size_t dot_b = lower_b.find('.');
  // Both have a domain, so they are two hosts.
  if ((dot_a == lower_a.npos) == (dot_b == lower_b.npos)) return false;
  return lower_a.substr(0, dot_a) == lower_b.substr(0, dot_b);
}

std::optional<std::string> NearNameOf(std::string_view name,
                                      const std::set<std::string>& known) {
  if (known.contains(std::string(name))) return std::nullopt;
  for (const std::string& other : known) {
    if (IsNearName(name, other)) return other;
  }
  return std::nullopt;
}

}  // namespace lb

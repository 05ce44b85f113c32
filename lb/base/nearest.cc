#include "lb/base/nearest.h"

#include <algorithm>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace lb {
namespace {

constexpr size_t kTextMax = 64;

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = absl::ascii_tolower(static_cast<unsigned char>(c));
  return lower;
}

size_t EditsAllowed(size_t letters) {
  if (letters >= 4 && letters <= 6) return 2;
  return letters / 3;
}

}  // namespace

size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> before(b.size() + 1), last(b.size() + 1),
      row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (size_t i = 1; i <= a.size(); ++i) {
    before = last;
    last = row;
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
  }
  return row[b.size()];
}

std::string_view Nearest(std::string_view text,
                         absl::Span<const std::string_view> candidates) {
  std::string_view nearest;
  if (text.empty() || text.size() > kTextMax) return nearest;
  const std::string lower = LowerCase(text);
  size_t fewest = kTextMax;
  for (const std::string_view candidate : candidates) {
    const size_t edits = EditDistance(lower, LowerCase(candidate));
    if (edits >= fewest || edits > EditsAllowed(candidate.size())) continue;
    nearest = candidate;
    fewest = edits;
  }
  return nearest;
}

std::string DidYouMean(std::string_view text,
                       absl::Span<const std::string_view> candidates) {
  const std::string_view nearest = Nearest(text, candidates);
  if (nearest.empty()) return "";
  return absl::StrCat(", did you mean ",
                      absl::string_view(nearest.data(), nearest.size()), "?");
}

}  // namespace lb

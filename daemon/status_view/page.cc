#include "daemon/status_view/page.h"

#include <fmt/format.h>

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "lb/config/printable.h"

namespace lb {
namespace {

constexpr size_t kTokenShownMax = 64;

}  // namespace

absl::StatusOr<Page> Page::Of(int32_t page_size, std::string_view token) {
  if (page_size < 0) {
    return absl::InvalidArgumentError(
        fmt::format("page_size: {}, want 0..{}", page_size, kItemsMax));
  }
  std::string after;
  if (!absl::WebSafeBase64Unescape({token.data(), token.size()}, &after) ||
      after.empty() != token.empty()) {
    return absl::InvalidArgumentError(
        fmt::format("page_token: \"{}\", want the next_page_token of an answer",
                    config::Printable(token, kTokenShownMax)));
  }
  return Page(page_size == 0 ? kItemsDefault : std::min(page_size, kItemsMax),
              std::move(after));
}

void Page::Add(std::string_view key, size_t bytes) {
  last_ = key;
  ++items_;
  bytes_ += bytes;
}

std::string Page::NextToken() const { return absl::WebSafeBase64Escape(last_); }

}  // namespace lb

// Page: decides which items of a list one answer has, as status.proto states
// it.
//
// A list is in the order of its keys, and each key comes once. So a page can go
// on after the last key of the page before, whatever items came or went.
//
//   LB_ASSIGN_OR_RETURN(Page page, Page::Of(request.page_size(),
//                                           request.page_token()));
//   for (const Item& item : items) {
//     if (page.IsBefore(item.name)) continue;
//     if (!page.HasRoom()) break;
//     ... // Fill an item of the answer.
//     page.Add(item.name, filled.ByteSizeLong());
//   }
//   response.set_next_page_token(page.NextToken(/*any_left=*/...));
#ifndef LB_DAEMON_STATUS_VIEW_PAGE_H_
#define LB_DAEMON_STATUS_VIEW_PAGE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace lb {

class Page {
 public:
  static constexpr int32_t kItemsDefault = 1000;
  static constexpr int32_t kItemsMax = 10'000;
  static constexpr size_t kBytesMax = 2 << 20;

  // InvalidArgument: a negative size, or a token that no answer had.
  static absl::StatusOr<Page> Of(int32_t page_size, std::string_view token);

  // The last key of the page before; empty: there was none.
  const std::string& after() const { return after_; }
  // True if the item is on an earlier page.
  bool IsBefore(std::string_view key) const { return key <= after_; }
  bool HasRoom() const { return items_ < items_max_ && bytes_ < kBytesMax; }
  void Add(std::string_view key, size_t bytes);
  // The token of the page that follows this one. REQUIRES: there was an Add().
  std::string NextToken() const;

 private:
  Page(size_t items_max, std::string after)
      : items_max_(items_max), after_(std::move(after)) {}

  size_t items_max_;
  std::string after_;
  std::string last_;
  size_t items_ = 0;
  size_t bytes_ = 0;
};

}  // namespace lb

#endif  // LB_DAEMON_STATUS_VIEW_PAGE_H_

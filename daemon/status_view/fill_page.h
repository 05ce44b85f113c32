// FillPage: one page of a list, for the answers that are lists.
#ifndef LB_DAEMON_STATUS_VIEW_FILL_PAGE_H_
#define LB_DAEMON_STATUS_VIEW_FILL_PAGE_H_

#include <string>

#include "daemon/status_view/page.h"

namespace lb {

// Puts the page's part of `items`, which are in the order of key(item), into
// `list`, each as describe(item).
template <typename Items, typename Key, typename Describe, typename List>
std::string FillPage(const Items& items, Page page, Key key, Describe describe,
                     List* list) {
  for (const auto& item : items) {
    if (page.IsBefore(key(item))) continue;
    if (!page.HasRoom()) return page.NextToken();
    auto* const added = list->Add();
    *added = describe(item);
    page.Add(key(item), added->ByteSizeLong());
  }
  return "";
}

}  // namespace lb

#endif  // LB_DAEMON_STATUS_VIEW_FILL_PAGE_H_

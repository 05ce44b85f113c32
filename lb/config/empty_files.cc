#include "lb/config/empty_files.h"

#include <algorithm>
#include <utility>

namespace lb::config {

void EmptyFiles::Settle(absl::Time now, std::vector<std::string>* files) {
  const std::map<std::string, absl::Time> before = std::exchange(since_, {});
  deadline_ = absl::InfiniteFuture();
  std::erase_if(*files, [&](const std::string& file) {
    const auto found = before.find(file);
    const absl::Time since = found == before.end() ? now : found->second;
    since_[file] = since;
    const absl::Time settled_at = since + kSettleTime;
    if (settled_at <= now) return true;
    deadline_ = std::min(deadline_, settled_at);
    return false;
  });
}

}  // namespace lb::config

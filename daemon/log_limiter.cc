#include "daemon/log_limiter.h"

namespace lb {

// Civil time may step back.
bool LogLimiter::IsOver(const Window& window, absl::Time now) const {
  return now < window.begin || now - window.begin >= kWindow;
}

LogLimiter::Verdict LogLimiter::Judge(const Event& event) {
  auto key = std::make_pair(event.reason, event.object);
  auto found = windows_.find(key);
  if (found == windows_.end()) {
    if (windows_.size() >= kFollowedMax) {
      std::erase_if(windows_, [&](const auto& followed) {
        return IsOver(followed.second, event.time);
      });
    }
    if (windows_.size() >= kFollowedMax) return {};
    found = windows_.emplace(std::move(key), Window{.begin = event.time}).first;
  }
  Window& window = found->second;
  Verdict verdict;
  if (IsOver(window, event.time)) {
    verdict.suppressed = window.suppressed;
    window = {.begin = event.time};
  }
  verdict.log = ++window.lines <= kLinesMax;
  if (!verdict.log) ++window.suppressed;
  return verdict;
}

}  // namespace lb

#include "daemon/log_limiter.h"

namespace lb {
namespace {

constexpr absl::Duration kLookInterval = absl::Seconds(1);

}  // namespace

// Civil time may step back.
bool LogLimiter::IsOver(const Window& window, absl::Time now) {
  return now < window.begin || now - window.begin >= kWindow;
}

// Thousands of new objects can come at once. A look through all windows for
// each of them would cost the loop more than the log itself.
void LogLimiter::ForgetOver(absl::Time now) {
  if (now >= looked_ && now - looked_ < kLookInterval) return;
  looked_ = now;
  std::erase_if(windows_, [&](const auto& followed) {
    return IsOver(followed.second, now);
  });
}

LogLimiter::Verdict LogLimiter::Judge(const Event& event) {
  auto key = std::make_pair(event.reason, event.object.ToString());
  auto found = windows_.find(key);
  if (found == windows_.end()) {
    if (windows_.size() >= kFollowedMax) ForgetOver(event.time);
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

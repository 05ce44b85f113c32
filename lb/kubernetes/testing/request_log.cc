#include "lb/kubernetes/testing/request_log.h"

#include <algorithm>
#include <deque>

#include "fmt/format.h"

namespace lb::kubernetes {

size_t RequestLog::Count(Filter filter) const {
  return static_cast<size_t>(
      std::count_if(requests_.begin(), requests_.end(), filter));
}

size_t RequestLog::CountPath(std::string_view method,
                             std::string_view path) const {
  return Count([&](const LoggedRequest& request) {
    return request.method == method && request.path == path;
  });
}

size_t RequestLog::MostWithin(absl::Duration span, Filter filter) const {
  std::deque<absl::Time> times;
  size_t most = 0;
  for (const LoggedRequest& request : requests_) {
    if (!filter(request)) continue;
    times.push_back(request.at);
    while (request.at - times.front() >= span) times.pop_front();
    most = std::max(most, times.size());
  }
  return most;
}

std::string RequestLog::ToString() const {
  std::string text;
  for (const LoggedRequest& request : requests_) {
    text +=
        fmt::format("{} {} {}\n", request.method, request.path, request.code);
  }
  return text;
}

}  // namespace lb::kubernetes

// RequestLog: the requests that a simulated API server got, for tests to count.
//
// One thread.
#ifndef LB_KUBERNETES_TESTING_REQUEST_LOG_H_
#define LB_KUBERNETES_TESTING_REQUEST_LOG_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/time/time.h"

namespace lb::kubernetes {

struct LoggedRequest {
  absl::Time at;
  std::string host;
  std::string method;
  std::string path;
  std::string body;
  int code = 0;  // Of the answer; 0: none was sent.

  bool is_watch() const { return path.find("watch=1") != std::string::npos; }
  bool is_write() const { return method != "GET"; }
  bool is_page() const { return path.find("continue=") != std::string::npos; }
};

class RequestLog {
 public:
  using Filter = absl::FunctionRef<bool(const LoggedRequest&)>;

  // Returns the request's index.
  size_t Add(LoggedRequest request) {
    requests_.push_back(std::move(request));
    return requests_.size() - 1;
  }
  void SetCode(size_t index, int code) { requests_[index].code = code; }

  const std::vector<LoggedRequest>& requests() const { return requests_; }
  size_t Count(Filter filter) const;
  size_t CountPath(std::string_view method, std::string_view path) const;
  // The most requests within any span of this length.
  size_t MostWithin(absl::Duration span, Filter filter) const;
  // "GET /api/v1/services?limit=500 200", one request a line.
  std::string ToString() const;

 private:
  std::vector<LoggedRequest> requests_;
};

}  // namespace lb::kubernetes

#endif  // LB_KUBERNETES_TESTING_REQUEST_LOG_H_

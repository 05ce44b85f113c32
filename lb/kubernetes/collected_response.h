// CollectedResponse: a response handler for answers that are read as a whole.
//
// It keeps the body up to a bound; what is beyond is dropped, and the answer
// counts by its status code. Loop thread only.
#ifndef LB_KUBERNETES_COLLECTED_RESPONSE_H_
#define LB_KUBERNETES_COLLECTED_RESPONSE_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/types/span.h"
#include "lb/http/client.h"

namespace lb::kubernetes {

struct CollectedAnswer {
  absl::Status status;  // Not OK: there is no answer.
  int code = 0;
  std::vector<http::Header> headers;
  std::string body;
};

class CollectedResponse final : public http::ResponseHandler {
 public:
  // Called once, with the whole answer, or with why there is none.
  using OnDone = absl::AnyInvocable<void(const CollectedAnswer& answer)>;

  CollectedResponse(size_t bytes_max, OnDone on_done)
      : bytes_max_(bytes_max), on_done_(std::move(on_done)) {}

  void OnHead(int status, absl::Span<const http::Header> headers) override {
    answer_.code = status;
    answer_.headers.assign(headers.begin(), headers.end());
  }

  void OnBody(std::string_view bytes) override {
    answer_.body += bytes.substr(0, bytes_max_ - answer_.body.size());
  }

  void OnEnd(const absl::Status& status) override {
    answer_.status = status;
    if (status.ok() && answer_.code == 0) {
      answer_.status = absl::UnavailableError("an answer without a head");
    }
    on_done_(answer_);
  }

 private:
  const size_t bytes_max_;
  OnDone on_done_;
  CollectedAnswer answer_;
};

}  // namespace lb::kubernetes

#endif  // LB_KUBERNETES_COLLECTED_RESPONSE_H_

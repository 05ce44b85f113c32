// FakeConnection: an HTTP client that keeps what is sent; a test answers.
//
// One thread; header only.
#ifndef LB_KUBERNETES_TESTING_FAKE_CONNECTION_H_
#define LB_KUBERNETES_TESTING_FAKE_CONNECTION_H_

#include <memory>
#include <utility>
#include <vector>

#include "lb/http/client.h"

namespace lb::kubernetes {

class FakeConnection : public http::Client {
 public:
  http::RequestId Send(
      http::Request request,
      std::unique_ptr<http::ResponseHandler> handler) override {
    requests_.push_back(std::move(request));
    handlers_.push_back(std::move(handler));
    return requests_.size();
  }
  void Cancel(http::RequestId id) override { cancelled_.push_back(id); }

  std::vector<http::Request> requests_;
  std::vector<std::unique_ptr<http::ResponseHandler>> handlers_;
  std::vector<http::RequestId> cancelled_;
};

}  // namespace lb::kubernetes

#endif  // LB_KUBERNETES_TESTING_FAKE_CONNECTION_H_

#include "lb/kubernetes/recovery_client.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/types/span.h"

namespace lb::kubernetes {

// Sees how a request ends, and passes everything on.
class RecoveryClient::Handler : public http::ForwardingHandler {
 public:
  Handler(std::weak_ptr<RecoveryClient* const> client,
          std::unique_ptr<http::ResponseHandler> handler)
      : ForwardingHandler(std::move(handler)), client_(std::move(client)) {}

  void OnHead(int status, absl::Span<const http::Header> headers) override {
    const auto client = client_.lock();
    if (client != nullptr && status >= 200 && status < 300) {
      (*client)->OnAnswered();
    }
    ForwardingHandler::OnHead(status, headers);
  }
  void OnEnd(const absl::Status& status) override {
    const auto client = client_.lock();
    if (client != nullptr && !status.ok()) (*client)->OnLost();
    ForwardingHandler::OnEnd(status);
  }

 private:
  const std::weak_ptr<RecoveryClient* const> client_;
};

RecoveryClient::RecoveryClient(io::Loop* loop, http::Client* client,
                               std::function<void()> on_back)
    : loop_(loop),
      client_(client),
      timer_(loop->NewTimer(std::move(on_back))),
      self_(std::make_shared<RecoveryClient* const>(this)) {}

http::RequestId RecoveryClient::Send(
    http::Request request, std::unique_ptr<http::ResponseHandler> handler) {
  return client_->Send(std::move(request),
                       std::make_unique<Handler>(self_, std::move(handler)));
}

void RecoveryClient::OnAnswered() {
  if (!std::exchange(is_lost_, false)) return;
  if (last_at_ >= loop_->Now()) return;  // It speaks then.
  last_at_ = std::max(loop_->Now(), last_at_ + kInterval);
  timer_->Arm(last_at_);
}

}  // namespace lb::kubernetes

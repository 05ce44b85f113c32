#include "daemon/kubernetes/leased_client.h"

#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/types/span.h"

namespace lb {

LeasedClient::LeasedClient(io::Loop* loop, http::Client* client,
                           std::function<bool()> is_held)
    : loop_(loop), client_(client), is_held_(std::move(is_held)) {
  timer_ = loop_->NewTimer([this] { EndRefused(); });
}

http::RequestId LeasedClient::Send(
    http::Request request, std::unique_ptr<http::ResponseHandler> handler) {
  const bool may_send = request.method == "GET" || is_held_();
  if (may_send) return client_->Send(std::move(request), std::move(handler));
  ++refused_;
  ending_[kOwnIds + ++last_id_] = std::move(handler);
  timer_->Arm(loop_->Now());
  return kOwnIds + last_id_;
}

void LeasedClient::Cancel(http::RequestId id) {
  if (ending_.erase(id) == 0) client_->Cancel(id);
}

void LeasedClient::EndRefused() {
  const std::weak_ptr<bool> alive = alive_;
  while (!alive.expired() && !ending_.empty()) {
    const auto handler = std::move(ending_.begin()->second);
    ending_.erase(ending_.begin());
    handler->OnEnd(absl::UnavailableError("the Lease is not held any more"));
  }
}

}  // namespace lb

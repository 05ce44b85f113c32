#include "daemon/kubernetes/leased_client.h"

#include <utility>

#include "absl/status/status.h"

namespace lb {

class LeasedClient::Counted final : public http::ForwardingHandler {
 public:
  Counted(std::unique_ptr<http::ResponseHandler> handler,
          std::shared_ptr<size_t> count)
      : ForwardingHandler(std::move(handler)), count_(std::move(count)) {
    ++*count_;
  }
  ~Counted() override { --*count_; }

 private:
  const std::shared_ptr<size_t> count_;
};

LeasedClient::LeasedClient(io::Loop* loop, http::Client* client,
                           std::function<bool()> is_held)
    : loop_(loop), client_(client), is_held_(std::move(is_held)) {
  timer_ = loop_->NewTimer([this] { EndRefused(); });
}

http::RequestId LeasedClient::Send(
    http::Request request, std::unique_ptr<http::ResponseHandler> handler) {
  const bool is_read = request.method == "GET";
  if (is_read) return client_->Send(std::move(request), std::move(handler));
  if (is_held_()) {
    return client_->Send(
        std::move(request),
        std::make_unique<Counted>(std::move(handler), under_way_));
  }
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

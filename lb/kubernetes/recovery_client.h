// RecoveryClient: an HTTP client that says when a server that was lost answers
// again.
//
// The parts of a program that follow one server are lost together, and wait
// apart, each for up to its back-off's maximum. The first of them that is
// answered with success ends the wait of all.
//
//   RecoveryClient client(&loop, &connection,
//                         [&] { reflector.OnServerBack(); });
//   Reflector pods(&loop, &client, &observer, options, prng);
//
// It speaks at most once in kInterval, so a server that comes and goes gets at
// most one request more from each part in that time. A request that is only
// refused (4xx, 5xx) is no loss, and is left to its sender's back-off.
//
// Loop thread only. The loop and the other client outlive it.
#ifndef LB_KUBERNETES_RECOVERY_CLIENT_H_
#define LB_KUBERNETES_RECOVERY_CLIENT_H_

#include <functional>
#include <memory>

#include "absl/time/time.h"
#include "lb/http/client.h"
#include "lb/io/loop.h"

namespace lb::kubernetes {

class RecoveryClient final : public http::Client {
 public:
  static constexpr absl::Duration kInterval = absl::Seconds(2);

  // `on_back` is called on a turn of its own.
  RecoveryClient(io::Loop* loop, http::Client* client,
                 std::function<void()> on_back);

  http::RequestId Send(http::Request request,
                       std::unique_ptr<http::ResponseHandler> handler) override;
  void Cancel(http::RequestId id) override { client_->Cancel(id); }

 private:
  class Handler;

  void OnLost() { is_lost_ = true; }
  void OnAnswered();

  io::Loop* const loop_;
  http::Client* const client_;
  bool is_lost_ = false;                       // Since the last answer.
  absl::Time last_at_ = absl::InfinitePast();  // When it speaks, or did last.
  std::unique_ptr<io::Timer> timer_;           // Runs `on_back`.
  // For handlers that live on.
  std::shared_ptr<RecoveryClient* const> self_;
};

}  // namespace lb::kubernetes

#endif  // LB_KUBERNETES_RECOVERY_CLIENT_H_

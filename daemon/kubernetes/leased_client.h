// LeasedClient: an HTTP client that writes only while a Lease is held.
//
// Writes wait in queues and are repeated, and a process may have been stopped
// for a while. So the Lease is asked about when a request goes out, not when it
// was wanted: a request that would change something, while the Lease is not
// held, is not sent, and ends as one whose connection was lost.
//
// Loop thread only. The loop, the client and what `is_held` uses outlive it.
#ifndef LB_DAEMON_KUBERNETES_LEASED_CLIENT_H_
#define LB_DAEMON_KUBERNETES_LEASED_CLIENT_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>

#include "lb/http/client.h"
#include "lb/io/loop.h"

namespace lb {

class LeasedClient final : public http::Client {
 public:
  LeasedClient(io::Loop* loop, http::Client* client,
               std::function<bool()> is_held);

  http::RequestId Send(http::Request request,
                       std::unique_ptr<http::ResponseHandler> handler) override;
  void Cancel(http::RequestId id) override;

  // Requests that were not sent.
  uint64_t refused() const { return refused_; }
  // Requests that would change something, were sent, and have not ended. The
  // server may still carry them out, also if they are cancelled.
  size_t under_way() const { return *under_way_; }

 private:
  // Ids of requests that were not sent; those of the other client are counted
  // from 1.
  static constexpr http::RequestId kOwnIds = http::RequestId{1} << 63;

  // Counts a request while it is under way.
  class Counted;

  void EndRefused();

  io::Loop* const loop_;
  http::Client* const client_;
  const std::function<bool()> is_held_;
  uint64_t refused_ = 0;
  const std::shared_ptr<size_t> under_way_ = std::make_shared<size_t>(0);
  http::RequestId last_id_ = 0;
  std::map<http::RequestId, std::unique_ptr<http::ResponseHandler>> ending_;
  std::unique_ptr<io::Timer> timer_;  // Runs EndRefused().
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace lb

#endif  // LB_DAEMON_KUBERNETES_LEASED_CLIENT_H_

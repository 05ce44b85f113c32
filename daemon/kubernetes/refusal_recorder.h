// RefusalRecorder: an HTTP client that says what the API server refuses.
//
// Without a right lbd goes on as well as it can: a watch is tried again, an
// event is dropped. So each right that is missing is named, in the words of
// RBAC, once until a request of its kind succeeds:
//
//   it may not patch services/status: 403 Forbidden: services "web" is ...
//
// Loop thread only. The other client and what `record` uses outlive it.
#ifndef LB_DAEMON_KUBERNETES_REFUSAL_RECORDER_H_
#define LB_DAEMON_KUBERNETES_REFUSAL_RECORDER_H_

#include <functional>
#include <memory>
#include <set>
#include <string>

#include "lb/http/client.h"

namespace lb {

// The right that a role must give for this request: "patch services/status".
std::string RightOf(const http::Request& request);

class RefusalRecorder final : public http::Client {
 public:
  using Record = std::function<void(std::string message)>;

  RefusalRecorder(http::Client* client, Record record);

  http::RequestId Send(http::Request request,
                       std::unique_ptr<http::ResponseHandler> handler) override;
  void Cancel(http::RequestId id) override { client_->Cancel(id); }

 private:
  class Handler;
  struct State {
    Record record;
    std::set<std::string> refused;  // Rights. One for each kind of request.
  };

  http::Client* const client_;
  // Shared with the handlers of requests that are under way.
  const std::shared_ptr<State> state_;
};

}  // namespace lb

#endif  // LB_DAEMON_KUBERNETES_REFUSAL_RECORDER_H_

// ProcessClient: the client of one run of a simulated process.
//
// What comes for a process that is stopped waits until it goes on; one that was
// killed gets nothing more. A write that has left is not undone when the
// process cancels it or dies: the server may still carry it out.
//
// One thread. The server's client and the process outlive it; it may be
// destroyed at any time.
#ifndef LB_TESTS_SIM_CHAOS_KUBERNETES_PROCESS_CLIENT_H_
#define LB_TESTS_SIM_CHAOS_KUBERNETES_PROCESS_CLIENT_H_

#include <map>
#include <memory>

#include "lb/http/client.h"
#include "lb/io/sim/sim_process.h"

namespace lb::chaos {

class ProcessClient final : public http::Client {
 public:
  ProcessClient(http::Client* server, io::SimProcess* process)
      : server_(server), process_(process) {}
  ~ProcessClient() override;

  http::RequestId Send(http::Request request,
                       std::unique_ptr<http::ResponseHandler> handler) override;
  void Cancel(http::RequestId id) override;

 private:
  class Gate;

  // Null: the process wants no more of the response.
  using Slot = std::shared_ptr<std::shared_ptr<http::ResponseHandler>>;
  struct Exchange {
    Slot slot;
    bool is_write = false;
  };

  http::Client* const server_;
  io::SimProcess* const process_;
  std::map<http::RequestId, Exchange> exchanges_;
};

}  // namespace lb::chaos

#endif  // LB_TESTS_SIM_CHAOS_KUBERNETES_PROCESS_CLIENT_H_

// StatusService: lb.status.v1.Status over gRPC, answered by the agent.
//
// gRPC's threads only post to the loop; every answer is made on the loop's
// thread, which alone may touch the agent. A watcher has no queue of its own:
// it reads on in the bounded event log when its last write is done, so a slow
// one loses old events (and sees the gap in their numbers) but costs nothing.
#ifndef LB_DAEMON_STATUS_SERVICE_H_
#define LB_DAEMON_STATUS_SERVICE_H_

#include <cstddef>
#include <functional>
#include <set>

#include "daemon/agent/agent.h"
#include "grpcpp/grpcpp.h"
#include "lb/base/event_log.h"
#include "lb/io/loop.h"
#include "lb/status/v1/status.grpc.pb.h"

namespace lb {

class StatusService final : public status::v1::Status::CallbackService {
 public:
  // WatchEvents calls at one time; more are refused (RESOURCE_EXHAUSTED).
  static constexpr size_t kWatchersMax = 256;

  // All outlive the service; the loop runs until the server has shut down.
  StatusService(io::Loop* loop, const Agent* agent, const EventLog* log)
      : loop_(loop), agent_(agent), log_(log) {}
  // After the server has shut down.
  ~StatusService() override;

  // Sends new events to the watchers. Call it on the loop's thread after each
  // event.
  void OnEvent();

 private:
  class Watcher;

  grpc::ServerUnaryReactor* GetNode(
      grpc::CallbackServerContext* context,
      const status::v1::GetNodeRequest* request,
      status::v1::GetNodeResponse* response) override;
  grpc::ServerUnaryReactor* ListServices(
      grpc::CallbackServerContext* context,
      const status::v1::ListServicesRequest* request,
      status::v1::ListServicesResponse* response) override;
  grpc::ServerUnaryReactor* ListPools(
      grpc::CallbackServerContext* context,
      const status::v1::ListPoolsRequest* request,
      status::v1::ListPoolsResponse* response) override;
  grpc::ServerUnaryReactor* ListMembers(
      grpc::CallbackServerContext* context,
      const status::v1::ListMembersRequest* request,
      status::v1::ListMembersResponse* response) override;
  grpc::ServerWriteReactor<status::v1::Event>* WatchEvents(
      grpc::CallbackServerContext* context,
      const status::v1::WatchEventsRequest* request) override;

  // Fills the response on the loop's thread, then finishes the call.
  grpc::ServerUnaryReactor* AnswerOnLoop(grpc::CallbackServerContext* context,
                                         std::function<void()> fill);

  io::Loop* loop_;
  const Agent* agent_;
  const EventLog* log_;
  std::set<Watcher*> watchers_;  // Loop thread only.
};

}  // namespace lb

#endif  // LB_DAEMON_STATUS_SERVICE_H_

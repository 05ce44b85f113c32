// StatusService: lb.status.v1.Status over gRPC, answered from a node's view.
//
// gRPC's threads only post to the loop (loop_calls.h); the loop's thread, which
// alone may touch the agent, makes the answers. What-ifs are computed from a
// copy, beside the loop. Streaming calls: watcher.h.
#ifndef LB_DAEMON_STATUS_SERVICE_H_
#define LB_DAEMON_STATUS_SERVICE_H_

#include "daemon/loop_calls.h"
#include "daemon/node_view/node_view.h"
#include "daemon/status_view/status_view.h"
#include "daemon/watch_sources.h"
#include "daemon/watcher.h"
#include "grpcpp/grpcpp.h"
#include "lb/base/event_log.h"
#include "lb/io/posix/background_task.h"
#include "lb/status/v1/status.grpc.pb.h"

namespace lb {

class LoopReactor;

class StatusService final : public status::v1::Status::CallbackService {
 public:
  // All of these outlive the service; the loop runs until the servers have shut
  // down. Several services may share `what_ifs`.
  StatusService(LoopCalls* calls, io::BackgroundTask* what_ifs,
                const ViewNode& view_node, const EventLog* log)
      : calls_(calls),
        what_ifs_(what_ifs),
        view_node_(view_node),
        log_(log),
        node_(view_node, log),
        watchers_(calls->loop()) {}

  // Sends new events to the watchers. Call it on the loop's thread after each
  // event.
  void OnEvent() { watchers_.WriteAll(); }

 private:
  template <typename Message>
  using Stream = grpc::ServerWriteReactor<Message>;

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
  grpc::ServerUnaryReactor* ListInterfaces(
      grpc::CallbackServerContext* context,
      const status::v1::ListInterfacesRequest* request,
      status::v1::ListInterfacesResponse* response) override;
  grpc::ServerUnaryReactor* ListAnnouncements(
      grpc::CallbackServerContext* context,
      const status::v1::ListAnnouncementsRequest* request,
      status::v1::ListAnnouncementsResponse* response) override;
  grpc::ServerUnaryReactor* ListPeers(
      grpc::CallbackServerContext* context,
      const status::v1::ListPeersRequest* request,
      status::v1::ListPeersResponse* response) override;
  grpc::ServerUnaryReactor* ListRoutes(
      grpc::CallbackServerContext* context,
      const status::v1::ListRoutesRequest* request,
      status::v1::ListRoutesResponse* response) override;
  grpc::ServerUnaryReactor* ListBfdSessions(
      grpc::CallbackServerContext* context,
      const status::v1::ListBfdSessionsRequest* request,
      status::v1::ListBfdSessionsResponse* response) override;
  grpc::ServerUnaryReactor* ListProblems(
      grpc::CallbackServerContext* context,
      const status::v1::ListProblemsRequest* request,
      status::v1::ListProblemsResponse* response) override;
  grpc::ServerUnaryReactor* Explain(
      grpc::CallbackServerContext* context,
      const status::v1::ExplainRequest* request,
      status::v1::ExplainResponse* response) override;
  grpc::ServerUnaryReactor* WhatIf(
      grpc::CallbackServerContext* context,
      const status::v1::WhatIfRequest* request,
      status::v1::WhatIfResponse* response) override;
  Stream<status::v1::WatchResponse>* Watch(
      grpc::CallbackServerContext* context,
      const status::v1::WatchRequest* request) override;
  Stream<status::v1::Event>* WatchEvents(
      grpc::CallbackServerContext* context,
      const status::v1::WatchEventsRequest* request) override;

  StatusView View() const { return StatusView(view_node_()); }
  void AskWhatIf(const status::v1::WhatIfRequest& request,
                 status::v1::WhatIfResponse* response, LoopReactor* reactor);

  LoopCalls* calls_;
  io::BackgroundTask* what_ifs_;
  const ViewNode view_node_;
  const EventLog* log_;
  DescribedNode node_;  // Loop thread only; for all watchers.
  Watchers watchers_;   // Loop thread only.
};

}  // namespace lb

#endif  // LB_DAEMON_STATUS_SERVICE_H_

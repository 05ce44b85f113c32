#include "daemon/status_service.h"

#include <memory>
#include <utility>

#include "daemon/loop_call.h"
#include "daemon/watch_sources.h"
#include "lb/io/turn_cause.h"

namespace lb {

grpc::ServerUnaryReactor* StatusService::GetNode(
    grpc::CallbackServerContext* context, const status::v1::GetNodeRequest*,
    status::v1::GetNodeResponse* response) {
  return AnswerOnLoop(calls_, context, response,
                      {[this] { return View().DescribeNode(); }});
}

grpc::ServerUnaryReactor* StatusService::ListServices(
    grpc::CallbackServerContext* context,
    const status::v1::ListServicesRequest* request,
    status::v1::ListServicesResponse* response) {
  return AnswerOnLoop(calls_, context, response, {[this, request] {
                        return View().ListServices(*request);
                      }});
}

grpc::ServerUnaryReactor* StatusService::ListPools(
    grpc::CallbackServerContext* context,
    const status::v1::ListPoolsRequest* request,
    status::v1::ListPoolsResponse* response) {
  return AnswerOnLoop(calls_, context, response,
                      {[this, request] { return View().ListPools(*request); }});
}

grpc::ServerUnaryReactor* StatusService::ListMembers(
    grpc::CallbackServerContext* context,
    const status::v1::ListMembersRequest* request,
    status::v1::ListMembersResponse* response) {
  return AnswerOnLoop(calls_, context, response, {[this, request] {
                        return View().ListMembers(*request);
                      }});
}

grpc::ServerUnaryReactor* StatusService::ListInterfaces(
    grpc::CallbackServerContext* context,
    const status::v1::ListInterfacesRequest* request,
    status::v1::ListInterfacesResponse* response) {
  return AnswerOnLoop(calls_, context, response, {[this, request] {
                        return View().ListInterfaces(*request);
                      }});
}

grpc::ServerUnaryReactor* StatusService::ListAnnouncements(
    grpc::CallbackServerContext* context,
    const status::v1::ListAnnouncementsRequest* request,
    status::v1::ListAnnouncementsResponse* response) {
  return AnswerOnLoop(calls_, context, response, {[this, request] {
                        return View().ListAnnouncements(*request);
                      }});
}

grpc::ServerUnaryReactor* StatusService::ListPeers(
    grpc::CallbackServerContext* context,
    const status::v1::ListPeersRequest* request,
    status::v1::ListPeersResponse* response) {
  return AnswerOnLoop(calls_, context, response,
                      {[this, request] { return View().ListPeers(*request); }});
}

grpc::ServerUnaryReactor* StatusService::ListRoutes(
    grpc::CallbackServerContext* context,
    const status::v1::ListRoutesRequest* request,
    status::v1::ListRoutesResponse* response) {
  return AnswerOnLoop(calls_, context, response, {[this, request] {
                        return View().ListRoutes(*request);
                      }});
}

grpc::ServerUnaryReactor* StatusService::ListBfdSessions(
    grpc::CallbackServerContext* context,
    const status::v1::ListBfdSessionsRequest* request,
    status::v1::ListBfdSessionsResponse* response) {
  return AnswerOnLoop(calls_, context, response, {[this, request] {
                        return View().ListBfdSessions(*request);
                      }});
}

grpc::ServerUnaryReactor* StatusService::ListProblems(
    grpc::CallbackServerContext* context,
    const status::v1::ListProblemsRequest* request,
    status::v1::ListProblemsResponse* response) {
  return AnswerOnLoop(calls_, context, response, {[this, request] {
                        return View().ListProblems(*request);
                      }});
}

grpc::ServerUnaryReactor* StatusService::Explain(
    grpc::CallbackServerContext* context,
    const status::v1::ExplainRequest* request,
    status::v1::ExplainResponse* response) {
  return AnswerOnLoop(calls_, context, response, {[this, request] {
                        return View().Explain(request->service());
                      }});
}

grpc::ServerUnaryReactor* StatusService::WhatIf(
    grpc::CallbackServerContext* context,
    const status::v1::WhatIfRequest* request,
    status::v1::WhatIfResponse* response) {
  return RunOnLoop(calls_, context, [this, request, response](auto* reactor) {
    AskWhatIf(*request, response, reactor);
  });
}

void StatusService::AskWhatIf(const status::v1::WhatIfRequest& request,
                              status::v1::WhatIfResponse* response,
                              LoopReactor* reactor) {
  const io::TurnCause cause(calls_->loop(), "answers WhatIf");
  const absl::Status room = calls_->CheckUnread();
  if (!room.ok()) return reactor->Finish(ToGrpc(room));
  if (what_ifs_->busy()) {
    return reactor->Finish({grpc::StatusCode::RESOURCE_EXHAUSTED,
                            "another what-if is under way, want one at a "
                            "time"});
  }
  auto question = View().WhatIf(request);
  if (!question.ok()) return reactor->Finish(ToGrpc(question.status()));
  auto status = std::make_shared<grpc::Status>();
  what_ifs_->Start(
      [=, question = *std::move(question)]() mutable {
        auto answer = question();
        *status = ToGrpc(answer.status());
        if (answer.ok()) *response = *std::move(answer);
      },
      [=] {
        if (status->ok()) reactor->OnAnswer(response->ByteSizeLong());
        reactor->Finish(*status);
      });
}

grpc::ServerWriteReactor<status::v1::WatchResponse>* StatusService::Watch(
    grpc::CallbackServerContext*, const status::v1::WatchRequest* request) {
  return Watcher<StateSource>::Start(calls_, &watchers_, [=, this] {
    return StateSource(view_node_, log_, &node_, *request);
  });
}

grpc::ServerWriteReactor<status::v1::Event>* StatusService::WatchEvents(
    grpc::CallbackServerContext*,
    const status::v1::WatchEventsRequest* request) {
  return Watcher<EventSource>::Start(
      calls_, &watchers_, [=, this] { return EventSource(log_, *request); });
}

}  // namespace lb

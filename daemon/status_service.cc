#include "daemon/status_service.h"

#include <utility>
#include <vector>

#include "daemon/event_proto.h"

namespace lb {
// One WatchEvents call. Its state belongs to the loop's thread; gRPC's
// callbacks post there. It dies after OnDone.
class StatusService::Watcher final
    : public grpc::ServerWriteReactor<status::v1::Event> {
 public:
  Watcher(StatusService* service, const status::v1::WatchEventsRequest& request)
      : service_(service),
        sequence_(request.after_sequence()),
        follow_(request.follow()) {}

  void Start() {
    if (service_->watchers_.size() > kWatchersMax) {
      return Close(grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED,
                                "too many calls watch events already"));
    }
    WriteNext();
  }

  // Writes the next event, if there is one and no write is under way.
  void WriteNext() {
    if (writing_ || closed_) return;
    std::vector<Event> events = service_->log_->Since(sequence_);
    if (events.empty()) {
      if (!follow_) Close(grpc::Status::OK);
      return;
    }
    sequence_ = events.front().sequence;
    event_ = ToProto(events.front());
    writing_ = true;
    StartWrite(&event_);
  }

  void OnWriteDone(bool ok) override {
    service_->loop_->Post([this, ok] {
      writing_ = false;
      if (ok) {
        WriteNext();
      } else {
        Close(grpc::Status(grpc::StatusCode::CANCELLED, "the caller left"));
      }
    });
  }

  void OnCancel() override {
    service_->loop_->Post([this] {
      Close(grpc::Status(grpc::StatusCode::CANCELLED, "cancelled"));
    });
  }

  void OnDone() override {
    service_->loop_->Post([this] {
      service_->watchers_.erase(this);
      delete this;
    });
  }

 private:
  void Close(const grpc::Status& status) {
    if (closed_) return;
    closed_ = true;
    Finish(status);
  }

  StatusService* service_;
  uint64_t sequence_;  // Of the last event written.
  const bool follow_;
  bool writing_ = false;
  bool closed_ = false;
  status::v1::Event event_;  // Must live until it is written.
};

StatusService::~StatusService() {
  // The loop stopped before it came to their end.
  for (Watcher* watcher : watchers_) delete watcher;
}

void StatusService::OnEvent() {
  for (Watcher* watcher : watchers_) watcher->WriteNext();
}

grpc::ServerUnaryReactor* StatusService::AnswerOnLoop(
    grpc::CallbackServerContext* context, std::function<void()> fill) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  loop_->Post([fill = std::move(fill), reactor] {
    fill();
    reactor->Finish(grpc::Status::OK);
  });
  return reactor;
}

grpc::ServerUnaryReactor* StatusService::GetNode(
    grpc::CallbackServerContext* context, const status::v1::GetNodeRequest*,
    status::v1::GetNodeResponse* response) {
  return AnswerOnLoop(context,
                      [=, this] { *response = agent_->DescribeNode(); });
}

grpc::ServerUnaryReactor* StatusService::ListServices(
    grpc::CallbackServerContext* context,
    const status::v1::ListServicesRequest*,
    status::v1::ListServicesResponse* response) {
  return AnswerOnLoop(context,
                      [=, this] { *response = agent_->DescribeServices(); });
}

grpc::ServerUnaryReactor* StatusService::ListPools(
    grpc::CallbackServerContext* context, const status::v1::ListPoolsRequest*,
    status::v1::ListPoolsResponse* response) {
  return AnswerOnLoop(context,
                      [=, this] { *response = agent_->DescribePools(); });
}

grpc::ServerUnaryReactor* StatusService::ListMembers(
    grpc::CallbackServerContext* context, const status::v1::ListMembersRequest*,
    status::v1::ListMembersResponse* response) {
  return AnswerOnLoop(context,
                      [=, this] { *response = agent_->DescribeMembers(); });
}

grpc::ServerWriteReactor<status::v1::Event>* StatusService::WatchEvents(
    grpc::CallbackServerContext*,
    const status::v1::WatchEventsRequest* request) {
  auto* watcher = new Watcher(this, *request);
  loop_->Post([this, watcher] {
    watchers_.insert(watcher);
    watcher->Start();
  });
  return watcher;
}

}  // namespace lb

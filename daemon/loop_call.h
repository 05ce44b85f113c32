// Answers calls of gRPC on the loop's thread.
//
// gRPC's threads only post to the loop, so that state has one thread. The loop
// runs until the server has shut down, and outlives it.
#ifndef LB_DAEMON_LOOP_CALL_H_
#define LB_DAEMON_LOOP_CALL_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "daemon/loop_calls.h"
#include "grpcpp/grpcpp.h"
#include "lb/io/turn_cause.h"

namespace lb {

// The codes of both have the same numbers.
inline grpc::Status ToGrpc(const absl::Status& status) {
  return {static_cast<grpc::StatusCode>(status.code()),
          std::string(status.message())};
}

// A reactor that counts its answer until the caller has read it. It ends by
// itself.
class LoopReactor : public grpc::ServerUnaryReactor {
 public:
  explicit LoopReactor(LoopCalls* calls) : calls_(calls) {}

  // Before Finish().
  void OnAnswer(size_t bytes) {
    unread_bytes_ = bytes;
    calls_->AddUnread(bytes);
  }
  void OnDone() override {
    calls_->SubtractUnread(unread_bytes_);
    delete this;
  }

 private:
  LoopCalls* const calls_;
  size_t unread_bytes_ = 0;
};

// Runs `answer` on the loop's thread. `answer` finishes the call, now or later.
// If too many calls wait, finishes the call with that error.
inline grpc::ServerUnaryReactor* RunOnLoop(
    LoopCalls* calls, grpc::CallbackServerContext*,
    absl::AnyInvocable<void(LoopReactor*)> answer) {
  auto* const reactor = new LoopReactor(calls);
  const absl::Status posted = calls->Post(
      [reactor, answer = std::move(answer)]() mutable { answer(reactor); });
  if (!posted.ok()) reactor->Finish(ToGrpc(posted));
  return reactor;
}

// "answers GetNode" for GetNodeResponse.
template <typename Response>
std::string_view CauseOf() {
  static const auto& cause = *new std::string(absl::StrCat(
      "answers ",
      absl::StripSuffix(Response::descriptor()->name(), "Response")));
  return cause;
}

// Ends the call with the result of `ask`, which runs on the loop's thread.
template <typename Response>
grpc::ServerUnaryReactor* AnswerOnLoop(
    LoopCalls* calls, grpc::CallbackServerContext* context, Response* response,
    absl::AnyInvocable<absl::StatusOr<Response>()> ask) {
  return RunOnLoop(
      calls, context,
      [calls, response, ask = std::move(ask)](LoopReactor* reactor) mutable {
        const io::TurnCause cause(calls->loop(), CauseOf<Response>());
        const absl::Status room = calls->CheckUnread();
        absl::StatusOr<Response> answer = room.ok() ? ask() : room;
        const grpc::Status status = ToGrpc(answer.status());
        if (answer.ok()) {
          *response = *std::move(answer);
          reactor->OnAnswer(response->ByteSizeLong());
        }
        reactor->Finish(status);
      });
}

}  // namespace lb

#endif  // LB_DAEMON_LOOP_CALL_H_

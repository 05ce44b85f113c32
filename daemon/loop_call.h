// Calls of gRPC that are answered on the loop's thread.
//
// gRPC's threads only post to the loop, so that state has one thread. The loop
// runs until the server has shut down, and outlives it.
#ifndef LB_DAEMON_LOOP_CALL_H_
#define LB_DAEMON_LOOP_CALL_H_

#include <string>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/loop_calls.h"
#include "grpcpp/grpcpp.h"

namespace lb {

// The codes of both have the same numbers.
inline grpc::Status ToGrpc(const absl::Status& status) {
  return {static_cast<grpc::StatusCode>(status.code()),
          std::string(status.message())};
}

// Runs `answer` on the loop's thread: it finishes the call, or sees to it.
// Finishes it with the error if too many wait.
inline grpc::ServerUnaryReactor* RunOnLoop(
    LoopCalls* calls, grpc::CallbackServerContext* context,
    absl::AnyInvocable<void(grpc::ServerUnaryReactor*)> answer) {
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  const absl::Status posted = calls->Post(
      [reactor, answer = std::move(answer)]() mutable { answer(reactor); });
  if (!posted.ok()) reactor->Finish(ToGrpc(posted));
  return reactor;
}

// Ends the call with what `ask` gives on the loop's thread.
template <typename Response>
grpc::ServerUnaryReactor* AnswerOnLoop(
    LoopCalls* calls, grpc::CallbackServerContext* context, Response* response,
    absl::AnyInvocable<absl::StatusOr<Response>()> ask) {
  return RunOnLoop(calls, context,
                   [response, ask = std::move(ask)](auto* reactor) mutable {
                     absl::StatusOr<Response> answer = ask();
                     const grpc::Status status = ToGrpc(answer.status());
                     if (answer.ok()) *response = *std::move(answer);
                     reactor->Finish(status);
                   });
}

}  // namespace lb

#endif  // LB_DAEMON_LOOP_CALL_H_

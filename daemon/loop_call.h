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
#include "grpcpp/grpcpp.h"
#include "lb/io/loop.h"

namespace lb {

// The codes of both have the same numbers.
inline grpc::Status ToGrpc(const absl::Status& status) {
  return {static_cast<grpc::StatusCode>(status.code()),
          std::string(status.message())};
}

// Ends the call with what `ask` gives on the loop's thread.
template <typename Response>
grpc::ServerUnaryReactor* AnswerOnLoop(
    io::Loop* loop, grpc::CallbackServerContext* context, Response* response,
    absl::AnyInvocable<absl::StatusOr<Response>()> ask) {
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  loop->Post([=, ask = std::move(ask)]() mutable {
    absl::StatusOr<Response> answer = ask();
    const grpc::Status status = ToGrpc(answer.status());
    if (answer.ok()) *response = *std::move(answer);
    reactor->Finish(status);
  });
  return reactor;
}

}  // namespace lb

#endif  // LB_DAEMON_LOOP_CALL_H_

// Opens many Watch calls to one lbd and reads what they send.
//
//   watch_many SERVER CALLS SECONDS
//
// Prints "watching" when each call has had the whole state, and at the end how
// many changes came in all: "CHANGES changes". Fails if a call ended early.
// For tests/netns/watchers.sh.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

#include "fmt/core.h"
#include "grpcpp/grpcpp.h"
#include "lb/status/v1/status.grpc.pb.h"

namespace lb::netns {
namespace {

using status::v1::WatchResponse;

struct Call {
  grpc::ClientContext context;
  std::unique_ptr<grpc::ClientAsyncReader<WatchResponse>> reader;
  WatchResponse response;
  grpc::Status status;
  bool started = false;
  bool ended = false;
};

class Watchers {
 public:
  Watchers(const char* server, int calls, int seconds)
      : stub_(status::v1::Status::NewStub(
            grpc::CreateChannel(server, grpc::InsecureChannelCredentials()))),
        calls_(calls) {
    const auto end =
        std::chrono::system_clock::now() + std::chrono::seconds(seconds);
    for (Call& call : calls_) {
      call.context.set_deadline(end);
      call.reader = stub_->AsyncWatch(&call.context, {}, &queue_, &call);
    }
  }

  // True: all were open until their time was over.
  bool Run() {
    size_t ended = 0;
    bool all_well = true;
    void* tag = nullptr;
    bool ok = false;
    while (ended < calls_.size() && queue_.Next(&tag, &ok)) {
      Call& call = *static_cast<Call*>(tag);
      if (call.ended) {
        ++ended;
        all_well &=
            call.status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED;
      } else if (!ok) {
        call.ended = true;
        call.reader->Finish(&call.status, &call);
      } else {
        if (call.started) Count(call.response);
        call.started = true;
        call.reader->Read(&call.response, &call);
      }
    }
    fmt::print("{} changes\n", changes_);
    return all_well && complete_ == calls_.size();
  }

 private:
  void Count(const WatchResponse& response) {
    if (response.has_event()) ++changes_;
    if (response.complete() && ++complete_ == calls_.size()) {
      fmt::print("watching\n");
      std::fflush(stdout);
    }
  }

  const std::unique_ptr<status::v1::Status::Stub> stub_;
  grpc::CompletionQueue queue_;
  std::vector<Call> calls_;
  uint64_t complete_ = 0;
  uint64_t changes_ = 0;
};

}  // namespace
}  // namespace lb::netns

int main(int argc, char** argv) {
  if (argc != 4) {
    fmt::print(stderr, "usage: watch_many SERVER CALLS SECONDS\n");
    return 2;
  }
  lb::netns::Watchers watchers(argv[1], std::atoi(argv[2]), std::atoi(argv[3]));
  return watchers.Run() ? 0 : 1;
}

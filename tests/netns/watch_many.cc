// Opens many Watch calls to one lbd and reads what they send.
//
//   watch_many SERVER CALLS
//
// Prints "watching" when each call has had the whole state; SIGTERM ends it,
// then it says how many changes came in all: "CHANGES changes". Fails if a call
// ended early.
// For tests/netns/watchers.sh.
#include <signal.h>

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

volatile sig_atomic_t stopped = 0;

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
  Watchers(const char* server, int calls)
      : stub_(status::v1::Status::NewStub(
            grpc::CreateChannel(server, grpc::InsecureChannelCredentials()))),
        calls_(calls) {
    for (Call& call : calls_) {
      call.reader = stub_->AsyncWatch(&call.context, {}, &queue_, &call);
    }
  }

  // Until SIGTERM. True: all calls were open until then.
  bool Run() {
    bool all_well = true;
    size_t ended = 0;
    while (ended < calls_.size()) {
      void* tag = nullptr;
      bool ok = false;
      const auto soon =
          std::chrono::system_clock::now() + std::chrono::milliseconds(100);
      const auto next = queue_.AsyncNext(&tag, &ok, soon);
      if (stopped) {
        for (Call& call : calls_) call.context.TryCancel();
      }
      if (next != grpc::CompletionQueue::GOT_EVENT) continue;
      Call& call = *static_cast<Call*>(tag);
      all_well &= ok || stopped;
      ended += call.ended;
      if (!call.ended) Handle(call, ok);
    }
    fmt::print("{} changes\n", changes_);
    return all_well && complete_ == calls_.size();
  }

 private:
  void Handle(Call& call, bool ok) {
    if (!ok) {
      call.ended = true;
      call.reader->Finish(&call.status, &call);
      return;
    }
    if (call.started) Count(call.response);
    call.started = true;
    call.reader->Read(&call.response, &call);
  }

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
  if (argc != 3) {
    fmt::print(stderr, "usage: watch_many SERVER CALLS\n");
    return 2;
  }
  signal(SIGTERM, [](int) { lb::netns::stopped = 1; });
  return lb::netns::Watchers(argv[1], std::atoi(argv[2])).Run() ? 0 : 1;
}

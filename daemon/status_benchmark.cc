// Measures the cost of the status service with 10,000 services: how long lists
// take, and how long the loop is busy while many callers watch.
//
//   bazel run -c opt //daemon:status_benchmark
#include <stdlib.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "daemon/agent/agent.h"
#include "daemon/loop_calls.h"
#include "daemon/metrics/agent_metrics.h"
#include "daemon/status_server.h"
#include "daemon/status_service.h"
#include "daemon/testing/many_services.h"
#include "fmt/format.h"
#include "grpcpp/grpcpp.h"
#include "lb/base/check.h"
#include "lb/config/manifests.h"
#include "lb/io/posix/background_task.h"
#include "lb/io/posix/posix_environment.h"
#include "lb/status/v1/status.grpc.pb.h"

namespace lb {
namespace {

constexpr int kServices = 10'000;
constexpr int kWatchers = 100;
constexpr int kRounds = 21;

// A node with its status service, on a thread of its own.
class Node {
 public:
  Node() {
    LB_CHECK(mkdtemp(folder_.data()) != nullptr);
    world_ = *io::PosixEnvironment::Create(
        {.gossip = {*net::ParseIpAddress("127.0.0.1"), 0},
         .state_folder = folder_ + "/state"});
    AgentOptions options;
    options.node = "n1";
    options.advertise = world_->environment().datagrams->local();
    options.interfaces.include = {"no-such-interface"};
    agent_ = *Agent::Create(options, world_->environment());
    calls_ = std::make_unique<LoopCalls>(world_->loop());
    what_ifs_ = std::make_unique<io::BackgroundTask>(world_->loop());
    service_ = std::make_unique<StatusService>(
        calls_.get(), what_ifs_.get(), [this] { return agent_->View(); },
        world_->environment().log);
    world_->environment().log->SetObserver(
        [this](const Event&) { service_->OnEvent(); });
    const std::string listen = "unix:" + folder_ + "/lbd.sock";
    server_ = *StatusServer::Start({.listen = listen}, service_.get());
    channel_ = grpc::CreateChannel(listen, grpc::InsecureChannelCredentials());
    agent_->Start();
    config::Manifests manifests;
    config::ParseManifests("m.yaml", ManyServices(kServices), {}, &manifests);
    agent_->SetDesired(config::BuildDesired(manifests, {}));
    LB_CHECK(world_->loop()->RunUntil(
        [&] { return agent_->View().placement().size() == kServices; },
        absl::Seconds(60)));
    thread_ = std::thread([this] { world_->Run(); });
  }
  ~Node() {
    server_->Shutdown();
    world_->Stop();
    thread_.join();
    std::filesystem::remove_all(folder_);
  }

  std::unique_ptr<status::v1::Status::Stub> NewStub() {
    return status::v1::Status::NewStub(channel_);
  }
  void Post(absl::AnyInvocable<void()> task) {
    world_->loop()->Post(std::move(task));
  }
  void CollectMetrics() {
    std::promise<void> done;
    Post([&] {
      metrics::CollectMetrics(agent_->View());
      done.set_value();
    });
    done.get_future().wait();
  }
  void RecordEvent() {
    Post([this] {
      world_->environment().log->Record(
          {.reason = "Bench",
           .object = {EventObject::kService, "default/service-7"}});
    });
  }

 private:
  std::string folder_ = "/tmp/lbd-bench.XXXXXX";
  std::unique_ptr<io::PosixEnvironment> world_;
  std::unique_ptr<Agent> agent_;
  std::unique_ptr<LoopCalls> calls_;
  std::unique_ptr<io::BackgroundTask> what_ifs_;
  std::unique_ptr<StatusService> service_;
  std::unique_ptr<StatusServer> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::thread thread_;
};

absl::Duration Measure(const std::function<void()>& task) {
  const absl::Time begin = absl::Now();
  task();
  return absl::Now() - begin;
}

void PrintQuantiles(const std::string& what, std::vector<absl::Duration> all) {
  std::sort(all.begin(), all.end());
  const auto milliseconds = [&](double share) {
    return absl::ToDoubleMilliseconds(
        all[static_cast<size_t>(share * (all.size() - 1))]);
  };
  fmt::print("{:<44} median {:8.3f} ms  99% {:8.3f} ms  max {:8.3f} ms\n", what,
             milliseconds(0.5), milliseconds(0.99), milliseconds(1));
}

void ListAll(status::v1::Status::Stub& stub, int page_size) {
  status::v1::ListServicesRequest request;
  request.set_page_size(page_size);
  int count = 0;
  do {
    grpc::ClientContext context;
    status::v1::ListServicesResponse page;
    LB_CHECK(stub.ListServices(&context, request, &page).ok());
    count += page.services_size();
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  LB_CHECK(count == kServices);
}

template <typename Call>
void PrintCalls(const std::string& what, Call call) {
  std::vector<absl::Duration> times;
  for (int i = 0; i < kRounds; ++i) times.push_back(Measure(call));
  PrintQuantiles(what, std::move(times));
}

// How long a task waits for the loop, as an ARP request would.
std::vector<absl::Duration> LoopLatencies(Node& node, int events) {
  std::vector<absl::Duration> times;
  for (int i = 0; i < 2000; ++i) {
    if (i < events) node.RecordEvent();
    times.push_back(Measure([&] {
      std::promise<void> done;
      node.Post([&] { done.set_value(); });
      done.get_future().wait();
    }));
  }
  return times;
}

// The same while another thread calls again and again.
template <typename Call>
void PrintLatenciesBeside(Node& node, const std::string& what, Call call) {
  std::atomic<bool> stopped = false;
  std::thread caller([&] {
    while (!stopped) call();
  });
  PrintQuantiles("loop, " + what, LoopLatencies(node, 0));
  stopped = true;
  caller.join();
}

void MeasureCallers(Node& node) {
  const auto stub = node.NewStub();
  PrintLatenciesBeside(node, "lists of 10000 services",
                       [&] { ListAll(*stub, 10'000); });
  status::v1::WhatIfRequest largest;
  for (size_t i = 0; i < StatusView::kWhatIfRanksMax / kServices; ++i) {
    largest.add_with(fmt::format("node-{}", i));
  }
  PrintLatenciesBeside(node, "the largest what-ifs", [&] {
    grpc::ClientContext context;
    status::v1::WhatIfResponse response;
    LB_CHECK(stub->WhatIf(&context, largest, &response).ok());
  });
}

void MeasureWatchers(Node& node) {
  const auto stub = node.NewStub();
  PrintQuantiles("loop, idle", LoopLatencies(node, 0));
  std::vector<std::unique_ptr<grpc::ClientContext>> contexts;
  std::vector<std::thread> readers;
  std::atomic<int> complete = 0;
  for (int i = 0; i < kWatchers; ++i) {
    contexts.push_back(std::make_unique<grpc::ClientContext>());
    readers.emplace_back([&, context = contexts.back().get()] {
      const auto reader = stub->Watch(context, {});
      status::v1::WatchResponse response;
      while (reader->Read(&response)) complete += response.complete() ? 1 : 0;
    });
  }
  std::vector<absl::Duration> starting;
  while (complete < kWatchers) {
    for (const absl::Duration time : LoopLatencies(node, 0)) {
      starting.push_back(time);
    }
  }
  PrintQuantiles(fmt::format("loop, {} watchers read the state", kWatchers),
                 std::move(starting));
  PrintQuantiles(fmt::format("loop, {} watchers, 2000 events", kWatchers),
                 LoopLatencies(node, 2000));
  for (const auto& context : contexts) context->TryCancel();
  for (std::thread& reader : readers) reader.join();
}

void Main() {
  Node node;
  const auto stub = node.NewStub();
  PrintCalls("ListServices, 10000 services, 1 page",
             [&] { ListAll(*stub, 10'000); });
  PrintCalls("ListServices, 10000 services, 10 pages",
             [&] { ListAll(*stub, 1000); });
  PrintCalls("GetNode", [&] {
    grpc::ClientContext context;
    status::v1::GetNodeResponse response;
    LB_CHECK(stub->GetNode(&context, {}, &response).ok());
  });
  PrintCalls("ListPools with holders", [&] {
    grpc::ClientContext context;
    status::v1::ListPoolsRequest request;
    request.set_holders(true);
    status::v1::ListPoolsResponse response;
    LB_CHECK(stub->ListPools(&context, request, &response).ok());
  });
  PrintCalls("metrics, on the loop", [&] { node.CollectMetrics(); });
  MeasureCallers(node);
  MeasureWatchers(node);
}

}  // namespace
}  // namespace lb

int main() { lb::Main(); }

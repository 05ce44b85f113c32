// Watch over a real unix socket: the state, then its changes.
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "daemon/testing/status_service_test.h"
#include "daemon/watcher.h"
#include "gmock/gmock.h"
#include "grpcpp/grpcpp.h"
#include "gtest/gtest.h"
#include "lb/base/event_log.h"
#include "lb/status/v1/status.grpc.pb.h"

namespace lb {
namespace {

using Stub = status::v1::Status::Stub;

class StatusWatchTest : public StatusServiceTest {
 protected:
  std::unique_ptr<Stub> NewConnection() {
    grpc::ChannelArguments alone;
    alone.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    return status::v1::Status::NewStub(grpc::CreateCustomChannel(
        listen_, grpc::InsecureChannelCredentials(), alone));
  }
};

// The state that a caller of Watch knows.
struct Known {
  void Take(const status::v1::WatchResponse& response) {
    if (response.reset()) *this = {};
    resets += response.reset() ? 1 : 0;
    sequence = response.sequence();
    for (const auto& service : response.services()) {
      services[service.name()] = service;
    }
    for (const auto& name : response.services_removed()) services.erase(name);
    for (const auto& pool : response.pools()) pools[pool.name()] = pool;
    for (const auto& member : response.members()) {
      members[member.name()] = member;
    }
    if (response.has_node()) node = response.node();
  }

  int resets = 0;
  uint64_t sequence = 0;
  status::v1::GetNodeResponse node;
  std::map<std::string, status::v1::Service> services;
  std::map<std::string, status::v1::Pool> pools;
  std::map<std::string, status::v1::Member> members;
};

TEST_F(StatusWatchTest, AWatcherKnowsTheStateAndItsChanges) {
  grpc::ClientContext context;
  const auto reader = stub_->Watch(&context, {});
  status::v1::WatchResponse response;
  Known known;
  while (!response.complete()) {
    ASSERT_TRUE(reader->Read(&response));
    EXPECT_FALSE(response.has_event());
    known.Take(response);
  }
  EXPECT_EQ(known.resets, 1);
  EXPECT_EQ(known.node.name(), "n1");
  EXPECT_EQ(known.pools.size(), 1u);
  EXPECT_EQ(known.members.size(), 1u);
  EXPECT_EQ(known.services.at("default/web").announcers(0).node(), "n1");
  EXPECT_TRUE(known.services.at("default/web").announcers(0).has_since());

  SetManifests(kPoolYaml + ServiceYaml("default", "new"));
  while (known.services.contains("default/web") ||
         known.services["default/new"].announcers().empty()) {
    ASSERT_TRUE(reader->Read(&response));
    EXPECT_EQ(response.event().sequence(), known.sequence + 1);
    known.Take(response);
  }
  OnLoop([this] {
    world_->environment().log->Record(
        {.reason = "Odd", .object = {EventObject::kNode, "n1"}});
  });
  while (response.event().reason() != "Odd") {
    ASSERT_TRUE(reader->Read(&response));
    known.Take(response);
  }
  EXPECT_EQ(known.node.problems_size(), 0);  // The bad pool is gone.

  SetManifests(std::string(kPoolYaml) + R"(---
apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata: {name: second}
spec: {addresses: [172.18.8.210/32]}
)");
  while (response.event().reason() != "PoolsChanged") {
    ASSERT_TRUE(reader->Read(&response));
    known.Take(response);
  }
  EXPECT_TRUE(known.pools.contains("second"));
  context.TryCancel();
}

TEST_F(StatusWatchTest, AWatcherGoesOnWhereItWas) {
  Known known;
  {
    grpc::ClientContext context;
    const auto reader = stub_->Watch(&context, {});
    status::v1::WatchResponse response;
    while (!response.complete()) {
      ASSERT_TRUE(reader->Read(&response));
      known.Take(response);
    }
    context.TryCancel();
  }
  SetManifests(kPoolYaml + ServiceYaml("default", "new"));
  WaitForAddresses(1);
  status::v1::WatchRequest request;
  request.set_after_sequence(known.sequence);
  *request.mutable_started_at() = known.node.started_at();
  grpc::ClientContext context;
  const auto reader = stub_->Watch(&context, request);
  status::v1::WatchResponse response;
  while (known.services["default/new"].announcers().empty()) {
    ASSERT_TRUE(reader->Read(&response));
    EXPECT_EQ(response.sequence(), known.sequence + 1);
    known.Take(response);
  }
  EXPECT_EQ(known.resets, 1);
  EXPECT_FALSE(known.services.contains("default/web"));
  context.TryCancel();
}

TEST_F(StatusWatchTest, AWatcherThatMissedSomethingGetsTheWholeState) {
  OnLoop([this] {
    for (int i = 0; i < 5000; ++i) {  // More than are kept.
      world_->environment().log->Record({.reason = "Odd"});
    }
  });
  status::v1::WatchRequest missed, other_run, future;
  missed.set_after_sequence(1);
  other_run.set_after_sequence(5000);
  other_run.mutable_started_at()->set_seconds(1);
  future.set_after_sequence(~uint64_t{0});
  for (const auto& request : {missed, other_run, future}) {
    grpc::ClientContext context;
    const auto reader = stub_->Watch(&context, request);
    status::v1::WatchResponse response;
    ASSERT_TRUE(reader->Read(&response));
    EXPECT_TRUE(response.reset());
    context.TryCancel();
  }
}

TEST_F(StatusWatchTest, RefusesTooManyWatchers) {
  constexpr size_t kOfOneConnection = 64;
  std::vector<std::unique_ptr<Stub>> stubs;
  std::vector<std::unique_ptr<grpc::ClientContext>> contexts;
  std::vector<std::unique_ptr<grpc::ClientReader<status::v1::Event>>> readers;
  status::v1::WatchEventsRequest request;
  request.set_follow(true);
  status::v1::Event event;
  for (size_t i = 0; i < Watchers::kMax; ++i) {
    if (i % kOfOneConnection == 0) stubs.push_back(NewConnection());
    contexts.push_back(std::make_unique<grpc::ClientContext>());
    readers.push_back(
        stubs.back()->WatchEvents(contexts.back().get(), request));
    ASSERT_TRUE(readers.back()->Read(&event));
  }
  grpc::ClientContext context;
  const auto reader = stub_->Watch(&context, {});
  status::v1::WatchResponse response;
  EXPECT_FALSE(reader->Read(&response));
  EXPECT_EQ(reader->Finish().error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
  for (const auto& other : contexts) other->TryCancel();
}

}  // namespace
}  // namespace lb

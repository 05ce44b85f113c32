// The status service over a real unix socket, in front of a real agent that
// announces on no interface.
#include "daemon/status_service.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "daemon/testing/node_test.h"
#include "gmock/gmock.h"
#include "grpcpp/generic/generic_stub.h"
#include "grpcpp/grpcpp.h"
#include "gtest/gtest.h"
#include "lb/status/v1/status.grpc.pb.h"

namespace lb {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Stub = status::v1::Status::Stub;

using StatusServiceTest = NodeTest;

TEST_F(StatusServiceTest, DescribesNodeServicesPoolsAndMembers) {
  status::v1::GetNodeResponse node;
  {
    grpc::ClientContext context;
    ASSERT_TRUE(stub_->GetNode(&context, {}, &node).ok());
  }
  EXPECT_EQ(node.name(), "n1");
  EXPECT_TRUE(node.ready());
  EXPECT_EQ(node.ledger_author(), "n1");
  ASSERT_EQ(node.problems_size(), 2);
  EXPECT_THAT(node.problems(0).text(),
              HasSubstr("IPAddressPool/bad: spec.addresses[0]: "
                        "\"10.0.0.0/33\": prefix length 33, want 0..32"));
  EXPECT_THAT(node.problems(1).text(), HasSubstr("interfaces: none is usable"));

  status::v1::ListServicesResponse services;
  {
    grpc::ClientContext context;
    ASSERT_TRUE(stub_->ListServices(&context, {}, &services).ok());
  }
  ASSERT_EQ(services.services_size(), 1);
  EXPECT_EQ(services.services(0).name(), "default/web");
  ASSERT_EQ(services.services(0).addresses_size(), 1);
  EXPECT_EQ(services.services(0).addresses(0), "172.18.8.201");
  EXPECT_EQ(services.services(0).pool(), "first-pool");
  EXPECT_EQ(services.services(0).announcing_node(), "n1");

  status::v1::ListPoolsResponse pools;
  {
    grpc::ClientContext context;
    ASSERT_TRUE(stub_->ListPools(&context, {}, &pools).ok());
  }
  ASSERT_EQ(pools.pools_size(), 1);
  EXPECT_EQ(pools.pools(0).ipv4().total(), "5");
  EXPECT_EQ(pools.pools(0).ipv4().used(), "1");
  EXPECT_EQ(pools.pools(0).ipv4().free(), "4");
  EXPECT_EQ(pools.pools(0).ipv6().total(), "18446744073709551616");

  status::v1::ListMembersResponse members;
  {
    grpc::ClientContext context;
    ASSERT_TRUE(stub_->ListMembers(&context, {}, &members).ok());
  }
  ASSERT_EQ(members.members_size(), 1);
  EXPECT_EQ(members.members(0).name(), "n1");
  EXPECT_EQ(members.members(0).state(), status::v1::Member::ALIVE);
}

TEST_F(StatusServiceTest, SendsKeptEventsAndThenEnds) {
  grpc::ClientContext context;
  const auto reader = stub_->WatchEvents(&context, {});
  status::v1::Event event;
  uint64_t last = 0;
  bool allocated = false;
  while (reader->Read(&event)) {
    EXPECT_EQ(event.sequence(), ++last);
    allocated |= event.reason() == "IPAllocated";
  }
  EXPECT_TRUE(reader->Finish().ok());
  EXPECT_GT(last, 2u);
  EXPECT_TRUE(allocated);
}

TEST_F(StatusServiceTest, ANewEventReachesAFollower) {
  grpc::ClientContext context;
  status::v1::WatchEventsRequest request;
  request.set_follow(true);
  const auto reader = stub_->WatchEvents(&context, request);
  status::v1::Event event;
  ASSERT_TRUE(reader->Read(&event));  // It is being served.
  world_->loop()->Post(
      [this] { world_->environment().log->Record({.reason = "JustNow"}); });
  while (event.reason() != "JustNow") ASSERT_TRUE(reader->Read(&event));
  context.TryCancel();
  while (reader->Read(&event)) continue;
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::CANCELLED);
}

// Sends one message and returns the first that comes back, both as bytes; no
// generated code of the two standard services is needed.
std::string AskRaw(const std::shared_ptr<grpc::Channel>& channel,
                   const std::string& method, const std::string& request) {
  grpc::GenericStub stub(channel);
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  void* tag = nullptr;
  bool ok = false;
  const auto call = stub.PrepareCall(&context, method, &queue);
  call->StartCall(&tag);
  queue.Next(&tag, &ok);
  const grpc::Slice slice(request);
  call->Write(grpc::ByteBuffer(&slice, 1), &tag);
  queue.Next(&tag, &ok);
  grpc::ByteBuffer answer;
  call->Read(&answer, &tag);
  queue.Next(&tag, &ok);
  context.TryCancel();
  grpc::Status status;
  call->Finish(&status, &tag);
  queue.Next(&tag, &ok);
  std::vector<grpc::Slice> slices;
  std::string bytes;
  if (!answer.Dump(&slices).ok()) return bytes;
  for (const grpc::Slice& part : slices) {
    bytes.append(reinterpret_cast<const char*>(part.begin()), part.size());
  }
  return bytes;
}

TEST_F(StatusServiceTest, HasTheHealthServiceAndReflection) {
  // HealthCheckResponse{status: SERVING}
  EXPECT_EQ(AskRaw(channel_, "/grpc.health.v1.Health/Check", ""), "\x08\x01");
  // ServerReflectionRequest{list_services: "*"}
  EXPECT_THAT(AskRaw(channel_,
                     "/grpc.reflection.v1alpha.ServerReflection/"
                     "ServerReflectionInfo",
                     "\x3a\x01*"),
              HasSubstr("lb.status.v1.Status"));
}

// Protobuf's texts are UTF-8; a name that is none would fail the whole answer.
TEST_F(StatusServiceTest, EventsOfForeignTextArriveAsUtf8) {
  grpc::ClientContext context;
  status::v1::WatchEventsRequest request;
  request.set_follow(true);
  const auto reader = stub_->WatchEvents(&context, request);
  status::v1::Event event;
  ASSERT_TRUE(reader->Read(&event));
  world_->loop()->Post([this] {
    world_->environment().log->Record(
        {.reason = "JustNow", .object = "Member/\xff", .message = "a\nb"});
  });
  while (event.reason() != "JustNow") ASSERT_TRUE(reader->Read(&event));
  EXPECT_EQ(event.object(), "Member/\\xff");
  EXPECT_EQ(event.message(), "a\\x0ab");
  context.TryCancel();
}

}  // namespace
}  // namespace lb

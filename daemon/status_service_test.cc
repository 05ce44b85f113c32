// The status service over a real unix socket, in front of a real agent that
// announces on no interface.
#include "daemon/status_service.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "daemon/agent/agent.h"
#include "daemon/status_server.h"
#include "gmock/gmock.h"
#include "grpcpp/generic/generic_stub.h"
#include "grpcpp/grpcpp.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/config/desired.h"
#include "lb/config/manifests.h"
#include "lb/io/posix/posix_environment.h"
#include "lb/status/v1/status.grpc.pb.h"

namespace lb {
namespace {

using ::testing::HasSubstr;

constexpr char kManifests[] = R"(
apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata: {name: first-pool}
spec: {addresses: [172.18.8.201-172.18.8.205, "2001:db8::/64"]}
---
apiVersion: metallb.io/v1beta1
kind: L2Advertisement
metadata: {name: all}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {type: LoadBalancer, ports: [{port: 80}]}
---
apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata: {name: bad}
spec: {addresses: [10.0.0.0/33]}
)";

class StatusServiceTest : public testing::Test {
 protected:
  void SetUp() override {
    // Short: the path of a unix socket has 107 bytes at the most.
    folder_ = "/tmp/lbd-test.XXXXXX";
    ASSERT_NE(mkdtemp(folder_.data()), nullptr);
    auto world = io::PosixEnvironment::Create(
        {.gossip = {*net::ParseIpAddress("127.0.0.1"), 0},
         .state_folder = folder_ + "/state"});
    ASSERT_THAT(world, IsOk());
    world_ = *std::move(world);
    const io::Environment& environment = world_->environment();
    environment.log->SetObserver([this](const Event&) {
      if (service_ != nullptr) service_->OnEvent();
    });
    AgentOptions options;
    options.node = "n1";
    options.advertise = environment.datagrams->local();
    options.interfaces.include = {"no-such-interface"};
    auto agent = Agent::Create(options, environment);
    ASSERT_THAT(agent, IsOk());
    agent_ = *std::move(agent);
    service_ = std::make_unique<StatusService>(world_->loop(), agent_.get(),
                                               environment.log);
    const std::string listen = "unix:" + folder_ + "/lbd.sock";
    auto server = StatusServer::Start(listen, service_.get());
    ASSERT_THAT(server, IsOk());
    server_ = *std::move(server);
    channel_ = grpc::CreateChannel(listen, grpc::InsecureChannelCredentials());
    stub_ = status::v1::Status::NewStub(channel_);
    agent_->Start();
    config::Manifests manifests;
    config::ParseManifests("test.yaml", kManifests, {}, &manifests);
    agent_->SetDesired(config::BuildDesired(manifests, {}));
    // On this thread, as the loop does not run yet.
    world_->loop()->RunUntil(
        [&] {
          return !agent_->address_entries().empty() &&
                 !agent_->address_entries()
                      .begin()
                      ->second.assignment.addresses.empty();
        },
        absl::Seconds(10));
    thread_ = std::thread([this] { world_->Run(); });
  }

  void TearDown() override {
    if (server_ != nullptr) server_->Shutdown();
    world_->Stop();
    if (thread_.joinable()) thread_.join();
    std::filesystem::remove_all(folder_);
  }

  std::string folder_;
  std::unique_ptr<io::PosixEnvironment> world_;
  std::unique_ptr<Agent> agent_;
  std::unique_ptr<StatusService> service_;
  std::unique_ptr<StatusServer> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<status::v1::Status::Stub> stub_;
  std::thread thread_;
};

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

TEST_F(StatusServiceTest, RefusesToListenToOtherHosts) {
  for (const char* listen : {"0.0.0.0:50051", "10.0.0.1:50051", "host:1",
                             "127.0.0.1", "unix:", ""}) {
    EXPECT_THAT(StatusServer::Start(listen, service_.get()),
                StatusIs(absl::StatusCode::kInvalidArgument))
        << listen;
  }
}

TEST_F(StatusServiceTest, TakesNoAddressAwayFromAnotherServer) {
  EXPECT_THAT(
      StatusServer::Start("unix:" + folder_ + "/lbd.sock", service_.get()),
      StatusIs(absl::StatusCode::kUnavailable));
  status::v1::GetNodeResponse node;
  grpc::ClientContext context;
  EXPECT_TRUE(stub_->GetNode(&context, {}, &node).ok());
}

// Left by a server that was killed.
TEST_F(StatusServiceTest, ReplacesASocketThatNobodyServes) {
  const std::string path = folder_ + "/stale.sock";
  sockaddr_un address = {.sun_family = AF_UNIX};
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  const int socket_fd = socket(AF_UNIX, SOCK_STREAM, 0);
  ASSERT_EQ(bind(socket_fd, reinterpret_cast<const sockaddr*>(&address),
                 sizeof(address)),
            0);
  close(socket_fd);
  const auto server = StatusServer::Start("unix:" + path, service_.get());
  ASSERT_THAT(server, IsOk());
  EXPECT_EQ(std::filesystem::status(path).permissions() &
                std::filesystem::perms::others_all,
            std::filesystem::perms::none);
  (*server)->Shutdown();
}

TEST_F(StatusServiceTest, MakesTheFolderOfItsSocket) {
  const auto server =
      StatusServer::Start("unix:" + folder_ + "/a/b/lbd.sock", service_.get());
  ASSERT_THAT(server, IsOk());
  (*server)->Shutdown();
  EXPECT_THAT(
      StatusServer::Start("unix:/proc/none/lbd.sock", service_.get()),
      StatusIs(absl::StatusCode::kUnavailable, HasSubstr("/proc/none")));
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

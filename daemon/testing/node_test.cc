#include "daemon/testing/node_test.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <future>
#include <utility>
#include <vector>

#include "grpcpp/generic/generic_stub.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/config/manifests.h"

namespace lb {
namespace {

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

}  // namespace

std::string ServiceYaml(std::string_view name_space, std::string_view name) {
  return fmt::format(
      "---\n"
      "apiVersion: v1\n"
      "kind: Service\n"
      "metadata: {{name: {}, namespace: {}}}\n"
      "spec: {{type: LoadBalancer, ports: [{{port: 80}}]}}\n",
      name, name_space);
}

void NodeTest::SetUp() {
  // Short, because the path of a unix socket has at most 107 bytes.
  folder_ = "/tmp/lbd-test.XXXXXX";
  ASSERT_NE(mkdtemp(folder_.data()), nullptr);
  auto world = io::PosixEnvironment::Create(
      {.gossip = {*net::ParseIpAddress("127.0.0.1"), 0},
       .state_folder = folder_ + "/state"});
  ASSERT_THAT(world, IsOk());
  world_ = *std::move(world);
  io::Environment environment = world_->environment();
  environment.links = &network_;
  environment.frames = &network_;
  environment.log->SetObserver([this](const Event&) {
    if (service_ != nullptr) service_->OnEvent();
  });
  options_.node = "n1";
  options_.advertise = environment.datagrams->local();
  auto agent = Agent::Create(options_, environment);
  ASSERT_THAT(agent, IsOk());
  agent_ = *std::move(agent);
  calls_ = std::make_unique<LoopCalls>(world_->loop());
  what_ifs_ = std::make_unique<io::BackgroundTask>(world_->loop());
  service_ = std::make_unique<StatusService>(
      calls_.get(), what_ifs_.get(), [this] { return agent_->View(); },
      environment.log);
  admin_ = std::make_unique<AdminService>(
      calls_.get(), agent_.get(), environment.log,
      AdminService::Actions{
          .reload =
              [this](ManifestReader::Done done) {
                ++reloads_;
                done(ManifestReading{
                    .desired =
                        std::make_shared<const config::Desired>(desired_),
                    .changes = changes_});
              },
          .set_log_level = [this](LogLevel level) { log_level_ = level; }});
  listen_ = "unix:" + folder_ + "/lbd.sock";
  auto server =
      StatusServer::Start({.listen = listen_}, service_.get(), admin_.get());
  ASSERT_THAT(server, IsOk());
  server_ = *std::move(server);
  channel_ = grpc::CreateChannel(listen_, grpc::InsecureChannelCredentials());
  stub_ = status::v1::Status::NewStub(channel_);
  admin_stub_ = admin::v1::Admin::NewStub(channel_);
  agent_->Start();
  SetManifests(kManifests);
  // On this thread, as the loop does not run yet.
  ASSERT_TRUE(world_->loop()->RunUntil(
      [&] { return !agent_->View().announcing.elected().empty(); },
      absl::Seconds(10)));
  thread_ = std::thread([this] { world_->Run(); });
}

void NodeTest::TearDown() {
  if (server_ != nullptr) server_->Shutdown();
  if (world_ != nullptr) world_->Stop();
  if (thread_.joinable()) thread_.join();
  std::filesystem::remove_all(folder_);
}

void NodeTest::OnLoop(std::function<void()> task) {
  std::promise<void> done;
  world_->loop()->Post([&] {
    task();
    done.set_value();
  });
  done.get_future().wait();
}

uint16_t NodeTest::FreePort() {
  sockaddr_in address = {.sin_family = AF_INET,
                         .sin_addr = {htonl(INADDR_LOOPBACK)}};
  socklen_t size = sizeof(address);
  const int socket_fd = socket(AF_INET, SOCK_STREAM, 0);
  EXPECT_EQ(bind(socket_fd, reinterpret_cast<sockaddr*>(&address), size), 0);
  getsockname(socket_fd, reinterpret_cast<sockaddr*>(&address), &size);
  close(socket_fd);
  return ntohs(address.sin_port);
}

std::string NodeTest::AskRaw(const std::string& method,
                             const std::string& request, grpc::Status* status) {
  grpc::GenericStub stub(channel_);
  grpc::ClientContext context;
  // A stream sends nothing for as long as nothing happens.
  context.set_deadline(gpr_time_from_millis(2000, GPR_TIMESPAN));
  grpc::CompletionQueue queue;
  void* tag = nullptr;
  bool ok = false;
  const auto call = stub.PrepareCall(&context, method, &queue);
  call->StartCall(&tag);
  queue.Next(&tag, &ok);
  const grpc::Slice slice(request);
  call->WriteLast(grpc::ByteBuffer(&slice, 1), {}, &tag);
  queue.Next(&tag, &ok);
  grpc::ByteBuffer answer;
  call->Read(&answer, &tag);
  queue.Next(&tag, &ok);
  if (ok) context.TryCancel();  // A stream may go on.
  grpc::Status ended;
  call->Finish(&ended, &tag);
  queue.Next(&tag, &ok);
  if (status != nullptr) *status = ended;
  std::vector<grpc::Slice> slices;
  std::string bytes;
  if (!answer.Dump(&slices).ok()) return bytes;
  for (const grpc::Slice& part : slices) {
    bytes.append(reinterpret_cast<const char*>(part.begin()), part.size());
  }
  return bytes;
}

void NodeTest::SetManifests(const std::string& text) {
  const auto set = [&] {
    config::Manifests manifests;
    config::ParseManifests("test.yaml", text, {}, &manifests);
    desired_ = config::BuildDesired(manifests, desired_);
    agent_->SetDesired(desired_);
  };
  thread_.joinable() ? OnLoop(set) : set();
}

}  // namespace lb

// NodeTest: a test with a real agent on a real loop, served on a unix socket.
//
// The agent announces on no interface. It has the pool first-pool of
// 172.18.8.201-172.18.8.205 and 2001:db8::/64, the service default/web with
// 172.18.8.201, and a pool that was refused.
#ifndef LB_DAEMON_TESTING_NODE_TEST_H_
#define LB_DAEMON_TESTING_NODE_TEST_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "daemon/admin_service.h"
#include "daemon/agent/agent.h"
#include "daemon/loop_calls.h"
#include "daemon/manifest_reader.h"
#include "daemon/options/options.h"
#include "daemon/status_server.h"
#include "daemon/status_service.h"
#include "daemon/testing/quiet_network.h"
#include "gmock/gmock.h"
#include "grpcpp/grpcpp.h"
#include "gtest/gtest.h"
#include "lb/admin/v1/admin.grpc.pb.h"
#include "lb/config/changes.h"
#include "lb/config/desired.h"
#include "lb/io/posix/background_task.h"
#include "lb/io/posix/posix_environment.h"
#include "lb/status/v1/status.grpc.pb.h"

namespace lb {

// "namespace/name" as a manifest.
std::string ServiceYaml(std::string_view name_space, std::string_view name);

class NodeTest : public testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  // Runs `task` on the loop's thread and waits for it.
  void OnLoop(std::function<void()> task);
  // Replaces the manifests.
  void SetManifests(const std::string& text);

  // One question, one answer.
  template <typename Stub, typename Request, typename Response>
  grpc::Status Ask(const std::unique_ptr<Stub>& stub,
                   grpc::Status (Stub::*method)(grpc::ClientContext*,
                                                const Request&, Response*),
                   const Request& request, Response* response) {
    grpc::ClientContext context;
    return ((*stub).*method)(&context, request, response);
  }

  // A TCP port of 127.0.0.1 at which no process listens.
  static uint16_t FreePort();

  // Sends one message and returns the first that comes back, both as bytes.
  // `method` is "/package.Service/Method".
  std::string AskRaw(const std::string& method, const std::string& request,
                     grpc::Status* status = nullptr);

  // To be changed before SetUp(), in a constructor.
  AgentOptions options_;

  std::string folder_;
  std::string listen_;  // "unix:..."
  LogLevel log_level_ = LogLevel::kInfo;
  int reloads_ = 0;
  config::Desired desired_;
  config::Changes changes_;  // What a reload tells.
  QuietNetwork network_;
  std::unique_ptr<io::PosixEnvironment> world_;
  std::unique_ptr<Agent> agent_;
  std::unique_ptr<LoopCalls> calls_;
  std::unique_ptr<io::BackgroundTask> what_ifs_;
  std::unique_ptr<StatusService> service_;
  std::unique_ptr<AdminService> admin_;
  std::unique_ptr<StatusServer> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<status::v1::Status::Stub> stub_;
  std::unique_ptr<admin::v1::Admin::Stub> admin_stub_;
  std::thread thread_;
};

}  // namespace lb

#endif  // LB_DAEMON_TESTING_NODE_TEST_H_

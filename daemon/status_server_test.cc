// The listeners: tests which callers reach them, and how many.
// status_tls_test.cc tests TLS.
#include "daemon/status_server.h"

#include <grp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/testing/node_test.h"
#include "gmock/gmock.h"
#include "grpcpp/grpcpp.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"

namespace lb {
namespace {

using ::testing::HasSubstr;

class StatusServerTest : public NodeTest {
 protected:
  using Started = absl::StatusOr<std::unique_ptr<StatusServer>>;

  Started Start(const ListenerOptions& options) {
    return StatusServer::Start(options, service_.get());
  }
};

TEST_F(StatusServerTest, RefusesToListenToOtherHosts) {
  for (const char* listen : {"0.0.0.0:50051", "10.0.0.1:50051", "host:1",
                             "127.0.0.1", "unix:", ""}) {
    EXPECT_THAT(Start({.listen = listen}),
                StatusIs(absl::StatusCode::kInvalidArgument))
        << listen;
  }
}

TEST_F(StatusServerTest, TakesNoAddressAwayFromAnotherServer) {
  EXPECT_THAT(Start({.listen = listen_}),
              StatusIs(absl::StatusCode::kUnavailable));
  status::v1::GetNodeResponse node;
  grpc::ClientContext context;
  EXPECT_TRUE(stub_->GetNode(&context, {}, &node).ok());
}

// Left by a server that was killed.
TEST_F(StatusServerTest, ReplacesASocketThatNobodyServes) {
  const std::string path = folder_ + "/stale.sock";
  sockaddr_un address = {.sun_family = AF_UNIX};
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  const int socket_fd = socket(AF_UNIX, SOCK_STREAM, 0);
  ASSERT_EQ(bind(socket_fd, reinterpret_cast<const sockaddr*>(&address),
                 sizeof(address)),
            0);
  close(socket_fd);
  const auto server = Start({.listen = "unix:" + path});
  ASSERT_THAT(server, IsOk());
  EXPECT_EQ(std::filesystem::status(path).permissions() &
                std::filesystem::perms::others_all,
            std::filesystem::perms::none);
  (*server)->Shutdown();
}

// As many silent connections as the process may have descriptors; both ends are
// in this process. gRPC's own listener does not survive this.
TEST_F(StatusServerTest, GoesOnAfterMoreConnectionsThanItHasDescriptors) {
  rlimit before = {};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit usual = {.rlim_cur = 1024, .rlim_max = before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &usual), 0);
  const std::string path = folder_ + "/many.sock";
  const auto server = Start({.listen = "unix:" + path});
  ASSERT_THAT(server, IsOk());
  sockaddr_un address = {.sun_family = AF_UNIX};
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  std::vector<int> sockets;
  while (sockets.size() < 2000) {
    const int made = socket(AF_UNIX, SOCK_STREAM, 0);
    if (made < 0) break;
    sockets.push_back(made);
    std::ignore = connect(made, reinterpret_cast<const sockaddr*>(&address),
                          sizeof(address));
  }
  EXPECT_GT(sockets.size(), 300u);
  for (const int made : sockets) close(made);
  const auto stub = status::v1::Status::NewStub(
      grpc::CreateChannel("unix:" + path, grpc::InsecureChannelCredentials()));
  status::v1::GetNodeResponse node;
  grpc::ClientContext context;
  context.set_wait_for_ready(true);
  context.set_deadline(std::chrono::system_clock::now() +
                       std::chrono::seconds(30));
  EXPECT_TRUE(stub->GetNode(&context, {}, &node).ok());
  (*server)->Shutdown();
  setrlimit(RLIMIT_NOFILE, &before);
}

// gRPC itself bounds neither.
TEST_F(StatusServerTest, OneConnectionHasSoManyCalls) {
  constexpr int kCalls = 100;
  status::v1::WatchEventsRequest all;
  all.set_follow(true);
  struct Call {
    grpc::ClientContext context;
    std::unique_ptr<grpc::ClientReader<status::v1::Event>> events;
  };
  std::vector<std::unique_ptr<Call>> calls;
  status::v1::Event event;
  for (int i = 0; i < kCalls; ++i) {
    auto& call = *calls.emplace_back(std::make_unique<Call>());
    call.events = stub_->WatchEvents(&call.context, all);
    ASSERT_TRUE(call.events->Read(&event));
  }
  const auto ask = [this] {
    status::v1::GetNodeResponse node;
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() +
                         std::chrono::milliseconds(500));
    return stub_->GetNode(&context, {}, &node).error_code();
  };
  EXPECT_EQ(ask(), grpc::StatusCode::DEADLINE_EXCEEDED);
  for (const auto& call : calls) call->context.TryCancel();
  calls.clear();
  EXPECT_EQ(ask(), grpc::StatusCode::OK);
}

TEST_F(StatusServerTest, HeadersAreBounded) {
  const auto ask = [this](size_t size) {
    status::v1::GetNodeResponse node;
    grpc::ClientContext context;
    context.AddMetadata("x-large", std::string(size, 'x'));
    return stub_->GetNode(&context, {}, &node).error_code();
  };
  EXPECT_EQ(ask(7 << 10), grpc::StatusCode::OK);
  EXPECT_EQ(ask(64 << 10), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(StatusServerTest, MakesTheFolderOfItsSocket) {
  const auto server = Start({.listen = "unix:" + folder_ + "/a/b/lbd.sock"});
  ASSERT_THAT(server, IsOk());
  (*server)->Shutdown();
  EXPECT_THAT(
      Start({.listen = "unix:/proc/none/lbd.sock"}),
      StatusIs(absl::StatusCode::kUnavailable, HasSubstr("/proc/none")));
}

TEST_F(StatusServerTest, TheSocketIsForOwnerAndGroup) {
  struct stat before = {};
  ASSERT_EQ(stat((folder_ + "/lbd.sock").c_str(), &before), 0);
  EXPECT_EQ(before.st_mode & 0777, 0660u);
  EXPECT_EQ(before.st_gid, getegid());
  EXPECT_THAT(Start({.listen = "unix:" + folder_ + "/g.sock",
                     .group = "no-such-group"}),
              StatusIs(absl::StatusCode::kNotFound,
                       "status-group: \"no-such-group\": no such group on "
                       "this host"));
  const group* const own = getgrgid(getegid());
  ASSERT_NE(own, nullptr);
  const auto server =
      Start({.listen = "unix:" + folder_ + "/g.sock", .group = own->gr_name});
  ASSERT_THAT(server, IsOk());
  struct stat given = {};
  ASSERT_EQ(stat((folder_ + "/g.sock").c_str(), &given), 0);
  EXPECT_EQ(given.st_mode & 0777, 0660u);
  EXPECT_EQ(given.st_gid, getegid());
  (*server)->Shutdown();
}

}  // namespace
}  // namespace lb

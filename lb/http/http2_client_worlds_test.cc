// The same client and server in the simulation and on sockets of this host, in
// clear text and with TLS.
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/check.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/http/http2_client.h"
#include "lb/http/testing/certificates.h"
#include "lb/http/testing/recording_handler.h"
#include "lb/http/testing/test_server.h"
#include "lb/io/posix/posix_loop.h"
#include "lb/io/posix/posix_sockets.h"
#include "lb/io/sim/sim_host.h"
#include "lb/io/sim/sim_world.h"
#include "lb/net/endpoint.h"
#include "lb/net/ip_address.h"

namespace lb::http {
namespace {

using testing::Optional;

// Where a client and a server run.
class World {
 public:
  virtual ~World() = default;
  virtual Ports client() = 0;
  virtual std::unique_ptr<io::StreamTransport> Listen() = 0;
  virtual bool RunUntil(absl::FunctionRef<bool()> done) = 0;
  io::Loop* loop() { return client().loop; }
};

class SimulatedWorld final : public World {
 public:
  Ports client() override { return Ports::From(client_->environment()); }
  std::unique_ptr<io::StreamTransport> Listen() override {
    return *server_->environment().stream_factory->Listen(
        {server_->address(), 6443}, {});
  }
  bool RunUntil(absl::FunctionRef<bool()> done) override {
    return world_.loop().RunUntil(done, absl::Seconds(20));
  }

 private:
  io::SimWorld world_{1};
  io::SimHost* const client_ = world_.AddHost("client", "192.0.2.1/24");
  io::SimHost* const server_ = world_.AddHost("server", "192.0.2.2/24");
};

class RealWorld final : public World {
 public:
  Ports client() override {
    return {.loop = &loop_, .stream_factory = &sockets_};
  }
  std::unique_ptr<io::StreamTransport> Listen() override {
    return *sockets_.Listen({*net::ParseIpAddress("127.0.0.1"), 0}, {});
  }
  bool RunUntil(absl::FunctionRef<bool()> done) override {
    return loop_.RunUntil(done, absl::Seconds(20));
  }

 private:
  io::PosixLoop loop_;
  io::PosixSockets sockets_{&loop_};
};

enum class WorldKind { kSimulated, kReal };

class Http2ClientWorldsTest
    : public testing::TestWithParam<std::tuple<WorldKind, Security>> {
 protected:
  Http2ClientWorldsTest()
      : world_(MakeWorld()),
        authority_("root", world_->loop()->CivilNow()),
        server_(world_->loop(), world_->Listen(), {.tls = ServerTls()},
                [this](const TestCall& call) { calls_.push_back(call); }) {
    client_ = *Http2Client::Make(
        world_->client(),
        {.server = server_.at(),
         .security = std::get<1>(GetParam()),
         .credentials = {.ca_pem = authority_.certificate_pem()}});
  }

  static std::unique_ptr<World> MakeWorld() {
    if (std::get<0>(GetParam()) == WorldKind::kReal) {
      return std::make_unique<RealWorld>();
    }
    return std::make_unique<SimulatedWorld>();
  }
  std::shared_ptr<const TlsContext> ServerTls() const {
    if (std::get<1>(GetParam()) == Security::kClearText) return nullptr;
    const TestCertificate own =
        authority_.Issue({.names = {"192.0.2.2", "127.0.0.1"}});
    return *TlsContext::MakeServer(
        {.certificate_pem = own.certificate_pem, .key_pem = own.key_pem});
  }

  TestCall WaitForCall() {
    LB_CHECK(world_->RunUntil([this] { return !calls_.empty(); }));
    TestCall call = calls_.back();
    calls_.pop_back();
    return call;
  }
  void WaitForEnd(const ResponseRecord& record) {
    ASSERT_TRUE(world_->RunUntil([&] { return record.end.has_value(); }));
  }

  const std::unique_ptr<World> world_;
  const TestAuthority authority_;
  std::vector<TestCall> calls_;
  TestServer server_;
  std::unique_ptr<Http2Client> client_;
};

TEST_P(Http2ClientWorldsTest, FetchesAndWatches) {
  ResponseRecord list;
  ResponseRecord watch;
  client_->Send({.path = "/watch"}, Recorded(&watch));
  const TestCall watched = WaitForCall();
  watched.Head(200);
  client_->Send({.method = "POST", .path = "/list", .body = "{}"},
                Recorded(&list));
  const TestCall listed = WaitForCall();
  EXPECT_EQ(listed.request().body, "{}");
  listed.Respond(201, "[]");
  WaitForEnd(list);
  EXPECT_THAT(list.end, Optional(IsOk()));
  EXPECT_EQ(list.status, 201);
  EXPECT_EQ(list.body, "[]");
  watched.Body("one");
  ASSERT_TRUE(world_->RunUntil([&] { return watch.body == "one"; }));
  watched.Body("two");
  watched.End();
  WaitForEnd(watch);
  EXPECT_THAT(watch.end, Optional(IsOk()));
  EXPECT_EQ(watch.body, "onetwo");
  EXPECT_EQ(server_.accepted(), 1);
}

TEST_P(Http2ClientWorldsTest, TenMegabytesComeWhole) {
  std::string body(10 << 20, '\0');
  for (size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>(i * i);
  ResponseRecord record;
  client_->Send({.path = "/"}, Recorded(&record));
  WaitForCall().Respond(200, body);
  WaitForEnd(record);
  EXPECT_THAT(record.end, Optional(IsOk()));
  EXPECT_TRUE(record.body == body);
}

TEST_P(Http2ClientWorldsTest, ALostConnectionEndsRequestsAndIsReplaced) {
  for (const TestCut how : {TestCut::kReset, TestCut::kFinish}) {
    ResponseRecord record;
    client_->Send({.path = "/"}, Recorded(&record));
    const TestCall call = WaitForCall();
    server_.Cut(how);
    WaitForEnd(record);
    EXPECT_THAT(record.end, Optional(StatusIs(absl::StatusCode::kUnavailable)));
  }
  EXPECT_EQ(server_.accepted(), 2);
}

TEST_P(Http2ClientWorldsTest, ADestroyedClientEndsItsConnection) {
  ResponseRecord record;
  client_->Send({.path = "/"}, Recorded(&record));
  WaitForCall();
  client_ = nullptr;
  ASSERT_TRUE(world_->RunUntil([this] { return server_.connections() == 0; }));
  EXPECT_TRUE(record.destroyed);
  EXPECT_FALSE(record.end.has_value());
}

TEST_P(Http2ClientWorldsTest, AClosedPortIsUnavailable) {
  auto closed = *Http2Client::Make(
      world_->client(), {.server = net::Endpoint{server_.at().address, 1},
                         .security = std::get<1>(GetParam())});
  ResponseRecord record;
  closed->Send({.path = "/"}, Recorded(&record));
  WaitForEnd(record);
  EXPECT_THAT(record.end, Optional(StatusIs(absl::StatusCode::kUnavailable)));
}

INSTANTIATE_TEST_SUITE_P(
    AllWorlds, Http2ClientWorldsTest,
    testing::Combine(testing::Values(WorldKind::kSimulated, WorldKind::kReal),
                     testing::Values(Security::kTls, Security::kClearText)),
    [](const auto& info) {
      const bool is_real = std::get<0>(info.param) == WorldKind::kReal;
      const bool is_tls = std::get<1>(info.param) == Security::kTls;
      return std::string(is_real ? "Real" : "Simulated") +
             (is_tls ? "Tls" : "ClearText");
    });

}  // namespace
}  // namespace lb::http

// Http2Client in the simulation: connections that come, fail and go.
#include "lb/http/http2_client.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/http/testing/recording_handler.h"
#include "lb/http/testing/test_server.h"
#include "lb/io/sim/sim_host.h"
#include "lb/io/sim/sim_world.h"

namespace lb::http {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Optional;

constexpr uint16_t kPort = 6443;

class Http2ClientTest : public testing::Test {
 protected:
  explicit Http2ClientTest(uint64_t seed = 1) : world_(seed) {}

  void Serve(TestServerOptions options = {}) {
    auto listener = server_host_->environment().stream_factory->Listen(
        {server_host_->address(), kPort}, {});
    ASSERT_THAT(listener, IsOk());
    server_ = std::make_unique<TestServer>(
        server_host_->environment().loop, *std::move(listener),
        std::move(options), [this](const TestCall& call) {
          calls_.push_back(call);
          if (answers_) call.Respond(200, call.request().path);
        });
  }

  Http2ClientOptions Options() const {
    return {.server = net::Endpoint{server_host_->address(), kPort},
            .security = Security::kClearText};
  }
  void MakeClient(const Http2ClientOptions& options) {
    auto client =
        Http2Client::Make(Ports::From(client_host_->environment()), options);
    ASSERT_THAT(client, IsOk());
    client_ = *std::move(client);
  }

  void RunFor(absl::Duration time) { world_.loop().RunFor(time); }
  bool RunToEnd(const ResponseRecord& record,
                absl::Duration limit = absl::Minutes(5)) {
    return world_.loop().RunUntil([&] { return record.end.has_value(); },
                                  limit);
  }
  RequestId Send(ResponseRecord* record, std::string path = "/") {
    return client_->Send({.path = std::move(path)}, Recorded(record));
  }
  // Sends a request, and expects the answer to it.
  void ExpectServed(const std::string& path) {
    ResponseRecord record;
    Send(&record, path);
    ASSERT_TRUE(RunToEnd(record));
    EXPECT_THAT(*record.end, IsOk());
    EXPECT_EQ(record.body, path);
  }

  io::SimWorld world_;
  io::SimHost* const client_host_ = world_.AddHost("client", "192.0.2.1/24");
  io::SimHost* const server_host_ = world_.AddHost("server", "192.0.2.2/24");
  bool answers_ = true;
  std::vector<TestCall> calls_;
  std::unique_ptr<TestServer> server_;
  std::unique_ptr<Http2Client> client_;
};

TEST_F(Http2ClientTest, DialsWhenARequestNeedsIt) {
  Serve();
  MakeClient(Options());
  RunFor(absl::Minutes(1));
  EXPECT_EQ(server_->accepted(), 0);
  ExpectServed("/a");
  ExpectServed("/b");
  EXPECT_EQ(server_->accepted(), 1);
  EXPECT_EQ(calls_[0].request().authority, "192.0.2.2:6443");
  EXPECT_EQ(calls_[0].request().scheme, "http");
}

TEST_F(Http2ClientTest, ABodyComesAsItIsSent) {
  answers_ = false;
  Serve();
  MakeClient(Options());
  ResponseRecord record;
  Send(&record);
  RunFor(absl::Seconds(1));
  ASSERT_EQ(calls_.size(), 1u);
  calls_[0].Head(200, {{"content-type", "application/json"}});
  RunFor(absl::Milliseconds(10));
  EXPECT_EQ(record.status, 200);
  EXPECT_THAT(record.headers,
              ElementsAre(Header{"content-type", "application/json"}));
  for (const char* piece : {"one", "two", "three"}) {
    record.body.clear();
    calls_[0].Body(piece);
    RunFor(absl::Minutes(1));
    EXPECT_EQ(record.body, piece);
  }
  EXPECT_FALSE(record.end.has_value());
  EXPECT_GT(server_->pings(), 5);  // It was silent for minutes.
  calls_[0].End();
  RunFor(absl::Milliseconds(10));
  EXPECT_THAT(record.end, Optional(IsOk()));
  EXPECT_TRUE(record.destroyed);
}

TEST_F(Http2ClientTest, ARefusedConnectionEndsTheRequests) {
  MakeClient(Options());
  ResponseRecord one;
  ResponseRecord two;
  Send(&one);
  Send(&two);
  EXPECT_FALSE(one.end.has_value());
  ASSERT_TRUE(RunToEnd(two));
  EXPECT_THAT(one.end,
              Optional(StatusIs(absl::StatusCode::kUnavailable,
                                "192.0.2.2:6443: connect to 192.0.2.2:6443: "
                                "refused")));
  EXPECT_TRUE(IsNeverConnected(*one.end));
  EXPECT_EQ(client_->open_requests(), 0u);
  Serve();
  ExpectServed("/");
}

TEST_F(Http2ClientTest, ConnectingTakesNoLongerThanItsTimeout) {
  server_host_->Crash();
  Http2ClientOptions options = Options();
  options.connect_timeout = absl::Seconds(3);
  MakeClient(options);
  const absl::Time start = world_.loop().Now();
  ResponseRecord record;
  Send(&record);
  ASSERT_TRUE(RunToEnd(record));
  EXPECT_THAT(record.end, Optional(StatusIs(absl::StatusCode::kUnavailable,
                                            HasSubstr("no answer"))));
  EXPECT_EQ(world_.loop().Now() - start, absl::Seconds(3));
}

TEST_F(Http2ClientTest, AServerThatDoesNotSpeakIsLeftInTime) {
  Serve();
  server_->SetSilent(true);
  MakeClient(Options());
  const absl::Time start = world_.loop().Now();
  ResponseRecord record;
  Send(&record);
  ASSERT_TRUE(RunToEnd(record));
  EXPECT_THAT(record.end,
              Optional(StatusIs(absl::StatusCode::kUnavailable,
                                "192.0.2.2:6443: the server is silent, want "
                                "SETTINGS of HTTP/2")));
  EXPECT_EQ(world_.loop().Now() - start, absl::Seconds(10));
  server_->SetSilent(false);
  ExpectServed("/");
}

TEST_F(Http2ClientTest, ACutCableIsNoticedByPings) {
  answers_ = false;
  Serve();
  MakeClient(Options());
  ResponseRecord record;
  Send(&record);
  RunFor(absl::Seconds(1));
  ASSERT_EQ(calls_.size(), 1u);
  const absl::Time cut = world_.loop().Now();
  world_.Partition({client_host_}, {server_host_});
  ASSERT_TRUE(RunToEnd(record));
  EXPECT_THAT(record.end,
              Optional(StatusIs(absl::StatusCode::kUnavailable,
                                HasSubstr("the server is silent, no answer to "
                                          "a ping within 10s"))));
  EXPECT_LE(world_.loop().Now() - cut, absl::Seconds(25));
  world_.Heal();
  answers_ = true;
  ExpectServed("/");
}

TEST_F(Http2ClientTest, AnIdleConnectionThatWasCutIsNoticedByTheNextRequest) {
  Serve();
  MakeClient(Options());
  ExpectServed("/a");
  server_host_->Crash();
  RunFor(absl::Hours(1));
  const absl::Time start = world_.loop().Now();
  ResponseRecord record;
  Send(&record);
  ASSERT_TRUE(RunToEnd(record));
  EXPECT_THAT(record.end, Optional(StatusIs(absl::StatusCode::kUnavailable)));
  EXPECT_EQ(world_.loop().Now() - start, absl::Seconds(10));
}

TEST_F(Http2ClientTest, AnIdleConnectionThatTheServerClosesIsReplaced) {
  Serve();
  MakeClient(Options());
  for (const TestCut how : {TestCut::kReset, TestCut::kFinish}) {
    ExpectServed("/a");
    server_->Cut(how);
    RunFor(absl::Seconds(1));
    ExpectServed("/b");
  }
  EXPECT_EQ(server_->accepted(), 3);
}

TEST_F(Http2ClientTest, AfterGoAwayNewRequestsGoToANewConnection) {
  answers_ = false;
  Serve();
  MakeClient(Options());
  ResponseRecord watch;
  Send(&watch, "/watch");
  RunFor(absl::Seconds(1));
  calls_[0].Head(200);
  server_->GoAway();
  RunFor(absl::Seconds(1));
  answers_ = true;
  ExpectServed("/new");
  EXPECT_EQ(server_->accepted(), 2);
  EXPECT_EQ(server_->connections(), 2u);
  calls_[0].Body("news");
  calls_[0].End();
  ASSERT_TRUE(RunToEnd(watch));
  EXPECT_THAT(watch.end, Optional(IsOk()));
  EXPECT_EQ(watch.body, "news");
  RunFor(absl::Seconds(1));
  EXPECT_EQ(server_->connections(), 1u);  // The first one has ended.
}

TEST_F(Http2ClientTest, ConnectionsThatEndAreBounded) {
  answers_ = false;
  Serve();
  MakeClient(Options());
  constexpr size_t kCount = 2 * Http2Client::kDrainingMax;
  std::vector<ResponseRecord> watches(kCount);
  for (ResponseRecord& watch : watches) {
    Send(&watch);
    RunFor(absl::Seconds(1));
    server_->GoAway();
    RunFor(absl::Seconds(1));
  }
  ResponseRecord last;
  Send(&last);
  RunFor(absl::Seconds(1));
  for (size_t i = 0; i < kCount; ++i) {
    const bool is_old = i < kCount - Http2Client::kDrainingMax;
    EXPECT_EQ(watches[i].end.has_value(), is_old) << i;
    if (is_old) {
      EXPECT_THAT(*watches[i].end, StatusIs(absl::StatusCode::kUnavailable,
                                            HasSubstr("too many connections")));
    }
  }
  EXPECT_EQ(client_->open_requests(), Http2Client::kDrainingMax + 1);
}

TEST_F(Http2ClientTest, CancelledRequestsAreSilent) {
  answers_ = false;
  Serve();
  MakeClient(Options());
  ResponseRecord early;
  ResponseRecord late;
  const RequestId early_id = Send(&early);
  const RequestId late_id = Send(&late);
  client_->Cancel(early_id);  // There is no connection yet.
  EXPECT_TRUE(early.destroyed);
  RunFor(absl::Seconds(1));
  ASSERT_EQ(calls_.size(), 1u);
  client_->Cancel(late_id);
  client_->Cancel(late_id);
  client_->Cancel(12345);
  calls_[0].Respond(200, "late");
  RunFor(absl::Minutes(1));
  EXPECT_EQ(server_->resets(), 1);
  EXPECT_EQ(early.status + late.status, 0);
  EXPECT_FALSE(early.end.has_value() || late.end.has_value());
  EXPECT_TRUE(late.destroyed);
}

TEST_F(Http2ClientTest, AllMayBeCancelledWhileItDials) {
  Serve();
  MakeClient(Options());
  ResponseRecord record;
  client_->Cancel(Send(&record));
  RunFor(absl::Seconds(1));
  EXPECT_FALSE(record.end.has_value());
  ExpectServed("/");
}

TEST_F(Http2ClientTest, HandlersAreNeverCalledWithinSend) {
  MakeClient(Options());
  Http2ClientOptions options = Options();
  options.http2.requests_max = 2;
  MakeClient(options);
  std::vector<ResponseRecord> records(4);
  for (ResponseRecord& record : records) {
    record.on_change = [&] { EXPECT_FALSE(record.destroyed); };
    Send(&record, &record == &records[0] ? "bad path" : "/");
    EXPECT_FALSE(record.end.has_value());
  }
  RunFor(absl::Seconds(1));
  EXPECT_THAT(records[0].end,
              Optional(StatusIs(absl::StatusCode::kInvalidArgument,
                                HasSubstr("path \"bad path\""))));
  EXPECT_THAT(records[3].end,
              Optional(StatusIs(absl::StatusCode::kResourceExhausted,
                                HasSubstr("2 requests are open"))));
}

TEST_F(Http2ClientTest, HandlersMaySendAndCancel) {
  Serve();
  MakeClient(Options());
  ResponseRecord first;
  ResponseRecord second;
  ResponseRecord third;
  RequestId third_id = 0;
  first.on_change = [&] {
    if (first.end) return;
    first.on_change = nullptr;
    Send(&second, "/second");
    client_->Cancel(third_id);
  };
  Send(&first, "/first");
  third_id = Send(&third, "/third");
  ASSERT_TRUE(RunToEnd(first));
  ASSERT_TRUE(RunToEnd(second));
  EXPECT_EQ(second.body, "/second");
  EXPECT_FALSE(third.end.has_value());
}

TEST_F(Http2ClientTest, AHandlerMayCancelItself) {
  Serve();
  MakeClient(Options());
  ResponseRecord record;
  RequestId id = 0;
  record.on_change = [&] {
    client_->Cancel(id);
    EXPECT_FALSE(record.destroyed);  // It runs.
  };
  id = Send(&record);
  RunFor(absl::Seconds(1));
  EXPECT_EQ(record.status, 200);
  EXPECT_TRUE(record.destroyed);
  EXPECT_FALSE(record.end.has_value());
}

TEST_F(Http2ClientTest, AHandlerMayDestroyTheClient) {
  for (const bool is_served : {true, false}) {
    if (is_served) Serve();
    if (!is_served) server_ = nullptr;
    MakeClient(Options());
    ResponseRecord first;
    ResponseRecord other;
    first.on_change = [&] { client_ = nullptr; };
    Send(&first);
    Send(&other);
    RunFor(absl::Minutes(1));
    EXPECT_TRUE(client_ == nullptr);
    EXPECT_TRUE(first.destroyed && other.destroyed);
    EXPECT_FALSE(other.end.has_value());
  }
}

TEST_F(Http2ClientTest, ADestroyedClientSaysGoodbye) {
  Serve();
  MakeClient(Options());
  ExpectServed("/");
  EXPECT_EQ(server_->connections(), 1u);
  client_ = nullptr;
  RunFor(absl::Seconds(1));
  EXPECT_EQ(server_->connections(), 0u);
}

TEST_F(Http2ClientTest, AServerThatDoesNotReadCannotFillTheMemory) {
  Http2ClientOptions options = Options();
  options.http2.request_body_bytes_max = 16 << 20;
  Serve({.session = {.connection_window = 0x7fffffff,
                     .stream_window = 0x7fffffff}});
  MakeClient(options);
  ExpectServed("/");
  // Its window is open, but it reads nothing more.
  server_host_->Pause();
  std::vector<ResponseRecord> records(8);
  for (ResponseRecord& record : records) {
    client_->Send(
        {.method = "POST", .path = "/", .body = std::string(16 << 20, 'x')},
        Recorded(&record));
  }
  RunFor(absl::Seconds(1));
  for (const ResponseRecord& record : records) {
    EXPECT_THAT(record.end, Optional(StatusIs(absl::StatusCode::kUnavailable,
                                              HasSubstr("bytes and"))));
  }
}

TEST_F(Http2ClientTest, OptionsAreChecked) {
  const auto refusal = [this](const Http2ClientOptions& options) {
    return Http2Client::Make(Ports::From(client_host_->environment()), options)
        .status();
  };
  Http2ClientOptions options = Options();
  options.server.port = 0;
  EXPECT_THAT(refusal(options), StatusIs(absl::StatusCode::kInvalidArgument,
                                         HasSubstr("want a host and a port")));
  options = Options();
  options.connect_timeout = absl::ZeroDuration();
  EXPECT_THAT(refusal(options), StatusIs(absl::StatusCode::kInvalidArgument,
                                         HasSubstr("connect_timeout: 0")));
  options = Options();
  options.authority = "a b";
  EXPECT_THAT(refusal(options), StatusIs(absl::StatusCode::kInvalidArgument,
                                         HasSubstr("authority \"a b\"")));
  options = Options();
  options.http2.requests_max = 0;
  EXPECT_THAT(refusal(options), StatusIs(absl::StatusCode::kInvalidArgument,
                                         HasSubstr("requests_max")));
  options = Options();
  options.security = Security::kTls;
  options.credentials.ca_pem = "none";
  EXPECT_THAT(refusal(options), StatusIs(absl::StatusCode::kInvalidArgument,
                                         HasSubstr("tls: ca:")));
  options = Options();
  options.security = Security::kTls;
  options.server_name = "a b";
  EXPECT_THAT(refusal(options), StatusIs(absl::StatusCode::kInvalidArgument,
                                         HasSubstr("tls: server name")));
}

uint64_t HashOfRun(uint64_t seed) {
  io::SimWorld world(seed);
  io::SimHost* const client_host = world.AddHost("client", "192.0.2.1/24");
  io::SimHost* const server_host = world.AddHost("server", "192.0.2.2/24");
  const net::Endpoint at = {server_host->address(), kPort};
  TestServer server(
      &world.loop(), *server_host->environment().stream_factory->Listen(at, {}),
      {}, [](const TestCall& call) { call.Respond(200, "hello"); });
  const auto client =
      *Http2Client::Make(Ports::From(client_host->environment()),
                         {.server = at, .security = Security::kClearText});
  ResponseRecord record;
  client->Send({.path = "/"}, Recorded(&record));
  world.loop().RunFor(absl::Seconds(1));
  EXPECT_EQ(record.body, "hello");
  return world.trace_hash();
}

TEST(Http2ClientRunTest, TheSameSeedGivesTheSameRunInClearText) {
  EXPECT_EQ(HashOfRun(1), HashOfRun(1));
  EXPECT_NE(HashOfRun(1), HashOfRun(2));
}

}  // namespace
}  // namespace lb::http

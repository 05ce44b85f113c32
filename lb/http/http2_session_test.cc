// What an Http2Session does with an honest server.
#include "lb/http/http2_session.h"

#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/bytes.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/http/testing/event_text.h"
#include "lb/http/testing/server_session.h"

namespace lb::http {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

constexpr uint32_t kRefusedStream = 7;
constexpr uint32_t kCancel = 8;
constexpr uint32_t kEnhanceYourCalm = 11;

class Http2SessionTest : public testing::Test {
 protected:
  void Begin(const Http2Options& options = {},
             const ServerSessionOptions& server_options = {}) {
    client_ = std::make_unique<Http2Session>(
        options, Http2Target{"https", "api.example:6443"}, now_);
    server_ = std::make_unique<ServerSession>(server_options);
    events_ = {};
    requests_.clear();
  }

  // Lets them speak until neither has more to say.
  void Talk() {
    for (;;) {
      const std::string to_server = client_->TakeOutput();
      server_->OnBytes(AsBytes(to_server));
      for (ServerRequest& request : server_->TakeRequests()) {
        requests_.push_back(std::move(request));
      }
      const std::string to_client = server_->TakeOutput();
      to_client_ += to_client;
      if (!to_client.empty()) client_->OnBytes(now_, AsBytes(to_client));
      TakeEvents();
      if (to_server.empty() && to_client.empty()) return;
    }
  }

  void TakeEvents() {
    for (const Http2Event& event : client_->TakeEvents()) {
      events_.Add(event);
      const auto* const body = std::get_if<BodyEvent>(&event);
      if (consumes_ && body != nullptr) {
        client_->Consume(body->id, body->bytes.size());
      }
    }
  }

  void Send(RequestId id, Request request = {.path = "/"}) {
    client_->Send(now_, id, std::move(request));
    Talk();
  }
  void Respond(int32_t stream, std::string_view body) {
    server_->Head(stream, 200, {});
    server_->Body(stream, body);
    server_->End(stream);
    Talk();
  }

  absl::Time now_ = absl::UnixEpoch();
  bool consumes_ = true;
  std::unique_ptr<Http2Session> client_;
  std::unique_ptr<ServerSession> server_;
  EventText events_;
  std::vector<ServerRequest> requests_;  // That the server got.
  std::string to_client_;
};

TEST_F(Http2SessionTest, ARequestArrivesAsItWasSent) {
  Begin();
  Send(1, {.method = "PATCH",
           .path = "/api?x=1",
           .headers = {{"accept", "application/json"},
                       {"authorization", "Bearer secret"}},
           .body = "{}"});
  ASSERT_EQ(requests_.size(), 1u);
  const ServerRequest& request = requests_[0];
  EXPECT_EQ(request.method, "PATCH");
  EXPECT_EQ(request.scheme, "https");
  EXPECT_EQ(request.authority, "api.example:6443");
  EXPECT_EQ(request.path, "/api?x=1");
  EXPECT_EQ(request.body, "{}");
  EXPECT_THAT(request.headers,
              ElementsAre(Header{"accept", "application/json"},
                          Header{"authorization", "Bearer secret"},
                          Header{"content-length", "2"}));
  EXPECT_TRUE(client_->is_ready());
}

TEST_F(Http2SessionTest, AResponseComesAsHeadBodyAndEnd) {
  Begin();
  Send(5);
  server_->Head(1, 200, {{"content-type", "text/plain"}});
  Talk();
  EXPECT_THAT(events_.lines(),
              ElementsAre("5 head 200 content-type=text/plain"));
  server_->Body(1, "hello ");
  Talk();
  server_->Body(1, "world");
  server_->End(1);
  Talk();
  EXPECT_THAT(events_.lines(), ElementsAre("5 head 200 content-type=text/plain",
                                           "5 body hello world", "5 end OK"));
}

TEST_F(Http2SessionTest, InformationalResponsesAndTrailersAreLeftOut) {
  Begin();
  Send(1);
  server_->Informational(1, 100);
  server_->Informational(1, 103);
  server_->Head(1, 404, {{"a", "b"}});
  server_->Body(1, "none");
  server_->EndWithTrailers(1, {{"checksum", "1"}});
  Talk();
  EXPECT_THAT(events_.lines(),
              ElementsAre("1 head 404 a=b", "1 body none", "1 end OK"));
}

TEST_F(Http2SessionTest, RequestsShareTheConnection) {
  Begin();
  Send(1, {.path = "/a"});
  Send(2, {.path = "/b"});
  Respond(3, "b");
  Respond(1, "a");
  EXPECT_THAT(events_.lines(),
              ElementsAre("2 head 200", "2 body b", "2 end OK", "1 head 200",
                          "1 body a", "1 end OK"));
}

// The server's bytes in two pieces, cut at each place in turn.
TEST_F(Http2SessionTest, TakesBytesThatAreCutAnywhere) {
  const auto send = [this] {
    client_->Send(now_, 1, {.path = "/a"});
    client_->Send(now_, 2, {.path = "/b", .body = "body"});
  };
  Begin();
  send();
  Talk();
  server_->Informational(1, 103);
  server_->Head(1, 200, {{"content-type", "text/plain"}, {"x", "y"}});
  server_->Body(1, "some text");
  server_->Head(3, 503, {});
  server_->Ping();
  server_->EndWithTrailers(1, {{"t", "u"}});
  server_->Body(3, "more");
  Talk();
  server_->Reset(3, kCancel);
  server_->GoAway(3, 0, "bye");
  Talk();
  const std::vector<std::string> whole = events_.lines();
  EXPECT_THAT(whole.back(), StartsWith("2 end CANCELLED"));
  const std::string bytes = std::exchange(to_client_, "");
  ASSERT_GT(bytes.size(), 100u);
  for (size_t cut = 0; cut <= bytes.size(); ++cut) {
    SCOPED_TRACE(cut);
    Begin();
    send();
    client_->OnBytes(now_, AsBytes(bytes).first(cut));
    TakeEvents();
    client_->OnBytes(now_, AsBytes(bytes).subspan(cut));
    TakeEvents();
    ASSERT_EQ(events_.lines(), whole);
  }
}

TEST_F(Http2SessionTest, ALargeBodyGoesOutAsTheServerTakesIt) {
  Begin({}, {.stream_window = 1000});
  const std::string body(300'000, 'x');
  Send(1, {.method = "POST", .path = "/", .body = body});
  ASSERT_EQ(requests_.size(), 1u);
  EXPECT_EQ(requests_[0].body.size(), body.size());
}

TEST_F(Http2SessionTest, WhatIsNotConsumedStopsTheServer) {
  constexpr int32_t kWindow = 100'000;
  Begin({.stream_window = kWindow, .connection_window = kWindow});
  consumes_ = false;
  Send(1);
  const std::string body(250'000, 'x');
  server_->Head(1, 200, {});
  server_->Body(1, body);
  server_->End(1);
  Talk();
  ASSERT_EQ(events_.lines().size(), 2u);
  EXPECT_EQ(events_.lines()[1].size(), kWindow + std::string("1 body ").size());
  client_->Consume(1, kWindow);
  Talk();
  EXPECT_EQ(events_.lines()[1].size(),
            2 * kWindow + std::string("1 body ").size());
  client_->Consume(1, kWindow);
  Talk();
  EXPECT_THAT(events_.lines().back(), "1 end OK");
}

// The window of the connection is shared: what a request leaves behind must not
// shrink it for the others.
TEST_F(Http2SessionTest, BodiesOfCancelledRequestsFreeTheirWindow) {
  constexpr int32_t kWindow = 100'000;
  Begin({.stream_window = kWindow, .connection_window = kWindow});
  for (RequestId id = 1; id <= 20; ++id) {
    consumes_ = false;
    Send(id);
    const int32_t stream = server_->last_stream();
    server_->Head(stream, 200, {});
    server_->Body(stream, std::string(kWindow, 'x'));
    // The body is under way when the request is cancelled.
    const std::string bytes = server_->TakeOutput();
    client_->OnBytes(now_, AsBytes(bytes).first(bytes.size() / 2));
    client_->Cancel(id);
    client_->OnBytes(now_, AsBytes(bytes).subspan(bytes.size() / 2));
    consumes_ = true;
    Talk();
  }
  Send(99);
  Respond(server_->last_stream(), std::string(kWindow, 'y'));
  EXPECT_EQ(events_.lines().back(), "99 end OK");
}

TEST_F(Http2SessionTest, ACancelledRequestHasNoMoreEvents) {
  Begin();
  Send(1);
  Send(2);
  server_->Head(1, 200, {});
  Talk();
  client_->Cancel(1);
  Talk();
  EXPECT_EQ(server_->resets(), 1);
  EXPECT_FALSE(server_->IsOpen(1));
  Respond(3, "b");
  client_->Cancel(2);  // It is over.
  client_->Cancel(77);
  Talk();
  EXPECT_EQ(server_->resets(), 1);
  EXPECT_THAT(events_.lines(),
              ElementsAre("1 head 200", "2 head 200", "2 body b", "2 end OK"));
}

TEST_F(Http2SessionTest, MoreRequestsThanTheServerAllowsWait) {
  Begin({}, {.streams_max = 2});
  Talk();
  for (RequestId id = 1; id <= 5; ++id) Send(id);
  EXPECT_EQ(requests_.size(), 2u);
  client_->Cancel(3);  // One that waits.
  Respond(1, "");
  EXPECT_EQ(requests_.size(), 3u);
  client_->Cancel(2);
  Talk();
  EXPECT_EQ(requests_.size(), 4u);
  Respond(5, "");
  Respond(7, "");
  EXPECT_THAT(events_.lines(),
              ElementsAre("1 head 200", "1 end OK", "4 head 200", "4 end OK",
                          "5 head 200", "5 end OK"));
}

TEST_F(Http2SessionTest, TheServerMayAllowMoreOrNoneLater) {
  Begin({}, {.streams_max = 0});
  Talk();
  Send(1);
  EXPECT_THAT(requests_, IsEmpty());
  server_->ChangeStreamsMax(1);
  Talk();
  EXPECT_EQ(requests_.size(), 1u);
}

TEST_F(Http2SessionTest, ItsOwnBoundsHoldToo) {
  Begin({.requests_max = 3, .streams_max = 1});
  for (RequestId id = 1; id <= 4; ++id) Send(id);
  EXPECT_EQ(requests_.size(), 1u);
  EXPECT_THAT(events_.lines(),
              ElementsAre("4 end RESOURCE_EXHAUSTED: 3 requests are open, want "
                          "at most that"));
}

TEST_F(Http2SessionTest, ResetsAreStatuses) {
  const std::pair<uint32_t, std::string> cases[] = {
      {0, "INTERNAL: the server ended the response early"},
      {1, "INTERNAL: the response ended with PROTOCOL_ERROR"},
      {2, "INTERNAL: the response ended with INTERNAL_ERROR"},
      {kRefusedStream,
       "UNAVAILABLE: the server did not take the request (REFUSED_STREAM)"},
      {kCancel, "CANCELLED: the server ended the response (CANCEL)"},
      {kEnhanceYourCalm,
       "RESOURCE_EXHAUSTED: the server refuses more requests "
       "(ENHANCE_YOUR_CALM)"},
      {99, "INTERNAL: the response ended with error 99"},
  };
  for (const auto& [code, status] : cases) {
    Begin();
    Send(1);
    server_->Head(1, 200, {});
    Talk();
    server_->Reset(1, code);
    Talk();
    EXPECT_THAT(events_.lines(), ElementsAre("1 head 200", "1 end " + status));
    EXPECT_TRUE(client_->takes_requests());
  }
}

TEST_F(Http2SessionTest, AResponseMayEndBeforeTheRequest) {
  Begin({}, {.stream_window = 10});
  client_->Send(now_, 1,
                {.method = "POST", .path = "/", .body = std::string(100, 'x')});
  // The server sees the head, grants no window, and refuses.
  const std::string head = client_->TakeOutput();
  server_->OnBytes(AsBytes(head));
  server_->Head(1, 413, {});
  server_->End(1);
  client_->OnBytes(now_, AsBytes(server_->TakeOutput()));
  TakeEvents();
  EXPECT_THAT(events_.lines(), ElementsAre("1 head 413", "1 end OK"));
  Talk();
  EXPECT_FALSE(server_->IsOpen(1));
}

TEST_F(Http2SessionTest, AfterGoAwayOpenRequestsEndAndNewOnesAreRefused) {
  Begin();
  Send(1);
  Send(2);
  Send(3);
  server_->Head(1, 200, {});
  server_->GoAway(/*last_stream=*/3, /*error_code=*/0, "restart\n");
  Talk();
  EXPECT_FALSE(client_->takes_requests());
  EXPECT_THAT(client_->status(), IsOk());
  Send(4);
  server_->End(1);
  Talk();
  EXPECT_THAT(client_->status(), IsOk());
  Respond(3, "b");
  EXPECT_THAT(
      events_.lines(),
      ElementsAre("1 head 200",
                  "3 end UNAVAILABLE: the server did not take the request "
                  "(REFUSED_STREAM)",
                  "4 end UNAVAILABLE: the server ends the connection "
                  "(NO_ERROR: restart\\n)",
                  "1 end OK", "2 head 200", "2 body b", "2 end OK"));
  EXPECT_THAT(client_->status(),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("restart")));
}

TEST_F(Http2SessionTest, GoAwayEndsRequestsThatWait) {
  Begin({.streams_max = 1});
  Send(1);
  Send(2);
  server_->GoAway(1, kEnhanceYourCalm, std::string(1000, 'x'));
  Talk();
  ASSERT_EQ(events_.lines().size(), 1u);
  EXPECT_THAT(events_.lines()[0],
              StartsWith("2 end UNAVAILABLE: the server ends the connection "
                         "(ENHANCE_YOUR_CALM: xxx"));
  EXPECT_LT(events_.lines()[0].size(), 250u);
}

TEST_F(Http2SessionTest, ADrainedSessionEndsAfterItsLastRequest) {
  Begin();
  Send(1);
  client_->Drain();
  Send(2);
  EXPECT_THAT(client_->status(), IsOk());
  Respond(1, "");
  EXPECT_THAT(events_.lines(),
              ElementsAre("2 end UNAVAILABLE: the connection takes no new "
                          "requests",
                          "1 head 200", "1 end OK"));
  EXPECT_FALSE(client_->status().ok());
  EXPECT_FALSE(server_->wants_bytes());  // It was told.
}

TEST_F(Http2SessionTest, TheEndEndsEveryRequest) {
  Begin({.streams_max = 1});
  Send(1);
  Send(2);
  client_->End(absl::UnavailableError("cut"));
  client_->End(absl::InternalError("again"));
  Talk();
  EXPECT_THAT(events_.lines(),
              ElementsAre("1 end UNAVAILABLE: cut", "2 end UNAVAILABLE: cut"));
  Send(3);
  client_->Cancel(1);
  EXPECT_EQ(events_.lines().back(), "3 end UNAVAILABLE: cut");
  EXPECT_EQ(client_->NextDeadline(), absl::InfiniteFuture());
}

TEST_F(Http2SessionTest, ASilentServerIsPingedWhileRequestsAreOpen) {
  Begin(
      {.ping_interval = absl::Seconds(15), .ping_timeout = absl::Seconds(10)});
  Talk();
  EXPECT_EQ(client_->NextDeadline(), absl::InfiniteFuture());
  const absl::Time start = now_;
  Send(1);
  EXPECT_EQ(client_->NextDeadline(), start + absl::Seconds(15));
  now_ = start + absl::Seconds(14);
  client_->OnTimer(now_);
  Talk();
  EXPECT_EQ(server_->pings(), 0);
  now_ = start + absl::Seconds(15);
  client_->OnTimer(now_);
  EXPECT_EQ(client_->NextDeadline(), start + absl::Seconds(25));
  Talk();  // The answer.
  EXPECT_EQ(server_->pings(), 1);
  EXPECT_EQ(client_->NextDeadline(), start + absl::Seconds(30));
  Respond(1, "");
  EXPECT_EQ(client_->NextDeadline(), absl::InfiniteFuture());
}

TEST_F(Http2SessionTest, AnUnansweredPingEndsTheConnection) {
  Begin(
      {.ping_interval = absl::Seconds(15), .ping_timeout = absl::Seconds(10)});
  Send(1);
  now_ += absl::Seconds(15);
  client_->OnTimer(now_);
  now_ += absl::Seconds(10) - absl::Milliseconds(1);
  client_->OnTimer(now_);
  TakeEvents();
  EXPECT_THAT(events_.lines(), IsEmpty());
  now_ += absl::Milliseconds(1);
  client_->OnTimer(now_);
  TakeEvents();
  EXPECT_THAT(events_.lines(),
              ElementsAre("1 end UNAVAILABLE: the server is silent, no answer "
                          "to a ping within 10s"));
}

TEST_F(Http2SessionTest, AnyBytesAreASignOfLife) {
  Begin(
      {.ping_interval = absl::Seconds(15), .ping_timeout = absl::Seconds(10)});
  Send(1);
  now_ += absl::Seconds(15);
  client_->OnTimer(now_);
  now_ += absl::Seconds(9);
  client_->OnBytes(now_, {});  // A part of a TLS record.
  EXPECT_EQ(client_->NextDeadline(), now_ + absl::Seconds(15));
}

TEST_F(Http2SessionTest, ARequestAfterAPauseIsPingedAtOnce) {
  Begin(
      {.ping_interval = absl::Seconds(15), .ping_timeout = absl::Seconds(10)});
  Send(1);
  Respond(1, "");
  now_ += absl::Hours(1);
  client_->Send(now_, 2, {.path = "/"});
  EXPECT_LE(client_->NextDeadline(), now_);
  client_->OnTimer(now_);
  EXPECT_EQ(client_->NextDeadline(), now_ + absl::Seconds(10));
  Talk();
  EXPECT_EQ(server_->pings(), 1);
}

TEST_F(Http2SessionTest, ARequestThatHttpCannotCarryEndsAtOnce) {
  Begin();
  Send(1, {.path = "no path"});
  ASSERT_EQ(events_.lines().size(), 1u);
  EXPECT_THAT(events_.lines()[0],
              StartsWith("1 end INVALID_ARGUMENT: request: path \"no path\""));
  EXPECT_THAT(requests_, IsEmpty());
}

}  // namespace
}  // namespace lb::http

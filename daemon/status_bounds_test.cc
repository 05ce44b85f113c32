// Bounds the cost of one caller: sends bytes that no gRPC client sends to a
// server in this process, and measures its memory.
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "daemon/front/http2_bounds.h"
#include "daemon/front/testing/http2_frames.h"
#include "daemon/status_server.h"
#include "daemon/testing/many_services.h"
#include "daemon/testing/raw_caller.h"
#include "daemon/testing/tls_node_test.h"
#include "gmock/gmock.h"
#include "grpcpp/grpcpp.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"

namespace lb::front {
namespace {

constexpr size_t kMegabyte = 1 << 20;
constexpr std::string_view kHealthWatch = "/grpc.health.v1.Health/Watch";

class StatusBoundsTest : public NodeTest {
 protected:
  std::string path() const { return listen_.substr(5); }

  // A caller that has greeted the server as HTTP/2 does.
  RawCaller Greeted() const {
    RawCaller caller(path());
    EXPECT_TRUE(caller.Send(kPreface + Frame(kSettings)));
    EXPECT_FALSE(caller.Receive(absl::Seconds(10)).empty());
    EXPECT_TRUE(caller.Send(Frame(kSettings, kAck)));
    return caller;
  }

  bool IsServed() {
    grpc::ClientContext context;
    context.set_wait_for_ready(true);
    context.set_deadline(std::chrono::system_clock::now() +
                         std::chrono::seconds(10));
    status::v1::GetNodeResponse node;
    return stub_->GetNode(&context, {}, &node).ok();
  }

  size_t GrownSince(size_t before) const {
    const size_t now = ResidentBytes();
    return now > before ? now - before : 0;
  }
};

// CVE-2023-33953: HPACK announces a long string, which never ends.
TEST_F(StatusBoundsTest, AFloodOfHeadersEnds) {
  ASSERT_TRUE(IsServed());
  const size_t before = ResidentBytes();
  const absl::Time begin = absl::Now();
  const RawCaller caller = Greeted();
  const std::string announced("\x00\x01x\x7f\xff\xff\xff\x7f", 8);
  bool taken = caller.Send(Frame(kHeaders, 0, 1, announced));
  const std::string more = Frame(kContinuation, 0, 1, std::string(16000, 'x'));
  size_t sent = 0;
  while (taken && sent < 53 * kMegabyte) {
    taken = caller.Send(more);
    sent += more.size();
  }
  EXPECT_FALSE(taken);
  EXPECT_LT(sent, kMegabyte);
  EXPECT_LT(absl::Now() - begin, absl::Seconds(1));
  EXPECT_TRUE(IsServed());
  EXPECT_LT(GrownSince(before), 10 * kMegabyte);
}

// A byte in a header block can stand for a field of 4,000 that was sent once.
TEST_F(StatusBoundsTest, HeadersThatUnpackToMuchTakeNoMemory) {
  ASSERT_TRUE(IsServed());
  const size_t before = ResidentBytes();
  std::vector<RawCaller> callers;
  for (const int calls : {Http2Bounds::kEarlyBlocksMax, 90}) {
    callers.push_back(calls == 90 ? Greeted() : RawCaller(path()));
    if (calls != 90) callers.back().Send(kPreface + Frame(kSettings));
    const std::string field =
        std::string("\x40\x01x\x7f\xa1\x1e", 6) + std::string(4000, 'x');
    std::string all;
    for (int i = 0; i < calls; ++i) {
      std::string block = i == 0 ? field : "";
      block.resize(8100, '\xbe');
      all +=
          Frame(kHeaders, kEndHeaders, static_cast<uint32_t>(2 * i + 1), block);
    }
    callers.back().Send(all);
    // Refused call by call, or all at once.
    callers.back().Receive(absl::Seconds(10));
  }
  EXPECT_TRUE(IsServed());
  EXPECT_LT(GrownSince(before), 10 * kMegabyte);
}

// gRPC would serve any number of calls to a caller that never acknowledges.
TEST_F(StatusBoundsTest, CallsBeforeSettingsAreAcknowledgedAreFew) {
  const RawCaller caller(path());
  std::string calls;
  for (uint32_t i = 0; i < 5; ++i) calls += Call(2 * i + 1, kHealthWatch);
  ASSERT_TRUE(caller.Send(kPreface + Frame(kSettings) + calls));
  EXPECT_TRUE(caller.EndsWithin(absl::Seconds(2)));
  EXPECT_TRUE(IsServed());
}

TEST_F(StatusBoundsTest, ManyWatchesOfOneConnectionTakeNoMemory) {
  ASSERT_TRUE(IsServed());
  const size_t before = ResidentBytes();
  const RawCaller caller = Greeted();
  std::string watches;
  for (uint32_t i = 0; i < 3000; ++i) watches += Call(2 * i + 1, kHealthWatch);
  caller.Send(watches);
  // gRPC ends a connection with more calls than it announced.
  EXPECT_TRUE(caller.EndsWithin(absl::Seconds(10)));
  EXPECT_TRUE(IsServed());
  EXPECT_LT(GrownSince(before), 10 * kMegabyte);
}

// CVE-2023-44487: it goes on, at the pace that it may have.
TEST_F(StatusBoundsTest, CallsThatAreCancelledAtOnceArePaced) {
  const RawCaller caller = Greeted();
  std::string calls;
  for (uint32_t i = 0; i < 2000; ++i) {
    calls += Call(2 * i + 1, kHealthWatch) +
             Frame(kReset, 0, 2 * i + 1, std::string("\0\0\0\x08", 4));
  }
  const absl::Time begin = absl::Now();
  ASSERT_TRUE(caller.Send(calls + Frame(kPing, 0, 0, "paced by")));
  bool answered = false;
  for (std::string all; !answered && absl::Now() - begin < absl::Seconds(20);) {
    all += caller.Receive(absl::Seconds(5));
    answered = all.find("paced by") != all.npos;
  }
  EXPECT_TRUE(answered);
  EXPECT_GT(absl::Now() - begin, absl::Milliseconds(1500));
  EXPECT_TRUE(IsServed());
}

// 1 MB, in frames as large as gRPC makes them.
TEST_F(StatusBoundsTest, TheLargestRequestPasses) {
  std::string request("\xfa\x3e\xa0\x8d\x3c", 5);  // A field that is unknown.
  request += std::string(984'736, 'x');
  EXPECT_FALSE(AskRaw("/lb.status.v1.Status/GetNode", request).empty());
}

// The window of the caller is open, but it does not read.
TEST_F(StatusBoundsTest, WhoDoesNotReadTakesNoMemory) {
  OnLoop([this] {
    for (int i = 0; i < 4000; ++i) {
      world_->environment().log->Record({.reason = "Test",
                                         .object = {EventObject::kNode, "n1"},
                                         .message = std::string(1000, 'x')});
    }
  });
  ASSERT_TRUE(IsServed());
  const size_t before = ResidentBytes();
  const RawCaller caller = Greeted();
  const std::string window("\x3f\xff\xff\xff", 4);
  std::string calls = Frame(kWindowUpdate, 0, 0, window);
  for (uint32_t i = 0; i < 90; ++i) {
    calls += Call(2 * i + 1, "/lb.status.v1.Status/WatchEvents") +
             Frame(kWindowUpdate, 0, 2 * i + 1, window);
  }
  ASSERT_TRUE(caller.Send(calls));
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(IsServed());
  EXPECT_LT(GrownSince(before), 20 * kMegabyte);
}

// The answers that gRPC keeps for the caller are bounded: others are refused
// until it goes.
TEST_F(StatusBoundsTest, AnswersThatNobodyReadsAreBounded) {
  SetManifests(ManyServices(3000));
  const auto ask = [this] {
    grpc::ClientContext context;
    status::v1::ListServicesRequest request;
    request.set_page_size(1);
    status::v1::ListServicesResponse services;
    return stub_->ListServices(&context, request, &services).error_code();
  };
  const auto ask_until = [&](grpc::StatusCode code) {
    const absl::Time last = absl::Now() + absl::Seconds(20);
    while (absl::Now() < last && ask() != code) continue;
    return ask() == code;
  };
  ASSERT_EQ(ask(), grpc::StatusCode::OK);
  const size_t before = ResidentBytes();
  {
    std::string calls = Frame(kWindowUpdate, 0, 0, "\x3f\xff\xff\xff");
    for (uint32_t i = 0; i < 95; ++i) {
      calls += Call(2 * i + 1, "/lb.status.v1.Status/ListServices") +
               Frame(kWindowUpdate, 0, 2 * i + 1, "\x3f\xff\xff\xff");
    }
    const RawCaller caller = Greeted();
    ASSERT_TRUE(caller.Send(calls));
    EXPECT_TRUE(ask_until(grpc::StatusCode::RESOURCE_EXHAUSTED));
    EXPECT_LT(GrownSince(before), 80 * kMegabyte);
  }
  EXPECT_TRUE(ask_until(grpc::StatusCode::OK));
}

TEST_F(StatusBoundsTest, SilentCallersMakeRoom) {
  std::vector<RawCaller> silent;
  for (int i = 0; i < 100; ++i) silent.emplace_back(path());
  EXPECT_TRUE(IsServed());
  EXPECT_TRUE(silent.front().EndsWithin(absl::Seconds(1)));
  EXPECT_TRUE(silent.back().EndsWithin(absl::Seconds(7)));
}

TEST_F(StatusBoundsTest, AListenerHasSoManyConnections) {
  std::vector<RawCaller> callers;
  while (callers.size() < 128) callers.push_back(Greeted());
  const RawCaller one_more(path());
  EXPECT_TRUE(one_more.EndsWithin(absl::Seconds(1)));
  callers.pop_back();
  EXPECT_TRUE(IsServed());
}

using StatusTlsBoundsTest = TlsNodeTest;

// As many as can be pending, and more; each ends after 5 s.
TEST_F(StatusTlsBoundsTest, SlowHandshakesHoldNobodyUp) {
  const auto server = Start(tls_);
  ASSERT_THAT(server, IsOk());
  const uint16_t port =
      static_cast<uint16_t>(std::stoi(address_.substr(address_.find(':') + 1)));
  std::vector<RawCaller> slow;
  for (int i = 0; i < 100; ++i) {
    slow.emplace_back(port).Send(std::string("\x16\x03\x01", 3));
  }
  const absl::Time begin = absl::Now();
  EXPECT_TRUE(AskOver("ca").ok());
  EXPECT_LT(absl::Now() - begin, absl::Seconds(2));
  EXPECT_TRUE(slow.back().EndsWithin(absl::Seconds(7)));
  (*server)->Shutdown();
}

// HTTP/2 or nothing, and no session that outlives its certificate.
TEST_F(StatusTlsBoundsTest, HandshakesAreForHttp2AndNotResumed) {
  const auto server = Start(tls_);
  ASSERT_THAT(server, IsOk());
  const std::string client =
      "openssl s_client -connect " + address_ + " -CAfile ca.pem ";
  for (const std::string version : {"-tls1_2", "-tls1_3"}) {
    Run(client + version + " -alpn h2 -sess_out session </dev/null");
    EXPECT_THAT(Read("log"), testing::HasSubstr("ALPN protocol: h2"));
    EXPECT_EQ(Read("session"), "");
  }
  Run("! " + client + "-alpn http/1.1 </dev/null");
  Run("! " + client + "-alpn h2 -tls1_1 </dev/null");
  (*server)->Shutdown();
}

}  // namespace
}  // namespace lb::front

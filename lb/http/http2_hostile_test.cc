// What an Http2Session does with a server that is hostile, or broken.
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/bytes.h"
#include "lb/base/prng.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/http/http2_session.h"
#include "lb/http/testing/event_text.h"
#include "lb/http/testing/raw_frames.h"

namespace lb::http {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string kOk = RawField(":status", "200");

// A session with two open requests, on streams 1 and 3.
class Http2HostileTest : public testing::Test {
 protected:
  Http2HostileTest() { Begin({}); }

  void Begin(const Http2Options& options) {
    client_ = std::make_unique<Http2Session>(
        options, Http2Target{"http", "api.example"}, now_);
    events_ = {};
    client_->Send(now_, 1, {.path = "/"});
    client_->Send(now_, 2, {.path = "/", .body = std::string(1000, 'x')});
    client_->TakeOutput();
  }

  void Receive(const std::string& bytes) {
    client_->OnBytes(now_, AsBytes(bytes));
    for (const Http2Event& event : client_->TakeEvents()) {
      events_.Add(event);
      const auto* const body = std::get_if<BodyEvent>(&event);
      if (body != nullptr) client_->Consume(body->id, body->bytes.size());
    }
    output_bytes_ += client_->TakeOutput().size();
  }

  // Sends the bytes again and again, until the session ends.
  void Flood(const std::string& bytes, int times_max) {
    for (int i = 0; i < times_max && client_->status().ok(); ++i) {
      Receive(bytes);
      ++times_;
    }
  }

  struct Case {
    std::string what;
    std::string bytes;  // After the server's SETTINGS.
    std::string reason;
  };
  void ExpectEnds(const std::vector<Case>& cases) {
    for (const auto& [what, bytes, reason] : cases) {
      SCOPED_TRACE(what);
      Begin({});
      Receive(RawSettings());
      Receive(bytes);
      EXPECT_THAT(
          client_->status(),
          StatusIs(absl::StatusCode::kUnavailable,
                   AllOf(HasSubstr("the server fails: it breaks HTTP/2"),
                         HasSubstr(reason))));
      const std::string end = "end " + client_->status().ToString();
      EXPECT_THAT(events_.lines(), ElementsAre("1 " + end, "2 " + end));
    }
  }

  const absl::Time now_ = absl::UnixEpoch();
  std::unique_ptr<Http2Session> client_;
  EventText events_;
  int times_ = 0;
  size_t output_bytes_ = 0;
};

TEST_F(Http2HostileTest, BrokenFramesEndTheConnection) {
  ExpectEnds({
      {"a frame that is too long",
       RawFrame(RawType::kData, 0, 1, std::string(16'385, 'x')),
       "FRAME_SIZE_ERROR"},
      {"DATA on stream 0", RawFrame(RawType::kData, 0, 0, "x"),
       "PROTOCOL_ERROR"},
      {"HEADERS on stream 0", RawHead(0, kOk), "PROTOCOL_ERROR"},
      {"a stream that was never opened", RawHead(9, kOk), "PROTOCOL_ERROR"},
      {"a stream of the server's", RawHead(2, kOk), "PROTOCOL_ERROR"},
      {"a body without a head", RawFrame(RawType::kData, kRawEndStream, 1, "x"),
       "PROTOCOL_ERROR"},
      {"CONTINUATION without HEADERS",
       RawFrame(RawType::kContinuation, kRawEndHeaders, 1, kOk),
       "PROTOCOL_ERROR"},
      {"a frame within a header block",
       RawHead(1, kOk, 0) + RawFrame(RawType::kPing, 0, 0, "12345678"),
       "PROTOCOL_ERROR"},
      {"HPACK that is none", RawHead(1, "\xff\xff\xff\xff\xff\xff\xff"),
       "COMPRESSION_ERROR"},
      {"HPACK beyond its table", RawHead(1, "\xbe"), "COMPRESSION_ERROR"},
      {"PING of a bad length", RawFrame(RawType::kPing, 0, 0, "1234"),
       "FRAME_SIZE_ERROR"},
      {"RST_STREAM of an unknown stream",
       RawFrame(RawType::kReset, 0, 99, RawNumber(0, 4)), "PROTOCOL_ERROR"},
      {"GOAWAY that is too short", RawFrame(RawType::kGoAway, 0, 0, "1234"),
       "FRAME_SIZE_ERROR"},
  });
}

TEST_F(Http2HostileTest, BrokenWindowsAndSettingsEndTheConnection) {
  const std::string max_window = RawNumber(0x7fffffff, 4);
  ExpectEnds({
      {"a window of the connection that overflows",
       RawFrame(RawType::kWindowUpdate, 0, 0, max_window),
       "FLOW_CONTROL_ERROR"},
      {"a window of the connection that grows by nothing",
       RawFrame(RawType::kWindowUpdate, 0, 0, RawNumber(0, 4)),
       "PROTOCOL_ERROR"},
      {"an initial window that is too large",
       RawFrame(RawType::kSettings, 0, 0,
                RawNumber(4, 2) + RawNumber(0xffffffff, 4)),
       "FLOW_CONTROL_ERROR"},
      {"SETTINGS of a bad length", RawFrame(RawType::kSettings, 0, 0, "12345"),
       "FRAME_SIZE_ERROR"},
      {"SETTINGS on a stream", RawFrame(RawType::kSettings, 0, 1),
       "PROTOCOL_ERROR"},
  });
}

TEST_F(Http2HostileTest, BrokenRulesOfAResponseEndIt) {
  const struct {
    std::string what;
    std::string bytes;
  } cases[] = {
      {"a head without a status", RawHead(1, RawField("a", "b"))},
      {"two statuses", RawHead(1, kOk + kOk)},
      {"a status that is no number", RawHead(1, RawField(":status", "2x0"))},
      {"a status below 100", RawHead(1, RawField(":status", "099"))},
      {"a header's name in upper case",
       RawHead(1, kOk + RawField("Name", "value"))},
      {"a header that belongs to a connection",
       RawHead(1, kOk + RawField("connection", "close"))},
      {"a pseudo-header of a request",
       RawHead(1, kOk + RawField(":path", "/"))},
      {"a pseudo-header behind a header", RawHead(1, RawField("a", "b") + kOk)},
      {"a body that is longer than it said",
       RawHead(1, kOk + RawField("content-length", "1")) +
           RawFrame(RawType::kData, 0, 1, "xyz")},
      {"a body that is shorter than it said",
       RawHead(1, kOk + RawField("content-length", "9")) +
           RawFrame(RawType::kData, kRawEndStream, 1, "x")},
      {"an end behind an informational head",
       RawHead(1, RawField(":status", "103"), kRawEndHeaders | kRawEndStream)},
      {"a window of a stream that overflows",
       RawFrame(RawType::kWindowUpdate, 0, 1, RawNumber(0x7fffffff, 4))},
  };
  for (const auto& [what, bytes] : cases) {
    SCOPED_TRACE(what);
    Begin({});
    Receive(RawSettings() + bytes);
    ASSERT_FALSE(events_.lines().empty());
    EXPECT_THAT(events_.lines().back(), HasSubstr("1 end INTERNAL"));
    // The other one goes on.
    EXPECT_THAT(client_->status(), IsOk());
    Receive(RawHead(3, kOk, kRawEndHeaders | kRawEndStream));
    EXPECT_EQ(events_.lines().back(), "2 end OK");
  }
}

// Also before the server has acknowledged that it may not.
TEST_F(Http2HostileTest, APushEndsTheConnection) {
  for (const bool is_acknowledged : {false, true}) {
    Begin({});
    Receive(RawSettings());
    if (is_acknowledged) Receive(RawFrame(RawType::kSettings, kRawAck, 0));
    Receive(RawFrame(RawType::kPushPromise, kRawEndHeaders, 1,
                     RawNumber(2, 4) + RawField(":method", "GET")));
    EXPECT_THAT(client_->status(),
                StatusIs(absl::StatusCode::kUnavailable,
                         HasSubstr("it pushes a response to no request")));
  }
}

TEST_F(Http2HostileTest, AnotherProtocolIsNamed) {
  const std::string answer = "HTTP/1.1 400 Bad Request\r\n\r\n";
  for (size_t cut = 0; cut < answer.size(); ++cut) {
    Begin({});
    Receive(answer.substr(0, cut));
    Receive(answer.substr(cut));
    EXPECT_THAT(client_->status(),
                StatusIs(absl::StatusCode::kUnavailable,
                         "the server does not speak HTTP/2: it answers in "
                         "HTTP/1"));
  }
}

TEST_F(Http2HostileTest, MoreBodyThanTheWindowEndsTheConnection) {
  Begin({.stream_window = 65'535, .connection_window = 65'535});
  Receive(RawSettings() + RawFrame(RawType::kSettings, kRawAck, 0) +
          RawHead(1, kOk));
  // It is not consumed.
  const std::string data =
      RawFrame(RawType::kData, 0, 1, std::string(16'000, 'x'));
  for (int i = 0; i < 4; ++i) client_->OnBytes(now_, AsBytes(data));
  EXPECT_THAT(client_->status(), IsOk());
  client_->OnBytes(now_, AsBytes(data));
  EXPECT_THAT(client_->status(), StatusIs(absl::StatusCode::kUnavailable,
                                          HasSubstr("FLOW_CONTROL_ERROR")));
}

// Each of the last bytes stands for a header of 94 (RFC 7541, 6.1).
std::string HeaderBomb(uint32_t stream, int copies) {
  std::string fields = kOk;
  for (int i = 0; i < 30; ++i) {
    // With a place in the table (6.2.1): the last one is index 62.
    std::string field = RawField("name", std::string(90, 'x'));
    field[0] = 0x40;
    fields += field;
  }
  return RawHead(stream, fields + std::string(copies, '\xbe'));
}

TEST_F(Http2HostileTest, AHeaderBombEndsItsRequestOnly) {
  Receive(RawSettings() + HeaderBomb(1, 10'000));
  EXPECT_THAT(events_.lines(),
              ElementsAre("1 end RESOURCE_EXHAUSTED: the response has more "
                          "than 128 headers or 65536 bytes of them"));
  Receive(RawHead(3, kOk, kRawEndHeaders | kRawEndStream));
  EXPECT_EQ(events_.lines().back(), "2 end OK");
}

TEST_F(Http2HostileTest, TheBoundsOfAHeadAreExact) {
  const auto head_of = [](int fields, size_t value) {
    std::string bytes = kOk;
    for (int i = 0; i < fields; ++i) {
      bytes += RawField("n", std::string(value, 'x'));
    }
    return RawHead(1, bytes);
  };
  // The status is one header of 10 and 32 bytes, the others have 33 and more.
  Begin({.response_header_bytes_max = 42 + 3 * 40,
         .response_header_count_max = 4});
  Receive(RawSettings() + head_of(3, 7));
  EXPECT_THAT(events_.lines(), ElementsAre("1 head 200 n=xxxxxxx n=xxxxxxx "
                                           "n=xxxxxxx"));
  for (const auto& [fields, value] :
       std::vector<std::pair<int, size_t>>{{4, 1}, {3, 8}}) {
    Begin({.response_header_bytes_max = 42 + 3 * 40,
           .response_header_count_max = 4});
    Receive(RawSettings() + head_of(fields, value));
    ASSERT_EQ(events_.lines().size(), 1u);
    EXPECT_THAT(events_.lines()[0], HasSubstr("1 end RESOURCE_EXHAUSTED"));
  }
}

TEST_F(Http2HostileTest, AHeadWithoutEndEndsTheConnection) {
  Receive(RawSettings() + RawHead(1, kOk, 0));
  std::string fields;
  for (int i = 0; i < 100; ++i) fields += RawField("name", "value");
  const std::string bytes = RawFrame(RawType::kContinuation, 0, 1, fields);
  Flood(bytes, 1000);
  EXPECT_FALSE(client_->status().ok());
  EXPECT_LE(times_ * bytes.size(), 128u << 10);
  // The same in frames that have nothing in them.
  Begin({});
  times_ = 0;
  Receive(RawSettings() + RawHead(1, kOk, 0));
  Flood(RawFrame(RawType::kContinuation, 0, 1), 10'000);
  EXPECT_FALSE(client_->status().ok());
}

TEST_F(Http2HostileTest, EndlessInformationalHeadsEndTheRequest) {
  Receive(RawSettings());
  const std::string head = RawHead(1, RawField(":status", "103"));
  for (int i = 0; i < Http2Session::kInformationalMax; ++i) Receive(head);
  EXPECT_THAT(events_.lines(), IsEmpty());
  Receive(head);
  EXPECT_THAT(events_.lines(),
              ElementsAre("1 end INTERNAL: more than 16 informational "
                          "responses, want a final one"));
}

TEST_F(Http2HostileTest, FloodsOfEmptyFramesEndTheConnection) {
  const std::pair<std::string, std::string> cases[] = {
      {"PING", RawFrame(RawType::kPing, 0, 0, "12345678")},
      {"PING of another's", RawFrame(RawType::kPing, kRawAck, 0, "12345678")},
      {"SETTINGS", RawSettings()},
      {"empty DATA", RawFrame(RawType::kData, 0, 1)},
      {"PRIORITY", RawFrame(RawType::kPriority, 0, 1, std::string(5, 0))},
      {"WINDOW_UPDATE",
       RawFrame(RawType::kWindowUpdate, 0, 0, RawNumber(1, 4))},
      {"HEADERS behind the head", RawHead(3, RawField("a", "b"))},
  };
  for (const auto& [what, frame] : cases) {
    SCOPED_TRACE(what);
    Begin({});
    times_ = 0;
    output_bytes_ = 0;
    Receive(RawSettings() + RawHead(1, kOk));
    Flood(frame, 10'000);
    EXPECT_FALSE(client_->status().ok());
    EXPECT_LE(times_, FrameBudget::kAtOnce + 1);
    EXPECT_LE(output_bytes_, 20 * FrameBudget::kAtOnce);
  }
}

TEST_F(Http2HostileTest, FewEmptyFramesASecondAreNoFlood) {
  Receive(RawSettings());
  absl::Time now = now_;
  const std::string ping = RawFrame(RawType::kPing, 0, 0, "12345678");
  for (int i = 0; i < 10'000; ++i) {
    now += absl::Milliseconds(1);
    client_->OnBytes(now, AsBytes(ping));
    client_->TakeOutput();
  }
  EXPECT_THAT(client_->status(), IsOk());
}

TEST_F(Http2HostileTest, AWindowOfOneByteAtATimeIsServed) {
  const std::string one = RawNumber(1, 4);
  Begin({});
  // An initial window of 0 before the body is sent.
  client_ = std::make_unique<Http2Session>(Http2Options(),
                                           Http2Target{"http", "a"}, now_);
  Receive(
      RawFrame(RawType::kSettings, 0, 0, RawNumber(4, 2) + RawNumber(0, 4)));
  client_->Send(now_, 1, {.path = "/", .body = "abc"});
  client_->TakeOutput();
  for (const char* letter : {"a", "b", "c"}) {
    const std::string update = RawFrame(RawType::kWindowUpdate, 0, 1, one);
    client_->OnBytes(now_, AsBytes(update));
    const bool is_last = *letter == 'c';
    EXPECT_EQ(client_->TakeOutput(),
              RawFrame(RawType::kData, is_last ? kRawEndStream : 0, 1, letter));
  }
}

// Whatever comes, a request ends once, and nothing of it follows.
TEST_F(Http2HostileTest, AnyBytesGiveEachRequestOneEndAtMost) {
  const std::string good = RawSettings() +
                           RawHead(1, kOk + RawField("a", "b")) +
                           RawFrame(RawType::kData, 0, 1, "body") +
                           RawHead(3, kOk, kRawEndHeaders | kRawEndStream) +
                           RawFrame(RawType::kData, kRawEndStream, 1, "more");
  for (uint64_t seed = 1; seed <= 3000; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Prng prng(seed);
    std::string bytes = good;
    for (uint64_t i = prng.Uniform(4) + 1; i > 0; --i) {
      bytes[prng.Uniform(bytes.size())] = static_cast<char>(prng.Next());
    }
    Begin({});
    std::map<RequestId, int> ends;
    while (!bytes.empty()) {
      const std::string piece = bytes.substr(0, 1 + prng.Uniform(20));
      bytes.erase(0, piece.size());
      client_->OnBytes(now_, AsBytes(piece));
      for (const Http2Event& event : client_->TakeEvents()) {
        const auto* const end = std::get_if<EndEvent>(&event);
        const RequestId id =
            std::visit([](const auto& one) { return one.id; }, event);
        ASSERT_EQ(ends[id], 0);
        if (end != nullptr) ++ends[id];
      }
      client_->TakeOutput();
    }
    client_->End(absl::UnavailableError("cut"));
    for (const Http2Event& event : client_->TakeEvents()) {
      ASSERT_EQ(++ends[std::get<EndEvent>(event).id], 1);
    }
    ASSERT_EQ(ends[1], 1);
    ASSERT_EQ(ends[2], 1);
  }
}

}  // namespace
}  // namespace lb::http

#include "lb/bgp/wire/stream_framer.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fmt/format.h"
#include "gtest/gtest.h"
#include "lb/bgp/wire/open_codec.h"
#include "lb/bgp/wire/route_refresh.h"
#include "lb/bgp/wire/update_encoder.h"
#include "lb/net/testing/hex.h"

namespace lb::bgp::wire {
namespace {

using net::Hex;

constexpr std::string_view kMarker = "ffffffffffffffffffffffffffffffff";

void Append(const std::vector<uint8_t>& bytes, std::vector<uint8_t>& stream) {
  stream.insert(stream.end(), bytes.begin(), bytes.end());
}

// One message of each type.
std::vector<std::vector<uint8_t>> AllTypes() {
  return {EncodeOpen({.as_field = 64512, .hold_seconds = 90}),
          EncodeEndOfRib(net::IpFamily::kIpv4),
          EncodeNotification(Fault(CeaseSubcode::kCollision)),
          EncodeKeepalive(),
          EncodeRouteRefresh(RefreshKind::kRequest, net::IpFamily::kIpv6)};
}

// What came out of the framer, one line a message.
class Framed {
 public:
  void Add(absl::Span<const uint8_t> bytes) {
    while (const auto next = framer_.Next(&bytes)) {
      if (const auto* fault = std::get_if<Notification>(&*next)) {
        text_ += Text(*fault) + "\n";
        return;
      }
      const auto& message = std::get<Message>(*next);
      text_ += fmt::format("{} {} {}\n", static_cast<int>(message.type),
                           message.bytes.size(), message.body().size());
    }
    EXPECT_TRUE(bytes.empty());
    EXPECT_LE(framer_.buffered(), kMessageSizeMax);
  }

  const std::string& text() const { return text_; }

 private:
  StreamFramer framer_;
  std::string text_;
};

TEST(StreamFramerTest, GivesTheSameMessagesHoweverTheStreamIsCut) {
  std::vector<uint8_t> stream;
  for (const auto& message : AllTypes()) Append(message, stream);
  const absl::Span<const uint8_t> bytes = stream;
  Framed whole;
  whole.Add(bytes);
  EXPECT_EQ(whole.text(), "1 29 10\n2 23 4\n3 21 2\n4 19 0\n5 23 4\n");
  for (size_t cut = 0; cut <= stream.size(); ++cut) {
    Framed framed;
    framed.Add(bytes.first(cut));
    framed.Add(bytes.subspan(cut));
    EXPECT_EQ(framed.text(), whole.text()) << "cut at " << cut;
  }
  Framed bytewise;
  for (size_t i = 0; i < bytes.size(); ++i) bytewise.Add(bytes.subspan(i, 1));
  EXPECT_EQ(bytewise.text(), whole.text());
}

TEST(StreamFramerTest, KeepsNoMoreThanOneMessage) {
  std::vector<uint8_t> message(kMessageSizeMax - kHeaderSize);
  message = EncodeMessage(MessageType::kUpdate, message);
  ASSERT_EQ(message.size(), kMessageSizeMax);
  StreamFramer framer;
  for (int i = 0; i < 100; ++i) {
    absl::Span<const uint8_t> half =
        absl::MakeConstSpan(message).first(message.size() - 1);
    EXPECT_FALSE(framer.Next(&half).has_value());
    EXPECT_EQ(framer.buffered(), message.size() - 1);
    absl::Span<const uint8_t> rest = absl::MakeConstSpan(message).last(1);
    EXPECT_TRUE(framer.Next(&rest).has_value());
  }
}

struct HeaderCase {
  std::string_view after_marker;
  std::string_view text;
};

// RFC 4271, section 6.1. "4 bytes" and so on are the lengths of section 4.
constexpr HeaderCase kFaults[] = {
    {"0012 04", "1/2 message header: bad message length, data 0012"},
    {"0000 04", "1/2 message header: bad message length, data 0000"},
    {"1001 02", "1/2 message header: bad message length, data 1001"},
    {"ffff 02", "1/2 message header: bad message length, data ffff"},
    {"001c 01", "1/2 message header: bad message length, data 001c"},
    {"0016 02", "1/2 message header: bad message length, data 0016"},
    {"0014 03", "1/2 message header: bad message length, data 0014"},
    {"0014 04", "1/2 message header: bad message length, data 0014"},
    {"0013 00", "1/3 message header: bad message type, data 00"},
    {"0013 06", "1/3 message header: bad message type, data 06"},
    {"0017 ff", "1/3 message header: bad message type, data ff"},
};

TEST(StreamFramerTest, RefusesAHeaderWithTheNotificationOfTheRfc) {
  for (const HeaderCase& test : kFaults) {
    SCOPED_TRACE(test.after_marker);
    Framed framed;
    framed.Add(Hex(fmt::format("{}{}", kMarker, test.after_marker)));
    EXPECT_EQ(framed.text(), fmt::format("{}\n", test.text));
  }
}

TEST(StreamFramerTest, RefusesEachWrongByteOfTheMarker) {
  for (size_t at = 0; at < kMarkerSize; ++at) {
    std::vector<uint8_t> message = EncodeKeepalive();
    message[at] = 0xfe;
    Framed framed;
    framed.Add(message);
    EXPECT_EQ(framed.text(),
              "1/1 message header: connection not synchronized\n");
  }
}

TEST(StreamFramerTest, TakesNothingAfterAFault) {
  StreamFramer framer;
  const std::vector<uint8_t> bad = Hex(fmt::format("{}0013 09", kMarker));
  absl::Span<const uint8_t> input = bad;
  const auto first = framer.Next(&input);
  ASSERT_TRUE(first && std::holds_alternative<Notification>(*first));
  const std::vector<uint8_t> good = EncodeKeepalive();
  input = good;
  const auto second = framer.Next(&input);
  ASSERT_TRUE(second && std::holds_alternative<Notification>(*second));
  EXPECT_EQ(std::get<Notification>(*first), std::get<Notification>(*second));
  EXPECT_EQ(input.size(), good.size());
  EXPECT_EQ(framer.buffered(), 0U);
}

}  // namespace
}  // namespace lb::bgp::wire

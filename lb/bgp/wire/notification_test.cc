#include "lb/bgp/wire/notification.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fmt/format.h"
#include "gtest/gtest.h"
#include "lb/base/prng.h"
#include "lb/bgp/wire/message.h"
#include "lb/net/testing/hex.h"

namespace lb::bgp::wire {
namespace {

using net::Hex;

Notification Parse(std::string_view body) {
  return ParseNotification(Hex(body));
}

struct Example {
  std::string_view body;
  std::string_view text;
};

constexpr Example kExamples[] = {
    {"0101", "1/1 message header: connection not synchronized"},
    {"0102 1016", "1/2 message header: bad message length, data 1016"},
    {"0103 09", "1/3 message header: bad message type, data 09"},
    {"0200", "2/0 OPEN message"},
    {"0201 0004", "2/1 OPEN message: unsupported version, data 0004"},
    {"0202 0000fde8", "2/2 OPEN message: bad peer AS, data 0000fde8"},
    {"0203", "2/3 OPEN message: bad BGP identifier"},
    {"0204", "2/4 OPEN message: unsupported optional parameter"},
    {"0205", "2/5 OPEN message: authentication failure (deprecated)"},
    {"0206 0001", "2/6 OPEN message: unacceptable hold time, data 0001"},
    {"0207 010400020001",
     "2/7 OPEN message: unsupported capability, data 010400020001"},
    {"020b", "2/11 OPEN message: role mismatch"},
    {"0301", "3/1 UPDATE message: malformed attribute list"},
    {"0302", "3/2 UPDATE message: unrecognized well-known attribute"},
    {"0303 01", "3/3 UPDATE message: missing well-known attribute, data 01"},
    {"0304", "3/4 UPDATE message: attribute flags"},
    {"0305", "3/5 UPDATE message: attribute length"},
    {"0306", "3/6 UPDATE message: invalid ORIGIN"},
    {"0307", "3/7 UPDATE message: AS routing loop (deprecated)"},
    {"0308", "3/8 UPDATE message: invalid NEXT_HOP"},
    {"0309", "3/9 UPDATE message: optional attribute"},
    {"030a", "3/10 UPDATE message: invalid network field"},
    {"030b", "3/11 UPDATE message: malformed AS_PATH"},
    {"0400", "4/0 hold timer expired"},
    {"0500", "5/0 state machine"},
    {"0501", "5/1 state machine: unexpected message in OpenSent"},
    {"0502", "5/2 state machine: unexpected message in OpenConfirm"},
    {"0503", "5/3 state machine: unexpected message in Established"},
    {"0600", "6/0 cease"},
    {"0601 000101000003e8",
     "6/1 cease: maximum number of prefixes reached, data 000101000003e8"},
    {"0602", "6/2 cease: administrative shutdown"},
    {"0602 00", "6/2 cease: administrative shutdown, data 00"},
    {"0602 03 627965", "6/2 cease: administrative shutdown, \"bye\""},
    {"0603", "6/3 cease: peer deconfigured"},
    {"0604 03 627965", "6/4 cease: administrative reset, \"bye\""},
    {"0605", "6/5 cease: connection rejected"},
    {"0606", "6/6 cease: other configuration change"},
    {"0607", "6/7 cease: connection collision"},
    {"0608", "6/8 cease: out of resources"},
    {"0609", "6/9 cease: hard reset"},
    {"0609 0602 03 627965",
     "6/9 cease: hard reset, because of 6/2 cease: administrative shutdown"},
    {"060a", "6/10 cease: BFD down"},
    {"0701", "7/1 ROUTE-REFRESH message: invalid message length"},
    {"0800", "8/0 send hold timer expired"},
    {"0000", "0/0 unknown code"},
    {"0901", "9/1 unknown code: unknown subcode"},
    {"ffff 00", "255/255 unknown code: unknown subcode, data 00"},
    {"0699", "6/153 cease: unknown subcode"},
};

TEST(NotificationTest, HasWordsForEachCodeAndSubcode) {
  for (const Example& example : kExamples) {
    EXPECT_EQ(Text(Parse(example.body)), example.text);
  }
}

TEST(NotificationTest, EncodesWhatItParses) {
  for (const Example& example : kExamples) {
    const std::vector<uint8_t> body = Hex(example.body);
    EXPECT_EQ(EncodeNotification(ParseNotification(body)),
              EncodeMessage(MessageType::kNotification, body));
  }
}

TEST(NotificationTest, FaultsHaveTheirCodes) {
  EXPECT_EQ(Fault(HeaderSubcode::kBadType, {9}), Parse("0103 09"));
  EXPECT_EQ(Fault(OpenSubcode::kBadPeerAs), Parse("0202"));
  EXPECT_EQ(Fault(UpdateSubcode::kMalformedAsPath), Parse("030b"));
  EXPECT_EQ(Fault(StateSubcode::kOpenConfirm), Parse("0502"));
  EXPECT_EQ(Fault(CeaseSubcode::kBfdDown), Parse("060a"));
}

TEST(NotificationTest, ShowsAPartOfLongDataAndEncodesWhatFits) {
  Notification long_one = Fault(OpenSubcode::kUnsupportedParameter);
  long_one.data.assign(5000, 0xab);
  EXPECT_EQ(EncodeNotification(long_one).size(), kMessageSizeMax);
  const std::string text = Text(long_one);
  EXPECT_LT(text.size(), 200U);
  EXPECT_TRUE(text.ends_with("abab..."));
}

TEST(ShutdownTest, CarriesItsText) {
  const Notification bye = Shutdown(CeaseSubcode::kAdministrativeShutdown,
                                    "maintenance until 14:00");
  EXPECT_EQ(ShutdownText(bye), "maintenance until 14:00");
  EXPECT_EQ(Text(bye),
            "6/2 cease: administrative shutdown, \"maintenance until 14:00\"");
  const Notification silent = Shutdown(CeaseSubcode::kAdministrativeReset, "");
  EXPECT_EQ(silent, Parse("0604 00"));
  EXPECT_EQ(ShutdownText(silent), std::nullopt);
}

TEST(ShutdownTest, CutsBetweenTwoCharacters) {
  // 254 bytes, and characters of two, three and four bytes that do not fit.
  const std::string most(kShutdownTextMax - 1, 'x');
  for (const std::string_view last : {"\u00fc", "\u20ac", "\U0001f600"}) {
    const Notification bye = Shutdown(CeaseSubcode::kAdministrativeShutdown,
                                      fmt::format("{}{}{}", most, last, last));
    EXPECT_EQ(bye.data.size(), 1 + most.size());
    EXPECT_EQ(ShutdownText(bye), most);
  }
  const std::string full(kShutdownTextMax, 'x');
  EXPECT_EQ(
      ShutdownText(Shutdown(CeaseSubcode::kAdministrativeShutdown, full + "y")),
      full);
  EXPECT_EQ(ShutdownText(Shutdown(CeaseSubcode::kAdministrativeShutdown, full)),
            full);
}

TEST(ShutdownTest, ShowsAPeersTextInAsciiAlone) {
  EXPECT_EQ(ShutdownText(Parse("0602 04 61 0a c3bc")), "a\\u000a\\u00fc");
  EXPECT_EQ(ShutdownText(Parse("0602 02 ff 1b")), "\\xff\\u001b");
}

TEST(ShutdownTest, HasNoneIfTheLengthIsWrong) {
  for (const std::string_view body :
       {"0602", "0602 00", "0602 04 627965", "0602 02 627965", "0602 ff 62",
        "0603 03 627965", "0202 03 627965"}) {
    EXPECT_EQ(ShutdownText(Parse(body)), std::nullopt) << body;
  }
}

TEST(NotificationTest, AnyBytesHaveABoundedTextInAscii) {
  Prng prng(11);
  for (int i = 0; i < 20000; ++i) {
    std::vector<uint8_t> body(2 + prng.Uniform(300));
    for (uint8_t& byte : body) byte = static_cast<uint8_t>(prng.Next());
    if (prng.Chance(50)) {
      body[0] = 6;
      body[1] = 2;
      if (body.size() > 2) body[2] = static_cast<uint8_t>(body.size() - 3);
    }
    const std::string text = Text(ParseNotification(body));
    ASSERT_LE(text.size(), 2048U);
    for (const char c : text) ASSERT_TRUE(c >= 0x20 && c < 0x7f);
  }
}

}  // namespace
}  // namespace lb::bgp::wire

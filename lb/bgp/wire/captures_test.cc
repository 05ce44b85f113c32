// What four speakers of Debian 12 sent to one peer after their connections were
// made: AS 64512 announces up to two IPv4 prefixes and one IPv6 prefix.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_split.h"
#include "fmt/format.h"
#include "gtest/gtest.h"
#include "lb/bgp/wire/open_codec.h"
#include "lb/bgp/wire/stream_framer.h"
#include "lb/bgp/wire/update_parser.h"
#include "lb/net/testing/hex.h"

namespace lb::bgp::wire {
namespace {

struct Capture {
  std::string_view speaker;
  std::string_view messages;  // without their markers, and '|' between them
  std::string_view meaning;
};

constexpr Capture kCaptures[] = {
    {"BIRD 2.0.12",
     "004d0104fc0000f00a63000130022e0104000100010104000200010200050600010001"
     "00020600400a0078000101000002010041040000fc0046004700"
     "|"
     "001304"
     "|"
     "003302000000144001010040020602010000fc004003040a63000118c6336418c63365"
     "|"
     "00170200000000"
     "|"
     "0054020000003d900e002c0002012020010db8000000000000000000000001fe800000"
     "00000000907747fffe6133c0003020010db800014001010040020602010000fc00"
     "|"
     "001d0200000006800f03000201"
     "",
     "OPEN AS 64512 hold 240 IPv4 IPv6 2 5 6 64(120 s) 65 70\n"
     "KEEPALIVE\n"
     "UPDATE +2 -0 +0 -0\n"
     "UPDATE +0 -0 +0 -0 end of IPv4\n"
     "UPDATE +0 -0 +1 -0\n"
     "UPDATE +0 -0 +0 -0 end of IPv6\n"},
    {"FRR 8.4.4",
     "00790104fc0000b40a6300015c02060104000100010206010400020001020280000202"
     "020002024600020641040000fc0002020600020a450800010101000201010206490402"
     "766d00020c400ac07800010100000201000210470e0001018000000000020180000000"
     "|"
     "001304"
     "|"
     "003b020000001c400101005002000602010000fc004003040a63000180040400000000"
     "18c6336418c63365"
     "|"
     "004c0200000035900e001c0002011000000000000000000000ffff0a63000100302001"
     "0db80001400101005002000602010000fc0080040400000000"
     "|"
     "00170200000000"
     "|"
     "001d0200000006800f03000201"
     "",
     "OPEN AS 64512 hold 180 IPv4 IPv6 2 6 64(120 s, N) 65 70\n"
     "KEEPALIVE\n"
     "UPDATE +2 -0 +0 -0\n"
     "UPDATE +0 -0 +1 -0\n"
     "UPDATE +0 -0 +0 -0 end of IPv4\n"
     "UPDATE +0 -0 +0 -0 end of IPv6\n"},
    {"GoBGP 3.10",
     "00410104fc00005a0a6300012402220200490402766d00010400010001010400020001"
     "41040000fc000506000100010002"
     "|"
     "001304"
     "",
     "OPEN AS 64512 hold 90 IPv4 IPv6 2 5 65\n"
     "KEEPALIVE\n"},
    {"ExaBGP 4.2.21",
     "004f0104fc0000b40a6300013202060104000100010206010400020001020641040000"
     "fc00020c400a80780001018000020180020202000202460002020600"
     "|"
     "001304"
     "|"
     "005002000000354001010040020602010000fc004003040a63000180040400000007c0"
     "0808fc000001ffffff01c0200c0000fc00000000010000000218c63364"
     "|"
     "0043020000002c4001010040020602010000fc00800e1c0002011020010db800000000"
     "0000000000000001003020010db80001"
     "|"
     "00170200000000"
     "|"
     "001e0200000007900f0003000201"
     "",
     "OPEN AS 64512 hold 180 IPv4 IPv6 2 6 64(120 s) 65 70\n"
     "KEEPALIVE\n"
     "UPDATE +1 -0 +0 -0\n"
     "UPDATE +0 -0 +1 -0\n"
     "UPDATE +0 -0 +0 -0 end of IPv4\n"
     "UPDATE +0 -0 +0 -0 end of IPv6\n"}};

std::string Meaning(const Open& open) {
  std::string text = fmt::format("OPEN AS {} hold {}", open.asn().ToString(),
                                 open.hold_seconds);
  const auto add = [&text](bool has, std::string_view what) {
    if (has) text += fmt::format(" {}", what);
  };
  const Capabilities& offered = *open.capabilities;
  add(offered.families.ipv4, "IPv4");
  add(offered.families.ipv6, "IPv6");
  add(offered.route_refresh, "2");
  add(offered.ipv4_by_ipv6_next_hop, "5");
  add(offered.extended_message, "6");
  if (offered.graceful_restart) {
    text += fmt::format(" 64({} s{})", offered.graceful_restart->seconds,
                        offered.graceful_restart->notification ? ", N" : "");
  }
  add(open.four_octet_as(), "65");
  add(offered.enhanced_route_refresh, "70");
  return text;
}

std::string Meaning(const ReceivedUpdate& update) {
  std::string text = fmt::format("UPDATE +{} -{} +{} -{}",
                                 update.ipv4.announced, update.ipv4.withdrawn,
                                 update.ipv6.announced, update.ipv6.withdrawn);
  if (update.end_of_rib) {
    text += fmt::format(" end of {}", ToString(*update.end_of_rib));
  }
  return update.fault.empty() ? text : text + " " + update.fault;
}

template <typename T>
std::string Meaning(const Result<T>& result) {
  if (const auto* fault = std::get_if<Notification>(&result)) {
    return Text(*fault);
  }
  return Meaning(std::get<T>(result));
}

std::string Meaning(const Message& message) {
  switch (message.type) {
    case MessageType::kOpen:
      return Meaning(ParseOpen(message.body()));
    case MessageType::kUpdate:
      return Meaning(ParseUpdate(message.body(), {.four_octet_as = true}));
    case MessageType::kKeepalive:
      return "KEEPALIVE";
    default:
      return "another type";
  }
}

TEST(CapturesTest, ReadsWhatOtherSpeakersSend) {
  for (const Capture& capture : kCaptures) {
    SCOPED_TRACE(capture.speaker);
    std::vector<uint8_t> stream;
    for (const std::string& message : std::vector<std::string>(
             absl::StrSplit(std::string(capture.messages), '|'))) {
      stream.insert(stream.end(), kMarkerSize, 0xff);
      const std::vector<uint8_t> rest = net::Hex(message);
      stream.insert(stream.end(), rest.begin(), rest.end());
    }
    StreamFramer framer;
    std::string meaning;
    absl::Span<const uint8_t> input = stream;
    while (const auto next = framer.Next(&input)) {
      ASSERT_TRUE(std::holds_alternative<Message>(*next));
      meaning += Meaning(std::get<Message>(*next)) + "\n";
    }
    EXPECT_EQ(meaning, capture.meaning);
  }
}

}  // namespace
}  // namespace lb::bgp::wire

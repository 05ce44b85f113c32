#include "lb/bgp/wire/update_parser.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fmt/format.h"
#include "gtest/gtest.h"
#include "lb/base/prng.h"
#include "lb/bgp/wire/message.h"
#include "lb/bgp/wire/update_encoder.h"
#include "lb/net/testing/hex.h"

namespace lb::bgp::wire {
namespace {

using net::Hex;

constexpr ParseContext kExternal = {.four_octet_as = true};

// "ipv4 +2 -1, ipv6 +0 -0, fine", or the fault.
std::string Meaning(const Result<ReceivedUpdate>& result) {
  if (const auto* fault = std::get_if<Notification>(&result)) {
    return Text(*fault);
  }
  const auto& update = std::get<ReceivedUpdate>(result);
  constexpr std::string_view kVerdicts[] = {"fine", "discard", "withdraw"};
  std::string text = fmt::format(
      "+{} -{} +{} -{} {}", update.ipv4.announced, update.ipv4.withdrawn,
      update.ipv6.announced, update.ipv6.withdrawn,
      kVerdicts[static_cast<size_t>(update.verdict)]);
  if (!update.fault.empty()) text += ": " + update.fault;
  if (update.end_of_rib) {
    text += fmt::format(" end of {}", ToString(*update.end_of_rib));
  }
  return text;
}

std::string Parse(std::string_view body) {
  return Meaning(ParseUpdate(Hex(body), kExternal));
}

// A body of its three parts.
std::string Body(std::string_view withdrawn, std::string_view attributes,
                 std::string_view announced) {
  return fmt::format("{:04x}{}{:04x}{}{}", Hex(withdrawn).size(), withdrawn,
                     Hex(attributes).size(), attributes, announced);
}

constexpr std::string_view kOrigin = "40010100";
constexpr std::string_view kPath = "400206 0201 0000fc01";
constexpr std::string_view kNextHop = "400304 c0000209";

std::string Good() { return fmt::format("{}{}{}", kOrigin, kPath, kNextHop); }

struct Example {
  std::string_view withdrawn;
  std::string attributes;
  std::string_view announced;
  std::string_view meaning;
};

TEST(UpdateParserTest, CountsPrefixes) {
  const std::string mp = fmt::format("{}{}", kOrigin, kPath);
  const std::vector<Example> examples = {
      {"", "", "", "+0 -0 +0 -0 fine end of IPv4"},
      {"00 08 0a", "", "", "+0 -2 +0 -0 fine"},
      {"", Good(), "20 0a000001 20 0a000002", "+2 -0 +0 -0 fine"},
      {"18 0a0000", Good(), "18 0a0000", "+1 -1 +0 -0 fine"},
      // The last byte has bits beyond the length: they are ignored.
      {"", Good(), "09 0aff", "+1 -0 +0 -0 fine"},
      {"", "800f03 0002 01", "", "+0 -0 +0 -0 fine end of IPv6"},
      {"", "900f0003 0002 01", "", "+0 -0 +0 -0 fine end of IPv6"},
      {"", "800f03 0001 01", "", "+0 -0 +0 -0 fine end of IPv4"},
      {"", "800f08 0002 01 20 20010db8", "", "+0 -0 +0 -1 fine"},
      {"",
       "800e1a 0002 01 10 20010db8000000000000000000000001 00"
       "20 20010db8" +
           mp,
       "", "+0 -0 +1 -0 fine"},
      {"",
       mp + "800e26 0002 01 20 20010db8000000000000000000000001"
            "fe800000000000000000000000000001 00 00",
       "", "+0 -0 +1 -0 fine"},
      // IPv4 in MP_REACH_NLRI, by next hops of both families.
      {"", mp + "800e0e 0001 01 04 c0000209 00 20 0a000001", "",
       "+1 -0 +0 -0 fine"},
      {"",
       mp + "800e1a 0001 01 10 20010db8000000000000000000000001 00"
            "20 0a000001",
       "", "+1 -0 +0 -0 fine"},
      // Families that lb/bgp lacks: only the frame is read.
      {"", mp + "800e09 0019 46 04 c0000209 00", "", "+0 -0 +0 -0 fine"},
      {"", "800f05 0019 46 ffff", "", "+0 -0 +0 -0 fine"},
      {"", "800f03 0019 46", "", "+0 -0 +0 -0 fine"},
      // Attributes alone: nothing is announced, and nothing is wrong.
      {"", Good(), "", "+0 -0 +0 -0 fine"},
      // Optional, and of no known type.
      {"", Good() + "80fd04 deadbeef e0fe01 00", "20 0a000001",
       "+1 -0 +0 -0 fine"},
  };
  for (const Example& example : examples) {
    EXPECT_EQ(
        Parse(Body(example.withdrawn, example.attributes, example.announced)),
        example.meaning)
        << example.attributes;
  }
}

TEST(UpdateParserTest, KeepsTheSession) {
  const std::string mp = fmt::format("{}{}", kOrigin, kPath);
  const std::vector<Example> examples = {
      {"", fmt::format("{}{}", kOrigin, kNextHop), "20 0a000001",
       "+1 -0 +0 -0 withdraw: AS_PATH: missing"},
      {"", fmt::format("{}{}", kPath, kNextHop), "20 0a000001",
       "+1 -0 +0 -0 withdraw: ORIGIN: missing"},
      {"", mp, "20 0a000001", "+1 -0 +0 -0 withdraw: NEXT_HOP: missing"},
      {"", "", "20 0a000001", "+1 -0 +0 -0 withdraw: ORIGIN: missing"},
      {"",
       "800e1a 0002 01 10 20010db8000000000000000000000001 00"
       "20 20010db8",
       "", "+0 -0 +1 -0 withdraw: ORIGIN: missing"},
      {"", Good() + std::string(kOrigin), "20 0a000001",
       "+1 -0 +0 -0 discard: path attributes: one is repeated"},
      {"", Good() + "8004", "20 0a000001",
       "+1 -0 +0 -0 withdraw: path attributes: the last is cut short"},
      {"", Good() + "800405 00000000", "20 0a000001",
       "+1 -0 +0 -0 withdraw: path attributes: the last is cut short"},
      {"", Good() + "9004 00", "20 0a000001",
       "+1 -0 +0 -0 withdraw: path attributes: the last is cut short"},
      // The gravest fault counts, not the first.
      {"", Good() + "400601 00 800403 000000", "20 0a000001",
       "+1 -0 +0 -0 withdraw: MULTI_EXIT_DISC: 3 bytes, want 4"},
      {"", "c00f03 0002 01", "",
       "+0 -0 +0 -0 withdraw: MP_UNREACH_NLRI: flags c0, want 80"
       " end of IPv6"},
  };
  for (const Example& example : examples) {
    EXPECT_EQ(
        Parse(Body(example.withdrawn, example.attributes, example.announced)),
        example.meaning)
        << example.attributes;
  }
}

TEST(UpdateParserTest, ResetsTheSession) {
  constexpr std::string_view kList =
      "3/1 UPDATE message: malformed attribute list";
  constexpr std::string_view kField =
      "3/10 UPDATE message: invalid network field";
  const std::vector<std::pair<std::string, std::string_view>> examples = {
      {"0001 0000", kList},  // more withdrawn than there is
      {"0000 0001", kList},  // more attributes than there are
      {"ffff 0000", kList},
      {"0001 21 0000", kField},    // a length of 33 bits
      {"0002 1800 0000", kField},  // cut short
      {Body("", Good(), "21 0a00000000"), kField},
      {Body("", Good(), "20 0a0000"), kField},
      {Body("", Good() + "800f03 0002 01 800f03 0002 01", ""), kList},
      // Well-known by its flags, but of no known type.
      {Body("", Good() + "406300", "20 0a000001"),
       "3/2 UPDATE message: unrecognized well-known attribute, data 406300"},
      // RFC 7606, section 5.2: a fault, and nothing that could be withdrawn.
      {Body("", Good() + "800403 000000", ""),
       "3/5 UPDATE message: attribute length, data 800403000000"},
      {Body("", "8004", ""), kList},
      {Body("", "40010103", ""),
       "3/6 UPDATE message: invalid ORIGIN, data 40010103"},
  };
  for (const auto& [body, meaning] : examples) {
    EXPECT_EQ(Parse(body), meaning) << body;
  }
}

TEST(UpdateParserTest, ResetsTheSessionForAMultiprotocolAttributeItCannotRead) {
  for (const std::string_view attribute :
       {"800e00", "800e02 0002", "800e03 0002 01", "800e04 0002 01 10",
        "800e05 0002 01 00 00", "800e0d 0002 01 08 20010db800000000 00",
        "800e14 0002 01 10 20010db8000000000000000000000001",
        "800e16 0002 01 10 20010db8000000000000000000000001 00 81",
        "800e17 0002 01 10 20010db8000000000000000000000001 00 2020", "800f00",
        "800f02 0002", "800f04 0002 01 81", "800f05 0002 01 2020",
        "800f04 0001 01 21"}) {
    std::string digits;
    for (const char c : attribute) {
      if (c != ' ') digits += c;
    }
    EXPECT_EQ(
        Parse(Body("", fmt::format("{}{}", attribute, Good()), "")),
        fmt::format("3/9 UPDATE message: optional attribute, data {}", digits));
  }
}

TEST(UpdateParserTest, ReadsPathsByTheWidthOfTheSession) {
  const auto body =
      Hex(Body("", fmt::format("{}400204 0201 fc01 {}", kOrigin, kNextHop),
               "20 0a000001"));
  EXPECT_EQ(Meaning(ParseUpdate(body, {.four_octet_as = false})),
            "+1 -0 +0 -0 fine");
  EXPECT_EQ(Meaning(ParseUpdate(body, {.four_octet_as = true})),
            "+1 -0 +0 -0 withdraw: AS_PATH: a segment has a wrong type or "
            "length");
}

TEST(UpdateParserTest, NoTruncationIsTakenForTheWhole) {
  const auto body = Hex(Body("18 0a0000", Good(), "20 0a000001 18 0a0100"));
  const std::string whole = Meaning(ParseUpdate(body, kExternal));
  EXPECT_EQ(whole, "+2 -1 +0 -0 fine");
  for (size_t size = 4; size < body.size(); ++size) {
    EXPECT_NE(
        Meaning(ParseUpdate(absl::MakeConstSpan(body).first(size), kExternal)),
        whole)
        << "first " << size << " bytes";
  }
}

TEST(UpdateParserTest, CountsWhatTheEncoderWrote) {
  Prng prng(5);
  for (int i = 0; i < 300; ++i) {
    UpdateContext context = {.own_as = {64512},
                             .internal = prng.Chance(50),
                             .four_octet_as = prng.Chance(50)};
    context.next_hops.ipv4 = {{.address = net::IpAddress::Ipv4(0xc0000201)}};
    context.next_hops.ipv6 = {
        {.address = net::IpAddress::Ipv6(absl::uint128(0x2001) << 112)}};
    const bool is_ipv4 = prng.Chance(50);
    std::vector<net::IpPrefix> prefixes(1 + prng.Uniform(200));
    for (net::IpPrefix& prefix : prefixes) {
      prefix.address = is_ipv4 ? net::IpAddress::Ipv4(0x0a000000)
                               : net::IpAddress::Ipv6(absl::uint128(1) << 90);
      prefix.length = static_cast<int>(prng.Uniform(is_ipv4 ? 33 : 129));
    }
    absl::Span<const net::IpPrefix> rest = prefixes;
    const auto told =
        EncodeAnnouncement(context, {.med = 1, .prepends = 2}, rest);
    ASSERT_TRUE(rest.empty());
    EXPECT_EQ(
        Meaning(ParseUpdate(absl::MakeConstSpan(told).subspan(kHeaderSize),
                            {context.internal, context.four_octet_as})),
        is_ipv4 ? fmt::format("+{} -0 +0 -0 fine", prefixes.size())
                : fmt::format("+0 -0 +{} -0 fine", prefixes.size()));
  }
}

}  // namespace
}  // namespace lb::bgp::wire

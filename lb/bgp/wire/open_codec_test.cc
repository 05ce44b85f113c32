#include "lb/bgp/wire/open_codec.h"

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

// Version, AS 64512, hold time 90 s, identifier 192.0.2.1.
constexpr std::string_view kFixed = "04 fc00 005a c0000201";

Open FixedOpen() {
  return {.as_field = 64512, .hold_seconds = 90, .identifier = 0xc0000201};
}

Capabilities AllCapabilities() {
  Capabilities all;
  all.multiprotocol = true;
  all.families = {.ipv4 = true, .ipv6 = true};
  all.route_refresh = true;
  all.ipv4_by_ipv6_next_hop = true;
  all.graceful_restart.emplace();
  all.graceful_restart->restarted = true;
  all.graceful_restart->seconds = 120;
  all.graceful_restart->families = {.ipv4 = true, .ipv6 = true};
  all.graceful_restart->forwarding_kept = {.ipv6 = true};
  all.asn = Asn{4200000000};
  all.enhanced_route_refresh = true;
  return all;
}

Result<Open> Parse(std::string_view parameters) {
  return ParseOpen(Hex(fmt::format("{}{}", kFixed, parameters)));
}

std::string FaultOf(const Result<Open>& result) {
  const auto* fault = std::get_if<Notification>(&result);
  return fault == nullptr ? "none" : Text(*fault);
}

struct Example {
  std::string_view name;
  std::string_view parameters;  // with the length in front
  Capabilities capabilities;
};

std::vector<Example> Examples() {
  Capabilities plain;
  plain.multiprotocol = true;
  plain.families = {.ipv4 = true};
  plain.route_refresh = true;
  plain.graceful_restart.emplace();
  plain.asn = Asn{64512};
  return {
      {"one family, and End-of-RIB promised",
       "14 02 12 0104 0001 00 01 0200 4002 0000 4104 0000fc00", plain},
      {"all that lb/bgp knows",
       "2c 02 2a 0104 0001 00 01 0104 0002 00 01 0200 0506 0001 0001 0002"
       "400a 8078 0001 01 00 0002 01 80 4104 fa56ea00 4600",
       AllCapabilities()},
      {"no capability", "02 02 00", {}},
  };
}

TEST(OpenCodecTest, EncodesWhatItParses) {
  for (const Example& example : Examples()) {
    SCOPED_TRACE(example.name);
    Open open = FixedOpen();
    open.capabilities = example.capabilities;
    const std::vector<uint8_t> body =
        Hex(fmt::format("{}{}", kFixed, example.parameters));
    const Result<Open> parsed = ParseOpen(body);
    EXPECT_EQ(FaultOf(parsed), "none");
    EXPECT_EQ(std::get<Open>(parsed), open);
    EXPECT_EQ(EncodeOpen(open), EncodeMessage(MessageType::kOpen, body));
  }
}

TEST(OpenCodecTest, AnOpenWithoutParametersMeansTwoOctetsAndIpv4) {
  const Result<Open> parsed = Parse("00");
  ASSERT_EQ(FaultOf(parsed), "none");
  const Open& open = std::get<Open>(parsed);
  EXPECT_EQ(open, FixedOpen());
  EXPECT_EQ(open.asn(), Asn{64512});
  EXPECT_FALSE(open.four_octet_as());
  EXPECT_EQ(open.families(), net::IpFamilies{.ipv4 = true});
  EXPECT_EQ(EncodeOpen(open).size(), 29U);
}

struct Lenient {
  std::string_view name;
  std::string_view parameters;
  std::string_view same_as;  // parameters that say the same
};

// What peers are met to send.
constexpr Lenient kLenient[] = {
    {"one parameter for each capability",
     "10 0206 0104 0001 00 01 0206 4104 0000fc00",
     "0e 020c 0104 0001 00 01 4104 0000fc00"},
    {"repeated capabilities",
     "14 0212 0104 0001 00 01 0104 0001 00 01 4104 0000fc00",
     "0e 020c 0104 0001 00 01 4104 0000fc00"},
    {"unknown capabilities",
     "16 0214 0104 0001 00 01 8000 4904 02616200 4104 0000fc00",
     "0e 020c 0104 0001 00 01 4104 0000fc00"},
    {"another family beside",
     "14 0212 0104 0001 00 01 0104 0001 00 80 4104 0000fc00",
     "0e 020c 0104 0001 00 01 4104 0000fc00"},
    {"extended lengths (RFC 9072)",
     "ff ff 000f 02 000c 0104 0001 00 01 4104 0000fc00",
     "0e 020c 0104 0001 00 01 4104 0000fc00"},
    {"extended lengths behind any first length",
     "01 ff 000f 02 000c 0104 0001 00 01 4104 0000fc00",
     "0e 020c 0104 0001 00 01 4104 0000fc00"},
    {"the last graceful restart counts", "0c 020a 4002 0078 4002 8005 0200",
     "08 0206 4002 8005 0200"},
    {"next hops of other families",
     "14 0212 050c 0001 0001 0002 0001 0080 0002 0200 4600",
     "0e 020c 0506 0001 0001 0002 0200 4600"},
    {"a route refresh with a value", "05 0203 0201 07", "04 0202 0200"},
};

TEST(OpenCodecTest, TakesWhatPeersSend) {
  for (const Lenient& test : kLenient) {
    SCOPED_TRACE(test.name);
    const Result<Open> parsed = Parse(test.parameters);
    const Result<Open> same = Parse(test.same_as);
    ASSERT_EQ(FaultOf(parsed), "none");
    ASSERT_EQ(FaultOf(same), "none");
    EXPECT_EQ(std::get<Open>(parsed), std::get<Open>(same));
  }
}

TEST(OpenCodecTest, TheExtendedFormHoldsMoreThan255Bytes) {
  std::string text = fmt::format("{} ff ff 0259 02 0256", kFixed);
  for (int i = 0; i < 299; ++i) text += " 8000";
  ASSERT_EQ(FaultOf(ParseOpen(Hex(text))), "none");
}

TEST(OpenCodecTest, OnlyOtherFamiliesMeanNone) {
  const Result<Open> parsed = Parse("08 0206 0104 0019 00 46");  // EVPN
  ASSERT_EQ(FaultOf(parsed), "none");
  EXPECT_TRUE(std::get<Open>(parsed).families().empty());
}

TEST(OpenCodecTest, TheCapabilityCountsAndNotTheField) {
  const Result<Open> parsed = Parse("08 0206 4104 fa56ea00");
  ASSERT_EQ(FaultOf(parsed), "none");
  EXPECT_EQ(std::get<Open>(parsed).asn(), Asn{4200000000});
  EXPECT_TRUE(std::get<Open>(parsed).four_octet_as());
  EXPECT_EQ(AsField({4200000000}), 23456);
  EXPECT_EQ(AsField({65535}), 65535);
}

struct Bad {
  std::string_view parameters;
  std::string_view fault;
};

constexpr std::string_view kLengthFault = "2/0 OPEN message";

constexpr Bad kBad[] = {
    {"01", kLengthFault},                     // shorter than it says
    {"00 00", kLengthFault},                  // longer than it says
    {"01 02", kLengthFault},                  // a type and no length
    {"02 02 01", kLengthFault},               // a value that is missing
    {"03 02 01 01", kLengthFault},            // a capability without length
    {"04 02 02 01 04", kLengthFault},         // its value is missing
    {"05 02 03 01 01 00", kLengthFault},      // MP of one byte
    {"07 02 05 41 03 000001", kLengthFault},  // AS of three bytes
    {"05 02 03 40 01 00", kLengthFault},      // restart of one byte
    {"09 02 07 40 05 0000 000101", kLengthFault},  // half a family
    {"07 02 05 05 03 000100", kLengthFault},       // half a next hop
    {"ff ff 0001", kLengthFault},
    {"ff ff 0003 02 0001", kLengthFault},
    {"ff ff", kLengthFault},
    {"02 01 00", "2/4 OPEN message: unsupported optional parameter, data 0100"},
    {"04 03 02 aabb",
     "2/4 OPEN message: unsupported optional parameter, data 0302aabb"},
};

TEST(OpenCodecTest, RefusesWhatCannotBeRead) {
  for (const Bad& test : kBad) {
    EXPECT_EQ(FaultOf(Parse(test.parameters)), test.fault) << test.parameters;
  }
}

TEST(OpenCodecTest, TellsAnotherVersionWhichOneItKnows) {
  for (const std::string_view version : {"00", "03", "05", "ff"}) {
    const auto body = Hex(fmt::format("{} fc00 005a c0000201 00", version));
    EXPECT_EQ(FaultOf(ParseOpen(body)),
              "2/1 OPEN message: unsupported version, data 0004");
  }
}

TEST(OpenCodecTest, RefusesEveryTruncation) {
  for (const Example& example : Examples()) {
    const auto body = Hex(fmt::format("{}{}", kFixed, example.parameters));
    for (size_t size = 0; size < body.size(); ++size) {
      EXPECT_EQ(FaultOf(ParseOpen(absl::MakeConstSpan(body).first(size))),
                kLengthFault)
          << example.name << ", first " << size << " bytes";
    }
  }
}

TEST(OpenCodecTest, WhatParsesEncodesToTheSameOpen) {
  Prng prng(7);
  const std::vector<Example> examples = Examples();
  int parsed_count = 0;
  for (int i = 0; i < 20000; ++i) {
    const Example& example = examples[prng.Uniform(examples.size())];
    auto body = Hex(fmt::format("{}{}", kFixed, example.parameters));
    body[prng.Uniform(body.size())] = static_cast<uint8_t>(prng.Next());
    const Result<Open> parsed = ParseOpen(body);
    if (!std::holds_alternative<Open>(parsed)) continue;
    ++parsed_count;
    Open open = std::get<Open>(parsed);
    // Never sent, and families without a capability of their own.
    if (open.capabilities) {
      open.capabilities->extended_message = false;
      open.capabilities->multiprotocol = !open.capabilities->families.empty();
    }
    const std::vector<uint8_t> bytes = EncodeOpen(open);
    const auto again =
        ParseOpen(absl::MakeConstSpan(bytes).subspan(kHeaderSize));
    ASSERT_EQ(FaultOf(again), "none");
    ASSERT_EQ(std::get<Open>(again), open) << "iteration " << i;
  }
  EXPECT_GT(parsed_count, 1000);
}

}  // namespace
}  // namespace lb::bgp::wire

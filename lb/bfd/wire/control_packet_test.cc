#include "lb/bfd/wire/control_packet.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "gmock/gmock.h"
#include "lb/net/testing/hex.h"

namespace lb::bfd {
namespace {

using net::Hex;
using testing::ElementsAreArray;

struct Row {
  std::string_view name;
  std::string_view bytes;
  ControlPacket packet;
};

// Laid out by hand from RFC 5880 section 4.1.
const Row kRows[] = {
    {"the first of a session",
     "20 40 03 18 01020304 00000000 000f4240 000493e0 00000000",
     {.state = State::kDown,
      .detect_multiplier = 3,
      .my_discriminator = 0x01020304,
      .desired_min_tx = absl::Seconds(1),
      .required_min_rx = absl::Milliseconds(300)}},
    {"init, by a peer with echo",
     "20 80 05 18 00000001 ffffffff 000f4240 0000c350 0000c350",
     {.state = State::kInit,
      .detect_multiplier = 5,
      .my_discriminator = 1,
      .your_discriminator = 0xffffffff,
      .desired_min_tx = absl::Seconds(1),
      .required_min_rx = absl::Milliseconds(50),
      .required_min_echo_rx = absl::Milliseconds(50)}},
    {"up, with a poll",
     "20 e0 ff 18 00000001 00000002 00002710 00000000 00000000",
     {.state = State::kUp,
      .poll = true,
      .detect_multiplier = 255,
      .my_discriminator = 1,
      .your_discriminator = 2,
      .desired_min_tx = absl::Milliseconds(10)}},
    {"up, with the answer, by a data plane, in demand mode",
     "20 da 01 18 00000001 00000002 ffffffff ffffffff ffffffff",
     {.state = State::kUp,
      .final = true,
      .control_plane_independent = true,
      .demand = true,
      .detect_multiplier = 1,
      .my_discriminator = 1,
      .your_discriminator = 2,
      .desired_min_tx = kIntervalMax,
      .required_min_rx = kIntervalMax,
      .required_min_echo_rx = kIntervalMax}},
    {"admin down, without a discriminator of ours",
     "27 00 03 18 00000001 00000000 000f4240 000f4240 00000000",
     {.diagnostic = Diagnostic::kAdministrativelyDown,
      .state = State::kAdminDown,
      .detect_multiplier = 3,
      .my_discriminator = 1,
      .desired_min_tx = absl::Seconds(1),
      .required_min_rx = absl::Seconds(1)}},
    {"a diagnostic without a name",
     "3f 40 03 18 00000001 00000000 000f4240 000f4240 00000000",
     {.diagnostic = static_cast<Diagnostic>(31),
      .state = State::kDown,
      .detect_multiplier = 3,
      .my_discriminator = 1,
      .desired_min_tx = absl::Seconds(1),
      .required_min_rx = absl::Seconds(1)}},
};

TEST(ControlPacketTest, EachRowBothWays) {
  for (const Row& row : kRows) {
    SCOPED_TRACE(row.name);
    const std::vector<uint8_t> bytes = Hex(row.bytes);
    const ParsedPacket parsed = ParseControlPacket(bytes);
    EXPECT_EQ(parsed.verdict, Verdict::kAccepted);
    EXPECT_EQ(parsed.packet, row.packet);
    EXPECT_THAT(SerializeControlPacket(row.packet), ElementsAreArray(bytes));
  }
}

// See tests/corpus/bfd for how they were captured.
TEST(ControlPacketTest, PacketsOfOthersSerializeBack) {
  constexpr std::string_view kCaptured[] = {
      // BIRD 2.0.12: the first one, a poll, its answer to ours.
      "20 40 03 18 bfe41228 00000000 000f4240 000493e0 00000000",
      "20 e0 03 18 bfe41228 902957a3 0000c350 0000c350 00000000",
      "20 d0 03 18 bfe41228 902957a3 000493e0 000493e0 00000000",
      // FRR 8.4.4: init, up with echo at 50 ms, down after ours.
      "20 80 03 18 725b534b 5026dbb2 000f4240 000f4240 0000c350",
      "20 c0 03 18 725b534b 5026dbb2 0000c350 0000c350 0000c350",
      "23 40 03 18 725b534b 5026dbb2 000f4240 000f4240 0000c350",
  };
  for (const std::string_view captured : kCaptured) {
    SCOPED_TRACE(captured);
    const std::vector<uint8_t> bytes = Hex(captured);
    const ParsedPacket parsed = ParseControlPacket(bytes);
    EXPECT_EQ(parsed.verdict, Verdict::kAccepted);
    EXPECT_THAT(SerializeControlPacket(parsed.packet), ElementsAreArray(bytes));
  }
}

TEST(ControlPacketTest, EachRuleHasItsVerdict) {
  const struct {
    std::string_view bytes;
    Verdict verdict;
  } rows[] = {
      {"00 40 03 18 00000001 00000000 000f4240 000f4240 00000000",
       Verdict::kWrongVersion},
      {"40 40 03 18 00000001 00000000 000f4240 000f4240 00000000",
       Verdict::kWrongVersion},
      {"20 40 03 17 00000001 00000000 000f4240 000f4240 00000000",
       Verdict::kWrongLength},
      {"20 40 03 19 00000001 00000000 000f4240 000f4240 00000000",
       Verdict::kWrongLength},
      {"20 40 00 18 00000001 00000000 000f4240 000f4240 00000000",
       Verdict::kZeroMultiplier},
      {"20 41 03 18 00000001 00000000 000f4240 000f4240 00000000",
       Verdict::kMultipoint},
      {"20 40 03 18 00000000 00000000 000f4240 000f4240 00000000",
       Verdict::kZeroDiscriminator},
      {"20 80 03 18 00000001 00000000 000f4240 000f4240 00000000",
       Verdict::kNoYourDiscriminator},
      {"20 c0 03 18 00000001 00000000 000f4240 000f4240 00000000",
       Verdict::kNoYourDiscriminator},
      {"20 44 03 18 00000001 00000000 000f4240 000f4240 00000000",
       Verdict::kUnexpectedAuthentication},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.bytes);
    EXPECT_EQ(ParseControlPacket(Hex(row.bytes)).verdict, row.verdict);
  }
}

// The first rule that is broken, in the order of RFC 5880 section 6.8.6.
TEST(ControlPacketTest, TheFirstFaultCounts) {
  std::vector<uint8_t> bytes =
      Hex("e0 c5 00 00 00000000 00000000 000f4240 000f4240 00000000");
  const auto verdict = [&] { return ParseControlPacket(bytes).verdict; };
  EXPECT_EQ(verdict(), Verdict::kWrongVersion);
  bytes[0] = 0x20;
  EXPECT_EQ(verdict(), Verdict::kWrongLength);
  bytes[3] = 24;
  EXPECT_EQ(verdict(), Verdict::kZeroMultiplier);
  bytes[2] = 3;
  EXPECT_EQ(verdict(), Verdict::kMultipoint);
  bytes[1] &= 0xfe;
  EXPECT_EQ(verdict(), Verdict::kZeroDiscriminator);
  bytes[7] = 1;
  EXPECT_EQ(verdict(), Verdict::kNoYourDiscriminator);
  bytes[11] = 1;
  EXPECT_EQ(verdict(), Verdict::kUnexpectedAuthentication);
  bytes[1] &= 0xfb;
  EXPECT_EQ(verdict(), Verdict::kAccepted);
}

TEST(ControlPacketTest, RefusesEveryTruncation) {
  for (const Row& row : kRows) {
    const std::vector<uint8_t> bytes = Hex(row.bytes);
    for (size_t size = 0; size < bytes.size(); ++size) {
      EXPECT_EQ(
          ParseControlPacket(absl::MakeConstSpan(bytes).first(size)).verdict,
          Verdict::kTooShort)
          << size;
    }
  }
}

TEST(ControlPacketTest, BytesBehindThePacketAreIgnored) {
  std::vector<uint8_t> bytes = Hex(kRows[0].bytes);
  bytes.resize(60);  // An Ethernet driver's padding.
  EXPECT_EQ(ParseControlPacket(bytes).packet, kRows[0].packet);
  bytes[3] = 60;  // As a later version might have it.
  EXPECT_EQ(ParseControlPacket(bytes).packet, kRows[0].packet);
}

TEST(VerdictTest, EachHasANameOfItsOwn) {
  std::vector<std::string_view> names;
  for (size_t i = 0; i < kVerdictCount; ++i) {
    names.push_back(ToString(static_cast<Verdict>(i)));
    EXPECT_THAT(names.back(), testing::MatchesRegex("[a-z_]+"));
  }
  std::sort(names.begin(), names.end());
  EXPECT_EQ(std::adjacent_find(names.begin(), names.end()), names.end());
}

TEST(VerdictTest, IsCounted) {
  VerdictCounters counters;
  counters.Count(Verdict::kLowTtl);
  counters.Count(Verdict::kLowTtl);
  EXPECT_EQ(counters[Verdict::kLowTtl], 2u);
  EXPECT_EQ(counters[Verdict::kAccepted], 0u);
}

TEST(ControlPacketTest, StatesAndDiagnosticsHaveNames) {
  EXPECT_EQ(ToString(State::kAdminDown), "admin_down");
  EXPECT_EQ(ToString(State::kUp), "up");
  EXPECT_EQ(ToString(Diagnostic::kDetectionExpired), "detection_expired");
  EXPECT_EQ(ToString(static_cast<Diagnostic>(9)), "reserved");
}

}  // namespace
}  // namespace lb::bfd

#include "lb/net/ethernet.h"

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/net/testing/hex.h"

namespace lb::net {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

TEST(ParseEthernetTest, SplitsHeaderAndPayload) {
  const std::vector<uint8_t> bytes =
      Hex("ffffffffffff 02005e005301 0806 0102 03");
  const auto frame = ParseEthernet(bytes);
  ASSERT_THAT(frame, IsOk());
  EXPECT_EQ(frame->header.destination, kBroadcastMac);
  EXPECT_EQ(frame->header.source.ToString(), "02:00:5e:00:53:01");
  EXPECT_EQ(frame->header.ether_type, kEtherTypeArp);
  EXPECT_THAT(frame->payload, ElementsAre(1, 2, 3));
}

TEST(ParseEthernetTest, RejectsEveryTruncation) {
  const std::vector<uint8_t> bytes = Hex("ffffffffffff 02005e005301 0806");
  for (size_t size = 0; size < bytes.size(); ++size) {
    SCOPED_TRACE(size);
    EXPECT_THAT(ParseEthernet(absl::MakeConstSpan(bytes).first(size)),
                StatusIs(absl::StatusCode::kInvalidArgument));
  }
  EXPECT_THAT(ParseEthernet(bytes), IsOk());
}

// Windows hosts and some switches send frames with a priority and no VLAN. The
// kernel answers them, as frames of the interface itself.
TEST(ParseEthernetTest, SkipsPriorityTags) {
  for (const char* tags :
       {"8100 0000", "8100 c000", "8100 f000", "88a8 0000",
        "88a8 2000 8100 0000", "8100 0000 8100 0000 8100 e000"}) {
    SCOPED_TRACE(tags);
    const std::vector<uint8_t> bytes =
        Hex(absl::StrCat("ffffffffffff 02005e005301 ", tags, " 0806 0102 03"));
    const auto frame = ParseEthernet(bytes);
    ASSERT_THAT(frame, IsOk());
    EXPECT_EQ(frame->header.ether_type, kEtherTypeArp);
    EXPECT_THAT(frame->payload, ElementsAre(1, 2, 3));
    for (size_t size = 0; size < bytes.size() - 3; ++size) {
      EXPECT_THAT(ParseEthernet(absl::MakeConstSpan(bytes).first(size)),
                  StatusIs(absl::StatusCode::kInvalidArgument));
    }
  }
}

TEST(ParseEthernetTest, RefusesByName) {
  const struct {
    const char* bytes;
    absl::StatusCode code;
    const char* message;
  } kCases[] = {
      {"ffffffffffff 02005e005301 8100 0005 0806",
       absl::StatusCode::kUnimplemented, "VLAN tag 0x8100"},
      {"ffffffffffff 02005e005301 88a8 0005 8100 0006 0806",
       absl::StatusCode::kUnimplemented, "VLAN tag 0x88a8"},
      {"ffffffffffff 02005e005301 8100 cfff 0806",
       absl::StatusCode::kUnimplemented, "VLAN 4095"},
      {"ffffffffffff 02005e005301 8100 c000 8100 0005 0806",
       absl::StatusCode::kUnimplemented, "VLAN 5"},
      {"ffffffffffff 02005e005301 8100 0000 0005 0806",
       absl::StatusCode::kInvalidArgument, "type 0x0005"},
      {"ffffffffffff 02005e005301 9100 0005 0806",
       absl::StatusCode::kUnimplemented, "VLAN tag 0x9100"},
      {"ffffffffffff 02005e005301 05dc 0000",
       absl::StatusCode::kInvalidArgument, "type 0x05dc, want 0x0600"},
      {"02005e005301 ffffffffffff 0806", absl::StatusCode::kInvalidArgument,
       "source ff:ff:ff:ff:ff:ff is a group"},
      {"02005e005301 333300000001 86dd", absl::StatusCode::kInvalidArgument,
       "is a group"},
  };
  for (const auto& test : kCases) {
    SCOPED_TRACE(test.bytes);
    EXPECT_THAT(ParseEthernet(Hex(test.bytes)),
                StatusIs(test.code, HasSubstr(test.message)));
  }
}

TEST(SerializeEthernetTest, PadsToTheSmallestFrame) {
  const EthernetHeader header{.destination = kBroadcastMac,
                              .source = *ParseMacAddress("02:00:5e:00:53:01"),
                              .ether_type = kEtherTypeArp};
  EXPECT_THAT(SerializeEthernet(header, {}), SizeIs(60));
  EXPECT_THAT(SerializeEthernet(header, std::vector<uint8_t>(45)), SizeIs(60));
  EXPECT_THAT(SerializeEthernet(header, std::vector<uint8_t>(46)), SizeIs(60));
  EXPECT_THAT(SerializeEthernet(header, std::vector<uint8_t>(47)), SizeIs(61));
}

TEST(SerializeEthernetTest, IsTheInverseOfParsing) {
  const EthernetHeader header{.destination = kBroadcastMac,
                              .source = *ParseMacAddress("02:00:5e:00:53:01"),
                              .ether_type = kEtherTypeIpv6};
  const std::vector<uint8_t> payload(80, 0x5a);
  const std::vector<uint8_t> bytes = SerializeEthernet(header, payload);
  const auto frame = ParseEthernet(bytes);
  ASSERT_THAT(frame, IsOk());
  EXPECT_EQ(frame->header, header);
  EXPECT_EQ(frame->payload, absl::MakeConstSpan(payload));
}

}  // namespace
}  // namespace lb::net

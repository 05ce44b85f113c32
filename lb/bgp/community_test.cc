#include "lb/bgp/community.h"

#include <string>
#include <string_view>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/bgp/asn.h"

namespace lb::bgp {
namespace {

using ::testing::HasSubstr;

TEST(AsnTest, ReadsWhatItPrints) {
  for (const std::string_view text : {"1", "64512", "65536", "4294967295"}) {
    const auto asn = ParseAsn(text);
    ASSERT_THAT(asn, IsOk()) << text;
    EXPECT_EQ(asn->ToString(), text);
  }
  EXPECT_TRUE(ParseAsn("65535")->fits_two_octets());
  EXPECT_FALSE(ParseAsn("65536")->fits_two_octets());
}

TEST(AsnTest, NamesWhatIsWrong) {
  for (const std::string_view text :
       {"", "0", "-1", "+1", " 1", "1 ", "4294967296", "1.10", "AS1"}) {
    EXPECT_THAT(ParseAsn(text),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         HasSubstr("\": want an AS number, 1 to 4294967295")))
        << text;
  }
}

TEST(CommunityTest, ReadsWhatItPrints) {
  for (const std::string_view text :
       {"0:0", "65535:65281", "64512:1", "65535:0"}) {
    const auto community = ParseCommunity(text);
    ASSERT_THAT(community, IsOk()) << text;
    EXPECT_EQ(community->ToString(), text);
  }
  EXPECT_EQ(*ParseCommunity("65535:0"), kGracefulShutdown);
  EXPECT_EQ(ParseCommunity("1:2")->number, 0x00010002U);
}

TEST(CommunityTest, NamesWhatIsWrong) {
  for (const std::string_view text :
       {"", ":", "1", "1:", ":1", "65536:1", "1:65536", "1:2:3", "-1:2",
        "no-export", "1 :2", "large:1:2:3"}) {
    EXPECT_THAT(ParseCommunity(text),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         HasSubstr("\": want number:number, each 0 to 65535")))
        << text;
  }
}

TEST(LargeCommunityTest, ReadsWhatItPrints) {
  for (const std::string_view text :
       {"large:0:0:0", "large:1:2:3", "large:4294967295:4294967295:1"}) {
    const auto community = ParseLargeCommunity(text);
    ASSERT_THAT(community, IsOk()) << text;
    EXPECT_EQ(community->ToString(), text);
  }
}

TEST(LargeCommunityTest, NamesWhatIsWrong) {
  for (const std::string_view text :
       {"", "1:2:3", "large:1:2", "large:1:2:3:4", "large:1:2:4294967296",
        "large:", "Large:1:2:3", "large:1:2:-3"}) {
    EXPECT_THAT(ParseLargeCommunity(text),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         HasSubstr("\": want large:number:number:number")))
        << text;
  }
}

TEST(LinkBandwidthTest, PrintsBothNumbers) {
  EXPECT_EQ((LinkBandwidth{{64512}, 125000000}).ToString(),
            "bandwidth:64512:125000000");
}

}  // namespace
}  // namespace lb::bgp

#include "lb/bgp/wire/route_refresh.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fmt/format.h"
#include "gtest/gtest.h"
#include "lb/net/testing/hex.h"

namespace lb::bgp::wire {
namespace {

using net::Hex;
using net::IpFamily;

// "1 ipv4", or the fault.
std::string Parse(std::string_view body) {
  const std::vector<uint8_t> bytes =
      EncodeMessage(MessageType::kRouteRefresh, Hex(body));
  const auto result = ParseRouteRefresh({MessageType::kRouteRefresh, bytes});
  if (const auto* fault = std::get_if<Notification>(&result)) {
    return Text(*fault);
  }
  const auto& refresh = std::get<RouteRefresh>(result);
  return fmt::format("{} {}", static_cast<int>(refresh.kind),
                     refresh.family ? ToString(*refresh.family) : "other");
}

struct Example {
  std::string_view body;
  std::string_view meaning;
};

constexpr std::string_view kMarker = "ffffffffffffffffffffffffffffffff";

constexpr Example kExamples[] = {
    {"0001 00 01", "0 IPv4"},
    {"0001 01 01", "1 IPv4"},
    {"0001 02 01", "2 IPv4"},
    {"0002 00 01", "0 IPv6"},
    {"0002 01 01", "1 IPv6"},
    {"0002 02 01", "2 IPv6"},
    {"0001 03 01", "3 IPv4"},  // unknown: RFC 7313 ignores it
    {"0001 ff 01", "3 IPv4"},
    {"0001 00 80", "0 other"},
    {"0019 00 46", "0 other"},
    {"0001 00 01 01400003000000", "0 IPv4"},  // with filters (RFC 5291)
    {"", "1/2 message header: bad message length, data 0013"},
    {"0001", "1/2 message header: bad message length, data 0015"},
    {"0001 00", "1/2 message header: bad message length, data 0016"},
};

TEST(RouteRefreshTest, ReadsTheTable) {
  for (const Example& example : kExamples) {
    EXPECT_EQ(Parse(example.body), example.meaning) << example.body;
  }
}

TEST(RouteRefreshTest, AnswersAMarkOfWrongLengthWithAllOfIt) {
  for (const std::string_view body : {"0001 01", "0001 02", "0001 01 01 00"}) {
    std::string digits;
    for (const char c : body) {
      if (c != ' ') digits += c;
    }
    EXPECT_EQ(Parse(body),
              fmt::format("7/1 ROUTE-REFRESH message: invalid message length, "
                          "data {}{:04x}05{}",
                          kMarker, 19 + digits.size() / 2, digits));
  }
}

TEST(RouteRefreshTest, EncodesWhatItParses) {
  for (const auto kind :
       {RefreshKind::kRequest, RefreshKind::kBegin, RefreshKind::kEnd}) {
    for (const auto family : {IpFamily::kIpv4, IpFamily::kIpv6}) {
      const std::vector<uint8_t> bytes = EncodeRouteRefresh(kind, family);
      EXPECT_EQ(bytes.size(), 23U);
      const auto result =
          ParseRouteRefresh({MessageType::kRouteRefresh, bytes});
      ASSERT_TRUE(std::holds_alternative<RouteRefresh>(result));
      EXPECT_EQ(std::get<RouteRefresh>(result), (RouteRefresh{kind, family}));
    }
  }
}

}  // namespace
}  // namespace lb::bgp::wire

#include "lb/bfd/session_options.h"

#include <string>

#include "gmock/gmock.h"
#include "lb/base/testing/status_matchers.h"

namespace lb::bfd {
namespace {

using testing::HasSubstr;

const net::IpAddress kPeer = *net::ParseIpAddress("10.0.0.1");
const net::IpAddress kOwn = *net::ParseIpAddress("10.0.0.2");
const net::IpAddress kLinkLocal = *net::ParseIpAddress("fe80::1");

TEST(SessionOptionsTest, ASessionHasAName) {
  EXPECT_EQ((SessionKey{.remote = kPeer}).ToString(), "10.0.0.1");
  EXPECT_EQ((SessionKey{.hops = Hops::kMulti, .remote = kPeer, .local = kOwn})
                .ToString(),
            "multihop 10.0.0.1 from 10.0.0.2");
  EXPECT_EQ((SessionKey{.remote = kLinkLocal, .interface = "eth0"}).ToString(),
            "fe80::1 on eth0");
}

TEST(SessionOptionsTest, EachLimitIsNamed) {
  const SessionKey key = {.remote = kPeer};
  EXPECT_THAT(Validate(key, {}), IsOk());
  const struct {
    SessionKey key;
    SessionOptions options;
    std::string_view problem;
  } rows[] = {
      {{}, {}, "0.0.0.0: want the address of one peer"},
      {{.remote = *net::ParseIpAddress("ff02::1")}, {}, "of one peer"},
      {{.remote = kPeer, .local = net::IpAddress()}, {}, "local: want"},
      {{.remote = kPeer, .local = kLinkLocal}, {}, "local fe80::1: want"},
      {{.remote = kPeer, .interface = std::string(16, 'x')}, {}, "16 bytes"},
      {{.remote = kLinkLocal}, {}, "a link-local peer: want its interface"},
      {key,
       {.desired_min_tx = absl::Milliseconds(9)},
       "desired_min_tx: 9ms, want 10ms to 1m"},
      {key,
       {.required_min_rx = absl::Milliseconds(60001)},
       "required_min_rx: 1m0.001s, want 10ms to 1m"},
      {key, {.detect_multiplier = 0}, "detect_multiplier: 0, want 1 to 255"},
      {key, {.detect_multiplier = 256}, "detect_multiplier: 256"},
      {key, {.minimum_ttl = 0}, "minimum_ttl: 0, want 1 to 255"},
      {key, {.minimum_ttl = 256}, "minimum_ttl: 256"},
  };
  for (const auto& row : rows) {
    EXPECT_THAT(Validate(row.key, row.options),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         HasSubstr(std::string(row.problem))));
  }
}

}  // namespace
}  // namespace lb::bfd

#include "lb/io/socket_options.h"

#include <string>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "lb/base/testing/status_matchers.h"

namespace lb::io {
namespace {

using testing::HasSubstr;
using testing::Not;

const net::IpAddress kLocal = *net::ParseIpAddress("10.0.0.1");
const net::IpAddress kPeer = *net::ParseIpAddress("10.0.0.2");
const net::IpAddress kIpv6Peer = *net::ParseIpAddress("2001:db8::2");

TEST(SocketOptionsTest, EachLimitIsNamed) {
  EXPECT_THAT(Validate(SocketOptions()), IsOk());
  EXPECT_THAT(Validate(SocketOptions{.interface = std::string(15, 'x'),
                                     .ttl = 255,
                                     .min_ttl = 255,
                                     .tos = 255}),
              IsOk());
  EXPECT_THAT(Validate(SocketOptions{.interface = std::string(16, 'x')}),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("interface: \"xxxxxxxxxxxxxxxx\"")));
  EXPECT_THAT(Validate(SocketOptions{.ttl = 256}),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("ttl: 256, want 0 to 255")));
  EXPECT_THAT(Validate(SocketOptions{.min_ttl = -1}),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("min_ttl: -1, want 0 to 255")));
  EXPECT_THAT(Validate(SocketOptions{.tos = 256}),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("tos: 256, want 0 to 255")));
}

absl::Status ValidateKey(const Md5Key& key, const net::IpAddress& local) {
  return Validate(StreamOptions{.md5_keys = {key}}, local);
}

TEST(SocketOptionsTest, AKeyFitsItsSocket) {
  EXPECT_THAT(ValidateKey({kPeer, std::string(80, 'k')}, kLocal), IsOk());
  EXPECT_THAT(ValidateKey({kPeer, "k"}, *net::ParseIpAddress("::")), IsOk());
  EXPECT_THAT(ValidateKey({kPeer, ""}, kLocal),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("10.0.0.2: 0 bytes, want 1 to 80")));
  EXPECT_THAT(ValidateKey({kIpv6Peer, "k"}, kLocal),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("2001:db8::2: want the family of 10.0.0.1")));
  EXPECT_THAT(ValidateKey({net::IpAddress(), "k"}, kLocal),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Validate(StreamOptions{.socket = {.ttl = 256}}, kLocal),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("ttl")));
}

TEST(SocketOptionsTest, AUserTimeoutIsBounded) {
  EXPECT_THAT(Validate(StreamOptions{.user_timeout = absl::Hours(24)}, kLocal),
              IsOk());
  EXPECT_THAT(
      Validate(StreamOptions{.user_timeout = -absl::Seconds(1)}, kLocal),
      StatusIs(absl::StatusCode::kInvalidArgument,
               HasSubstr("user_timeout: -1s, want 0 to 24h")));
  EXPECT_THAT(Validate(StreamOptions{.user_timeout = absl::Hours(25)}, kLocal),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(SocketOptionsTest, NoTextHasAKey) {
  const std::string key = "secret" + std::string(80, 'x');
  EXPECT_THAT(std::string(ValidateKey({kPeer, key}, kLocal).message()),
              Not(HasSubstr("secret")));
}

TEST(SocketOptionsTest, APeerHasOneKey) {
  StreamOptions options = {.md5_keys = {{kPeer, "one"}, {kIpv6Peer, "six"}}};
  const net::IpAddress any = *net::ParseIpAddress("::");
  EXPECT_THAT(Validate(options, any), IsOk());
  EXPECT_EQ(FindMd5Key(options, kIpv6Peer)->key, "six");
  EXPECT_EQ(FindMd5Key(options, kLocal), nullptr);
  options.md5_keys.push_back({kPeer, "two"});
  EXPECT_THAT(Validate(options, any),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("10.0.0.2: want one for each peer")));
}

TEST(SocketOptionsTest, KeysAreBounded) {
  StreamOptions options;
  for (uint32_t n = 1; n <= kMd5KeysMax; ++n) {
    options.md5_keys.push_back({net::IpAddress::Ipv4(n), "k"});
  }
  EXPECT_THAT(Validate(options, kLocal), IsOk());
  options.md5_keys.push_back({net::IpAddress::Ipv4(1000), "k"});
  EXPECT_THAT(Validate(options, kLocal),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("md5 keys: 65, want at most 64")));
}

}  // namespace
}  // namespace lb::io

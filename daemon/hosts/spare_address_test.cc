#include "daemon/hosts/spare_address.h"

#include "gtest/gtest.h"

namespace lb {
namespace {

net::IpAddress Ip(const char* text) { return *net::ParseIpAddress(text); }

TEST(IsSpareTest, NoPoolsAndNoHostsAddress) {
  const std::vector<ipam::Pool> pools = {
      {.name = "p", .ranges = {{Ip("10.0.0.10"), Ip("10.0.0.20")}}}};
  // Also what another host has besides the address of its gossip, and a router.
  const OwnedAddresses owned = {
      {Ip("10.0.0.1"), {.kind = OwnerKind::kHost, .node = "n2"}},
      {Ip("10.0.0.2"), {.kind = OwnerKind::kRouter, .node = "n1"}}};
  const auto is_spare = [&](const char* text) {
    return IsSpare(Ip(text), pools, owned);
  };
  EXPECT_TRUE(is_spare("10.0.0.9"));
  EXPECT_TRUE(is_spare("10.0.0.21"));
  EXPECT_TRUE(is_spare("2001:db8::1"));
  EXPECT_FALSE(is_spare("10.0.0.10"));
  EXPECT_FALSE(is_spare("10.0.0.20"));
  EXPECT_FALSE(is_spare("10.0.0.1"));
  EXPECT_FALSE(is_spare("10.0.0.2"));
}

}  // namespace
}  // namespace lb

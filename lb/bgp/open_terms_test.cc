#include "lb/bgp/open_terms.h"

#include <variant>

#include "gtest/gtest.h"

namespace lb::bgp {
namespace {

PeerOptions Peer() {
  return {.name = "tor",
          .address = *net::ParseIpAddress("10.0.0.254"),
          .own_asn = {4200000000},
          .peer_as = {.asn = {65000}}};
}

wire::Open Theirs() {
  return {.as_field = 65000,
          .hold_seconds = 30,
          .identifier = 9,
          .capabilities = wire::Capabilities{.multiprotocol = true,
                                             .families = {.ipv4 = true},
                                             .ipv4_by_ipv6_next_hop = true,
                                             .asn = Asn{65000},
                                             .enhanced_route_refresh = true}};
}

Agreement Agree(const PeerOptions& options, const wire::Open& theirs) {
  const auto judged =
      Judge(options, OpenFor(options, {.identifier = 1}), theirs);
  EXPECT_TRUE(std::holds_alternative<Agreement>(judged));
  return std::get<Agreement>(judged);
}

TEST(OpenTermsTest, BothSidesHaveToOffer) {
  const Agreement agreement = Agree(Peer(), Theirs());
  EXPECT_EQ(agreement.peer_asn, Asn{65000});
  EXPECT_EQ(agreement.peer_identifier, 9u);
  EXPECT_FALSE(agreement.internal);
  EXPECT_TRUE(agreement.four_octet_as);
  EXPECT_TRUE(agreement.enhanced_refresh);
  // We offer it on a session of IPv6 only.
  EXPECT_FALSE(agreement.ipv4_by_ipv6_next_hop);
  EXPECT_FALSE(agreement.graceful_restart);
  EXPECT_EQ(agreement.families, (net::IpFamilies{.ipv4 = true}));

  PeerOptions six = Peer();
  six.address = *net::ParseIpAddress("2001:db8::fe");
  EXPECT_TRUE(Agree(six, Theirs()).ipv4_by_ipv6_next_hop);
  six.families = {.ipv6 = true};
  wire::Open theirs = Theirs();
  theirs.capabilities->families = {.ipv4 = true, .ipv6 = true};
  EXPECT_FALSE(Agree(six, theirs).ipv4_by_ipv6_next_hop);
}

TEST(OpenTermsTest, APeerWithoutCapabilitiesIsOfTwoOctetsAndIpv4) {
  wire::Open theirs = Theirs();
  theirs.capabilities = std::nullopt;
  const Agreement agreement = Agree(Peer(), theirs);
  EXPECT_FALSE(agreement.four_octet_as);
  EXPECT_FALSE(agreement.enhanced_refresh);
  EXPECT_EQ(agreement.families, (net::IpFamilies{.ipv4 = true}));
  // We do the same for one that refuses them.
  const wire::Open plain =
      OpenFor(Peer(), {.capabilities = CapabilityUse::kPlain});
  EXPECT_EQ(plain.capabilities, std::nullopt);
  EXPECT_EQ(plain.as_field, 23456);
}

TEST(OpenTermsTest, TimesAreTheSmallerOnes) {
  const struct {
    int ours, theirs, keepalive, hold, want;
  } kRows[] = {
      // Seconds; a keepalive of 0 is not configured.
      {90, 30, 0, 30, 10}, {30, 90, 0, 30, 10},  {90, 90, 0, 90, 30},
      {90, 90, 5, 90, 5},  {90, 90, 80, 90, 30}, {90, 0, 0, 0, 0},
      {0, 90, 0, 0, 0},    {90, 3, 0, 3, 1},     {90, 3, 5, 3, 1},
      {90, 4, 0, 4, 1},
  };
  for (const auto& row : kRows) {
    PeerOptions options = Peer();
    options.hold_time = absl::Seconds(row.ours);
    if (row.keepalive > 0) {
      options.keepalive_time = absl::Seconds(row.keepalive);
    }
    wire::Open theirs = Theirs();
    theirs.hold_seconds = static_cast<uint16_t>(row.theirs);
    const Agreement agreement = Agree(options, theirs);
    EXPECT_EQ(agreement.hold_time, absl::Seconds(row.hold));
    EXPECT_EQ(absl::Floor(agreement.keepalive_time, absl::Seconds(1)),
              absl::Seconds(row.want));
  }
}

TEST(OpenTermsTest, GracefulRestartNeedsAFamilyOfBoth) {
  PeerOptions options = Peer();
  options.restart_time = absl::Seconds(30);
  wire::Open theirs = Theirs();
  theirs.capabilities->graceful_restart = wire::GracefulRestart{};
  EXPECT_FALSE(Agree(options, theirs).graceful_restart);
  theirs.capabilities->graceful_restart->families.ipv4 = true;
  EXPECT_TRUE(Agree(options, theirs).graceful_restart);
  options.restart_time = std::nullopt;
  EXPECT_FALSE(Agree(options, theirs).graceful_restart);
}

TEST(OpenTermsTest, OurOpenNeverHasN) {
  PeerOptions options = Peer();
  options.restart_time = absl::Seconds(30);
  options.families = {.ipv4 = true};
  const wire::Open open = OpenFor(
      options, {.restart = {.restarted = true, .forwarding_kept = true}});
  EXPECT_EQ(*open.capabilities->graceful_restart,
            (wire::GracefulRestart{.restarted = true,
                                   .notification = false,
                                   .seconds = 30,
                                   .families = {.ipv4 = true},
                                   .forwarding_kept = {.ipv4 = true}}));
}

}  // namespace
}  // namespace lb::bgp

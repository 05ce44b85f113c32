// FRR's cases of RFC 7606 (tests/topotests/bgp_rfc7606_treat_as_withdraw,
// _attr_discard and _session_reset), with bytes of our own. What matters to a
// speaker that keeps no routes is that the session stays where FRR's stays: a
// router that is used to FRR may send any of these.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fmt/format.h"
#include "gtest/gtest.h"
#include "lb/bgp/wire/update_parser.h"
#include "lb/net/testing/hex.h"

namespace lb::bgp::wire {
namespace {

using net::Hex;

constexpr UpdateVerdict kFine = UpdateVerdict::kFine;
constexpr UpdateVerdict kDiscard = UpdateVerdict::kAttributeDiscard;
constexpr UpdateVerdict kWithdraw = UpdateVerdict::kTreatAsWithdraw;

struct Case {
  std::string_view name;
  int type = 0;
  int flags = 0;
  std::string_view value;
  // What a receiver does that gets it from an external and an internal peer.
  UpdateVerdict external = kFine;
  UpdateVerdict internal = kFine;
  // If FRR's verdict is another one, the reason for ours.
  std::string_view why;
};

constexpr std::string_view kUnknown = "optional, and not used here";
constexpr std::string_view kExternalFirst =
    "sections 7.5, 7.9 and 7.10: discarded whatever its form";

// FRR treats these as withdrawn.
constexpr Case kTreatAsWithdraw[] = {
    {"origin-flag-optional", 1, 0xc0, "00", kWithdraw, kWithdraw},
    {"origin-flag-partial", 1, 0x60, "00", kWithdraw, kWithdraw},
    {"origin-len-0", 1, 0x40, "", kWithdraw, kWithdraw},
    {"origin-len-2", 1, 0x40, "0001", kWithdraw, kWithdraw},
    {"origin-value-3", 1, 0x40, "03", kWithdraw, kWithdraw},
    {"origin-value-4", 1, 0x40, "04", kWithdraw, kWithdraw},
    {"origin-value-255", 1, 0x40, "ff", kWithdraw, kWithdraw},
    {"aspath-flag-optional", 2, 0xc0, "0201 0000fc01", kWithdraw, kWithdraw},
    {"aspath-flag-partial", 2, 0x60, "0201 0000fc01", kWithdraw, kWithdraw},
    {"aspath-seg-type-0", 2, 0x40, "0001 0000fc01", kWithdraw, kWithdraw},
    {"aspath-seg-type-5", 2, 0x40, "0501 0000fc01", kWithdraw, kWithdraw},
    {"aspath-seg-len-0", 2, 0x40, "0200", kWithdraw, kWithdraw},
    {"aspath-seg-len-overrun", 2, 0x40, "0280 0000fc01", kWithdraw, kWithdraw},
    {"aspath-as-zero", 2, 0x40, "0201 00000000", kWithdraw, kWithdraw},
    {"nexthop-zero", 3, 0x40, "00000000", kWithdraw, kWithdraw},
    {"nexthop-loopback", 3, 0x40, "7f000009", kWithdraw, kWithdraw},
    {"nexthop-multicast", 3, 0x40, "e0000009", kWithdraw, kWithdraw},
    {"med-flag-trans", 4, 0xc0, "00000007", kWithdraw, kWithdraw},
    {"med-len-3", 4, 0x80, "000007", kWithdraw, kWithdraw},
    {"med-len-5", 4, 0x80, "0000000007", kWithdraw, kWithdraw},
    {"med-len-0", 4, 0x80, "", kWithdraw, kWithdraw},
    {"local-pref-len-3", 5, 0x40, "0000c8", kDiscard, kWithdraw,
     kExternalFirst},
    {"local-pref-len-5", 5, 0x40, "00000000c8", kDiscard, kWithdraw,
     kExternalFirst},
    {"local-pref-len-0", 5, 0x40, "", kDiscard, kWithdraw, kExternalFirst},
    {"local-pref-flag-optional", 5, 0xc0, "000000c8", kDiscard, kWithdraw,
     kExternalFirst},
    {"comm-flag-nontrans", 8, 0x80, "fc000007", kWithdraw, kWithdraw},
    {"comm-len-0", 8, 0xc0, "", kWithdraw, kWithdraw},
    {"comm-len-5", 8, 0xc0, "fc00000700", kWithdraw, kWithdraw},
    {"originator-id-len-3", 9, 0x80, "c00002", kDiscard, kWithdraw,
     kExternalFirst},
    {"originator-id-len-5", 9, 0x80, "c000020900", kDiscard, kWithdraw,
     kExternalFirst},
    {"originator-id-flag-trans", 9, 0xc0, "c0000209", kDiscard, kWithdraw,
     kExternalFirst},
    {"cluster-list-len-0", 10, 0x80, "", kDiscard, kWithdraw, kExternalFirst},
    {"cluster-list-len-5", 10, 0x80, "c000020900", kDiscard, kWithdraw,
     kExternalFirst},
    {"cluster-list-flag-trans", 10, 0xc0, "c0000209", kDiscard, kWithdraw,
     kExternalFirst},
    {"extcomm-flag-nontrans", 16, 0x80, "0002fc0000000007", kWithdraw,
     kWithdraw},
    {"extcomm-len-0", 16, 0xc0, "", kWithdraw, kWithdraw},
    {"extcomm-len-9", 16, 0xc0, "0002fc000000000700", kWithdraw, kWithdraw},
    {"as4path-flag-nontrans", 17, 0x80, "0201 0001fc01", kWithdraw, kWithdraw},
    {"as4path-seg-type-0", 17, 0xc0, "0001 0001fc01", kDiscard, kDiscard,
     "RFC 6793, section 6"},
    {"pmsi-flag-nontrans", 22, 0x80, "0006000000c0000209", kFine, kFine,
     kUnknown},
    {"pmsi-len-4", 22, 0xc0, "00060000", kFine, kFine, kUnknown},
    {"pmsi-type-8", 22, 0xc0, "0008000000c0000209", kFine, kFine, kUnknown},
    {"pmsi-type-255", 22, 0xc0, "00ff000000c0000209", kFine, kFine, kUnknown},
    {"pmsi-ingress-repl-len-10", 22, 0xc0, "0006000000c000020900", kFine, kFine,
     kUnknown},
    {"encap-flag-nontrans", 23, 0x80, "00070000", kFine, kFine, kUnknown},
    {"encap-len-3", 23, 0xc0, "000700", kFine, kFine, kUnknown},
    {"encap-outer-len-mismatch", 23, 0xc0, "0007000701", kFine, kFine,
     kUnknown},
    {"encap-subtlv-overrun", 23, 0xc0, "0007000701fe", kFine, kFine, kUnknown},
    {"ipv6-extcomm-flag-nontrans", 25, 0x80,
     "0002 20010db8000000000000000000000009 0007", kWithdraw, kWithdraw},
    {"ipv6-extcomm-len-0", 25, 0xc0, "", kWithdraw, kWithdraw},
    {"ipv6-extcomm-len-21", 25, 0xc0,
     "0002 20010db8000000000000000000000009 000700", kWithdraw, kWithdraw},
    {"large-comm-flag-nontrans", 32, 0x80, "0000fc000000000700000008",
     kWithdraw, kWithdraw},
    {"large-comm-len-0", 32, 0xc0, "", kWithdraw, kWithdraw},
    {"large-comm-len-13", 32, 0xc0, "0000fc00000000070000000800", kWithdraw,
     kWithdraw},
    {"otc-flag-nontrans", 35, 0x80, "0000fc01", kWithdraw, kWithdraw},
    {"otc-len-3", 35, 0xc0, "00fc01", kWithdraw, kWithdraw},
    {"otc-len-5", 35, 0xc0, "0000fc0100", kWithdraw, kWithdraw},
    {"otc-value-0", 35, 0xc0, "00000000", kFine, kFine,
     "RFC 9234, section 5, speaks of the length alone"},
};

// FRR discards the attribute.
constexpr Case kAttributeDiscard[] = {
    {"atomic-aggregate-len-1", 6, 0x40, "01", kDiscard, kDiscard},
    {"aggregator-len-5", 7, 0xc0, "0000fc01c0", kDiscard, kDiscard},
    {"aggregator-len-7", 7, 0xc0, "0000fc01c00002", kDiscard, kDiscard},
    {"aggregator-len-9", 7, 0xc0, "0000fc01c000020900", kDiscard, kDiscard},
    {"aggregator-as-zero", 7, 0xc0, "00000000c0000209", kDiscard, kDiscard},
    {"as4path-seg-type-0", 17, 0xc0, "0001 0001fc01", kDiscard, kDiscard},
    {"as4-aggregator-len-7", 18, 0xc0, "0000fc01c00002", kDiscard, kDiscard},
    {"as4-aggregator-len-9", 18, 0xc0, "0000fc01c000020900", kDiscard,
     kDiscard},
    {"originator-id-len-3", 9, 0x80, "c00002", kDiscard, kWithdraw,
     "section 7.9: withdrawn if internal, by FRR too"},
    {"originator-id-len-5", 9, 0x80, "c000020900", kDiscard, kWithdraw,
     "section 7.9: withdrawn if internal, by FRR too"},
    {"cluster-list-len-0", 10, 0x80, "", kDiscard, kWithdraw,
     "section 7.10: withdrawn if internal, by FRR too"},
    {"cluster-list-len-5", 10, 0x80, "c000020900", kDiscard, kWithdraw,
     "section 7.10: withdrawn if internal, by FRR too"},
    {"aigp-flag-trans", 26, 0xc0, "01000b0000000000000007", kFine, kFine,
     kUnknown},
    {"aigp-tlv-unknown-type", 26, 0x80, "09000b0000000000000007", kFine, kFine,
     kUnknown},
    {"aigp-tlv-len-not-11", 26, 0x80, "0100050000000000000007", kFine, kFine,
     kUnknown},
    {"aigp-len-0", 26, 0x80, "", kFine, kFine, kUnknown},
    {"prefix-sid-flag-nontrans", 40, 0x80, "01000700000000000007", kFine, kFine,
     kUnknown},
    {"prefix-sid-tlv-overrun", 40, 0xc0, "0100fe000000", kFine, kFine,
     kUnknown},
    {"prefix-sid-truncated-header", 40, 0xc0, "0100", kFine, kFine, kUnknown},
    {"prefix-sid-bad-label-index", 40, 0xc0, "010000", kFine, kFine, kUnknown},
    {"link-state-flag-trans", 29, 0xc0, "0400000107", kFine, kFine, kUnknown},
    {"link-state-tlv-overrun", 29, 0x80, "040000fe07", kFine, kFine, kUnknown},
    {"link-state-truncated-tlv", 29, 0x80, "0400", kFine, kFine, kUnknown},
    {"nhc-bad-afi-safi", 39, 0xc0, "00fe010001000107", kFine, kFine, kUnknown},
    {"nhc-tlv-overrun", 39, 0xc0, "0001010001fe07", kFine, kFine, kUnknown},
    {"unknown-fd-nontransitive", 0xfd, 0x80, "c0ffee07", kFine, kFine,
     kUnknown},
    {"unknown-fe-transitive", 0xfe, 0xc0, "c0ffee07", kFine, kFine, kUnknown},
};

// One attribute with a length of one byte.
std::string Attribute(int type, int flags, std::string_view value) {
  return fmt::format("{:02x}{:02x}{:02x}{}", flags, type, Hex(value).size(),
                     value);
}

// 10.9.0.1/32 with good attributes, and that of the case in the place of the
// good one of its type.
std::vector<uint8_t> UpdateOf(const Case& test) {
  std::string attributes;
  if (test.type != 1) attributes += Attribute(1, 0x40, "00");
  if (test.type != 2) attributes += Attribute(2, 0x40, "0201 0000fc01");
  if (test.type != 3) attributes += Attribute(3, 0x40, "c0000209");
  attributes += Attribute(test.type, test.flags, test.value);
  return Hex(fmt::format("0000 {:04x} {} 20 0a090001", Hex(attributes).size(),
                         attributes));
}

void ExpectVerdict(const Case& test, const ParseContext& context,
                   UpdateVerdict wanted) {
  const auto result = ParseUpdate(UpdateOf(test), context);
  const auto* fault = std::get_if<Notification>(&result);
  ASSERT_EQ(fault, nullptr) << Text(*fault);
  const auto& update = std::get<ReceivedUpdate>(result);
  EXPECT_EQ(update.verdict, wanted) << update.fault;
  EXPECT_EQ(update.ipv4.announced, 1U);
  EXPECT_EQ(update.fault.empty(), wanted == kFine);
}

void ExpectTheSessionStays(absl::Span<const Case> cases, UpdateVerdict frr) {
  for (const Case& test : cases) {
    SCOPED_TRACE(test.name);
    ExpectVerdict(test, {.internal = false, .four_octet_as = true},
                  test.external);
    ExpectVerdict(test, {.internal = true, .four_octet_as = true},
                  test.internal);
    const bool differs = test.external != frr || test.internal != frr;
    EXPECT_EQ(differs, !test.why.empty()) << "say why, or why not";
  }
}

TEST(Rfc7606Test, TheSessionStaysWhereFrrTreatsAsWithdrawn) {
  ExpectTheSessionStays(kTreatAsWithdraw, kWithdraw);
}

TEST(Rfc7606Test, TheSessionStaysWhereFrrDiscardsTheAttribute) {
  ExpectTheSessionStays(kAttributeDiscard, kDiscard);
}

TEST(Rfc7606Test, HasEachCaseOfFrr) {
  EXPECT_EQ(std::size(kTreatAsWithdraw), 58U);
  EXPECT_EQ(std::size(kAttributeDiscard), 27U);
}

struct Reset {
  std::string_view name;
  int type = 0;
  std::string_view value;
};

constexpr Reset kResets[] = {
    {"mp-reach-nexthop-len-bogus", 14,
     "0002 01 09 20010db80000000009 00 40 20010db800000007"},
    {"mp-reach-nexthop-len-overrun", 14,
     "0002 01 40 20010db8000000000000000000000009 00"},
    {"mp-reach-truncated", 14, "0002 01 10 20010db800000009"},
    {"mp-unreach-truncated", 15, "0002 01 40 20010db8"},
};

// FRR says 3/1 for the first three; RFC 4760, section 7, says 3/9.
TEST(Rfc7606Test, TheSessionEndsWhereFrrEndsIt) {
  for (const Reset& test : kResets) {
    SCOPED_TRACE(test.name);
    const auto update =
        UpdateOf({test.name, test.type, 0x80, test.value, kFine, kFine});
    const auto result = ParseUpdate(update, {.four_octet_as = true});
    const auto* fault = std::get_if<Notification>(&result);
    ASSERT_NE(fault, nullptr);
    EXPECT_EQ(*fault, Fault(UpdateSubcode::kOptionalAttribute,
                            Hex(Attribute(test.type, 0x80, test.value))));
  }
}

}  // namespace
}  // namespace lb::bgp::wire

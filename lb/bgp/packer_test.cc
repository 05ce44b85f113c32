#include "lb/bgp/packer.h"

#include <cstdint>
#include <string_view>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/bgp/testing/receiver.h"
#include "lb/bgp/wire/message.h"
#include "lb/net/ip_address.h"
#include "lb/net/testing/hex.h"

namespace lb::bgp {
namespace {

using net::IpAddress;
using net::IpFamily;

constexpr size_t kRoom = size_t{64} * 1024;
constexpr size_t kManyRoutes = 10000;

net::IpPrefix HostRoute(size_t number) {
  return {IpAddress::Ipv4(0x0a000000 + static_cast<uint32_t>(number)), 32};
}

SessionTerms Terms() {
  SessionTerms terms;
  terms.context.own_as = {64512};
  terms.context.next_hops.ipv4 = {{.address = IpAddress::Ipv4(0xc0000201)}};
  terms.families = {.ipv4 = true};
  return terms;
}

class PackerTest : public ::testing::Test {
 protected:
  // All that is owed, in as many calls as it takes. Returns the messages.
  size_t Tell() {
    size_t messages = 0;
    while (!packer_.idle()) {
      const Packer::Packed packed = packer_.Take(kRoom);
      EXPECT_LE(packed.bytes.size(), kRoom);
      EXPECT_GT(packed.messages(), 0U);
      EXPECT_EQ(receiver_.Receive(packed.bytes), "");
      messages += packed.messages();
      if (packed.messages() == 0) break;
    }
    return messages;
  }

  AdjRibOut rib_;
  Packer packer_{&rib_};
  Receiver receiver_{{.speaker_as = {64512}}};
};

TEST_F(PackerTest, PacksTenThousandRoutesInThirteenMessages) {
  for (size_t i = 0; i < kManyRoutes; ++i) rib_.Set({HostRoute(i), {}});
  packer_.Start(Terms());
  EXPECT_EQ(Tell(), 13U + 1U);  // and the End-of-RIB
  EXPECT_EQ(receiver_.table().size(), kManyRoutes);

  rib_.Replace({});
  EXPECT_EQ(Tell(), 13U);
  EXPECT_TRUE(receiver_.table().empty());
  EXPECT_EQ(receiver_.withdrawn(), kManyRoutes);
}

TEST_F(PackerTest, NeverTakesMoreThanTheRoom) {
  for (size_t i = 0; i < kManyRoutes; ++i) rib_.Set({HostRoute(i), {}});
  packer_.Start(Terms());
  EXPECT_TRUE(packer_.Take(wire::kMessageSizeMax - 1).bytes.empty());
  EXPECT_FALSE(packer_.idle());
  for (const size_t room : {4096U, 8191U, 8192U, 20000U}) {
    const Packer::Packed packed = packer_.Take(room);
    EXPECT_LE(packed.bytes.size(), room);
    EXPECT_GE(packed.messages(), room / wire::kMessageSizeMax);
  }
}

TEST_F(PackerTest, SaysTheEndOfAnEmptyTable) {
  SessionTerms terms = Terms();
  terms.families = {.ipv4 = true, .ipv6 = true};
  packer_.Start(terms);
  EXPECT_EQ(Tell(), 2U);
  EXPECT_EQ(receiver_.ends_of_rib(IpFamily::kIpv4), 1U);
  EXPECT_EQ(receiver_.ends_of_rib(IpFamily::kIpv6), 1U);
}

TEST_F(PackerTest, WithdrawsBeforeItAnnounces) {
  rib_.Set({HostRoute(1), {}});
  packer_.Start(Terms());
  Tell();
  rib_.Set({HostRoute(2), {}});
  rib_.Erase(HostRoute(1));
  const Packer::Packed packed = packer_.Take(wire::kMessageSizeMax);
  EXPECT_EQ(packed.updates, 1U);
  EXPECT_EQ(receiver_.Receive(packed.bytes), "");
  EXPECT_TRUE(receiver_.table().empty());
  Tell();
  EXPECT_TRUE(receiver_.table().contains(HostRoute(2)));
}

TEST_F(PackerTest, SaysWhyRoutesAreHeldBack) {
  rib_.Set({HostRoute(1), {}});
  EXPECT_EQ(packer_.hold_back(IpFamily::kIpv4), HoldBack::kNoSession);
  EXPECT_EQ(packer_.held_back(IpFamily::kIpv4), 1U);
  EXPECT_TRUE(packer_.idle());
  SessionTerms terms = Terms();
  terms.context.next_hops = {};
  packer_.Start(terms);
  EXPECT_EQ(packer_.hold_back(IpFamily::kIpv4), HoldBack::kNoNextHop);
  EXPECT_EQ(packer_.hold_back(IpFamily::kIpv6), HoldBack::kFamilyNotOffered);
  EXPECT_EQ(packer_.held_back(IpFamily::kIpv4), 1U);
  EXPECT_EQ(Tell(), 1U);  // the End-of-RIB
  packer_.SetNextHops(Terms().context.next_hops);
  EXPECT_EQ(packer_.hold_back(IpFamily::kIpv4), HoldBack::kNone);
  EXPECT_EQ(packer_.held_back(IpFamily::kIpv4), 0U);
  EXPECT_EQ(Tell(), 1U);
  EXPECT_TRUE(receiver_.table().contains(HostRoute(1)));
}

TEST_F(PackerTest, EachReasonToHoldBackHasWords) {
  EXPECT_EQ(ToString(HoldBack::kNone), "");
  EXPECT_EQ(ToString(HoldBack::kNoSession), "no session");
  EXPECT_EQ(ToString(HoldBack::kFamilyNotOffered),
            "the peer does not take the family");
  EXPECT_EQ(ToString(HoldBack::kNoNextHop), "no next hop of the family");
}

TEST_F(PackerTest, ANextHopThatChangesIsToldAndOneThatGoesWithdraws) {
  rib_.Set({HostRoute(1), {}});
  packer_.Start(Terms());
  Tell();
  wire::NextHops next_hops = Terms().context.next_hops;
  packer_.SetNextHops(next_hops);
  EXPECT_TRUE(packer_.idle());  // It is the same.
  next_hops.ipv4->address = IpAddress::Ipv4(0xc0000202);
  packer_.SetNextHops(next_hops);
  EXPECT_EQ(Tell(), 1U);
  EXPECT_EQ(receiver_.table().at(HostRoute(1)).next_hop,
            net::Hex("c0 00 02 02"));
  packer_.SetNextHops({});
  EXPECT_EQ(Tell(), 1U);
  EXPECT_TRUE(receiver_.table().empty());
  EXPECT_EQ(packer_.held_back(IpFamily::kIpv4), 1U);
}

TEST_F(PackerTest, AnswersARefreshBetweenMarksIfBothOfferedThem) {
  SessionTerms terms = Terms();
  terms.enhanced_refresh = true;
  rib_.Set({HostRoute(1), {}});
  rib_.Set({HostRoute(2), {}});
  packer_.Start(terms);
  Tell();
  packer_.Refresh(IpFamily::kIpv4);
  packer_.Refresh(IpFamily::kIpv4);
  packer_.Refresh(IpFamily::kIpv6);  // not offered
  const Packer::Packed packed = packer_.Take(kRoom);
  EXPECT_EQ(packed.refreshes, 2U);
  EXPECT_EQ(packed.updates, 1U);
  EXPECT_EQ(receiver_.Receive(packed.bytes), "");
  EXPECT_EQ(receiver_.refreshes(IpFamily::kIpv4), 1U);
  EXPECT_EQ(receiver_.table().size(), 2U);
  EXPECT_TRUE(packer_.idle());
}

TEST_F(PackerTest, AnswersARefreshWithoutMarksElse) {
  rib_.Set({HostRoute(1), {}});
  packer_.Start(Terms());
  Tell();
  packer_.Refresh(IpFamily::kIpv4);
  const Packer::Packed packed = packer_.Take(kRoom);
  EXPECT_EQ(packed.updates, 1U);
  EXPECT_EQ(packed.refreshes, 0U);
  EXPECT_TRUE(packer_.idle());
}

TEST_F(PackerTest, ARefreshDuringTheFirstTableIsAnsweredAfterItsEnd) {
  SessionTerms terms = Terms();
  terms.enhanced_refresh = true;
  for (size_t i = 0; i < 1000; ++i) rib_.Set({HostRoute(i), {}});
  packer_.Start(terms);
  EXPECT_EQ(receiver_.Receive(packer_.Take(wire::kMessageSizeMax).bytes), "");
  packer_.Refresh(IpFamily::kIpv4);
  EXPECT_EQ(receiver_.ends_of_rib(IpFamily::kIpv4), 0U);
  Tell();
  EXPECT_EQ(receiver_.ends_of_rib(IpFamily::kIpv4), 1U);
  EXPECT_EQ(receiver_.refreshes(IpFamily::kIpv4), 1U);
}

// The peer drops at EoRR what was not said since BoRR, so a route that goes and
// comes back in between is said again, though the peer still holds it.
TEST_F(PackerTest, ARouteThatGoesAndComesBackDuringARefreshIsSaidAgain) {
  SessionTerms terms = Terms();
  terms.enhanced_refresh = true;
  for (size_t i = 0; i < 2000; ++i) rib_.Set({HostRoute(i), {}});
  packer_.Start(terms);
  Tell();
  packer_.Refresh(IpFamily::kIpv4);
  // BoRR, and a part of the routes.
  const Packer::Packed packed = packer_.Take(2 * wire::kMessageSizeMax);
  EXPECT_EQ(packed.refreshes, 1U);
  EXPECT_EQ(receiver_.Receive(packed.bytes), "");
  rib_.Erase(HostRoute(1999));
  rib_.Set({HostRoute(1999), {}});
  Tell();
  EXPECT_EQ(receiver_.refreshes(IpFamily::kIpv4), 1U);
  EXPECT_TRUE(receiver_.table().contains(HostRoute(1999)));
}

// However often the peer asks meanwhile, the table is sent once more.
TEST_F(PackerTest, RefreshesDuringARefreshAreOne) {
  for (const bool enhanced : {true, false}) {
    SCOPED_TRACE(enhanced);
    AdjRibOut rib;
    Packer packer(&rib);
    SessionTerms terms = Terms();
    terms.enhanced_refresh = enhanced;
    for (size_t i = 0; i < 1000; ++i) rib.Set({HostRoute(i), {}});
    packer.Start(terms);
    packer.Take(kRoom);
    packer.Refresh(IpFamily::kIpv4);
    packer.Take(wire::kMessageSizeMax * 2);
    for (int i = 0; i < 100; ++i) packer.Refresh(IpFamily::kIpv4);
    const Packer::Packed packed = packer.Take(kRoom);
    EXPECT_EQ(packed.refreshes, enhanced ? 3U : 0U);
    EXPECT_EQ(packed.updates, enhanced ? 3U : 2U);
    EXPECT_TRUE(packer.idle());
  }
}

TEST_F(PackerTest, ANewSessionIsToldAllAgain) {
  rib_.Set({HostRoute(1), {}});
  packer_.Start(Terms());
  Tell();
  packer_.Stop();
  EXPECT_TRUE(packer_.idle());
  EXPECT_EQ(packer_.hold_back(IpFamily::kIpv4), HoldBack::kNoSession);
  rib_.Set({HostRoute(2), {}});
  EXPECT_TRUE(packer_.Take(kRoom).bytes.empty());
  packer_.Start(Terms());
  Receiver again({.speaker_as = {64512}});
  EXPECT_EQ(again.Receive(packer_.Take(kRoom).bytes), "");
  EXPECT_EQ(again.table().size(), 2U);
}

class FullMessagesTest : public PackerTest {
 protected:
  FullMessagesTest() {
    packer_.Start(Terms());
    Tell();
  }
  // Returns the messages, and says whether something waits for more.
  size_t TellFull(bool waits) {
    const Packer::Packed packed = packer_.Take(kRoom, Messages::kFull);
    EXPECT_EQ(receiver_.Receive(packed.bytes), "");
    EXPECT_EQ(packed.waits, waits);
    return packed.messages();
  }
};

TEST_F(FullMessagesTest, PortionsTakeAsManyMessagesAsAllAtOnce) {
  size_t messages = 0;
  for (size_t i = 0; i < kManyRoutes;) {
    for (const size_t end = i + 1000; i < end; ++i) {
      rib_.Set({HostRoute(i), {}});
    }
    messages += TellFull(/*waits=*/true);
  }
  EXPECT_EQ(messages, 12U);
  EXPECT_GT(receiver_.table().size(), kManyRoutes - 1000);
  EXPECT_EQ(Tell(), 1U);
  EXPECT_EQ(receiver_.table().size(), kManyRoutes);

  messages = 0;
  for (size_t i = 0; i < kManyRoutes;) {
    for (const size_t end = i + 1000; i < end; ++i) rib_.Erase(HostRoute(i));
    messages += TellFull(/*waits=*/true);
  }
  EXPECT_EQ(messages, 12U);
  EXPECT_EQ(Tell(), 1U);
  EXPECT_TRUE(receiver_.table().empty());
}

TEST_F(FullMessagesTest, WhatFillsNoMessageWaits) {
  rib_.Set({HostRoute(1), {}});
  EXPECT_EQ(TellFull(/*waits=*/true), 0U);
  EXPECT_FALSE(packer_.idle());
  rib_.Erase(HostRoute(1));
  EXPECT_EQ(TellFull(/*waits=*/false), 0U);
}

// A set of attributes that fills no message keeps no other one waiting.
TEST_F(FullMessagesTest, EachSetOfAttributesWaitsForItself) {
  for (size_t i = 0; i < 2000; ++i) {
    rib_.Set({HostRoute(i), {.med = i < 500 ? 1U : i < 1900 ? 2U : 3U}});
  }
  EXPECT_EQ(TellFull(/*waits=*/true), 1U);
  EXPECT_FALSE(receiver_.table().contains(HostRoute(0)));
  EXPECT_TRUE(receiver_.table().contains(HostRoute(500)));
  EXPECT_EQ(Tell(), 3U);
  EXPECT_EQ(receiver_.table().size(), 2000U);
}

// The peer drops what it kept only at the End-of-RIB.
TEST_F(PackerTest, AFirstTableWaitsForNothing) {
  rib_.Set({HostRoute(1), {}});
  packer_.Start(Terms());
  for (const bool is_refresh : {false, true}) {
    if (is_refresh) packer_.Refresh(IpFamily::kIpv4);
    const Packer::Packed packed = packer_.Take(kRoom, Messages::kFull);
    EXPECT_EQ(receiver_.Receive(packed.bytes), "");
    EXPECT_FALSE(packed.waits);
    EXPECT_EQ(packed.updates, is_refresh ? 1U : 2U);
  }
}

TEST_F(FullMessagesTest, WithoutRoomNothingIsSaidToWait) {
  for (size_t i = 0; i < 1000; ++i) rib_.Set({HostRoute(i), {}});
  EXPECT_FALSE(packer_.Take(0, Messages::kFull).waits);
  const Packer::Packed packed =
      packer_.Take(wire::kMessageSizeMax, Messages::kFull);
  EXPECT_EQ(packed.updates, 1U);
  EXPECT_FALSE(packed.waits);
}

}  // namespace
}  // namespace lb::bgp

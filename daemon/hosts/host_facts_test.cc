#include "daemon/hosts/host_facts.h"

#include <fmt/format.h>

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/prng.h"
#include "lb/base/testing/status_matchers.h"

namespace lb {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

net::IpPrefix Prefix(const std::string& text) {
  return *net::ParseIpPrefix(text);
}

io::Link Ethernet(const std::string& name,
                  std::vector<net::IpPrefix> addresses) {
  return {.index = 2,
          .name = name,
          .up = true,
          .carrier = true,
          .broadcast = true,
          .addresses = std::move(addresses)};
}

io::Link Loopback(std::vector<net::IpPrefix> addresses) {
  return {.index = 1,
          .name = "lo",
          .up = true,
          .loopback = true,
          .addresses = std::move(addresses)};
}

HostFacts SomeFacts() {
  return {.addresses = {{Prefix("172.18.8.11/24")},
                        {Prefix("172.18.8.205/32"), true},
                        {Prefix("fd00::11/64")}},
          .routers = {*net::ParseIpAddress("172.18.8.1"),
                      *net::ParseIpAddress("fd00::1")}};
}

TEST(OwnAddressesTest, AllOfAllInterfacesButKubeProxysLoopbackAndLinkLocal) {
  io::Link ipvs = Ethernet("kube-ipvs0", {Prefix("172.18.8.200/32")});
  ipvs.noarp = true;
  EXPECT_THAT(
      OwnAddressesOf(
          {Loopback({Prefix("127.0.0.1/8"), Prefix("::1/128"),
                     Prefix("10.0.0.7/32")}),
           Ethernet("eth0", {Prefix("172.18.8.11/24"), Prefix("fe80::11/64")}),
           Ethernet("docker0", {Prefix("172.17.0.1/16")}), ipvs},
          /*delivers=*/true),
      ElementsAre(HostAddress{Prefix("10.0.0.7/32")},
                  HostAddress{Prefix("172.17.0.1/16")},
                  HostAddress{Prefix("172.18.8.11/24")}));
}

// Without delivery by lbd an operator may have put a service's address there.
TEST(OwnAddressesTest,
     AHostAddressOnAnInterfaceThatCannotAnnounceIsMaybeByHand) {
  io::Link dummy = Ethernet("dummy0", {Prefix("10.0.0.8/32")});
  dummy.noarp = true;
  const std::vector<io::Link> links = {
      Loopback({Prefix("10.0.0.7/32"), Prefix("10.0.9.1/24"),
                Prefix("fd00::7/128")}),
      dummy, Ethernet("eth0", {Prefix("172.18.8.11/32")})};
  EXPECT_THAT(OwnAddressesOf(links, /*delivers=*/false),
              ElementsAre(HostAddress{Prefix("10.0.0.7/32"), true},
                          HostAddress{Prefix("10.0.0.8/32"), true},
                          HostAddress{Prefix("10.0.9.1/24"), false},
                          HostAddress{Prefix("172.18.8.11/32"), false},
                          HostAddress{Prefix("fd00::7/128"), true}));
  for (const HostAddress& own : OwnAddressesOf(links, /*delivers=*/true)) {
    EXPECT_FALSE(own.by_hand) << own.prefix.ToString();
  }
}

TEST(BoundHostFactsTest, LeavesOutTheRestAndSaysSo) {
  HostFacts facts;
  for (int i = 0; i < 10; ++i) {
    facts.addresses.push_back({Prefix(fmt::format("10.1.0.{}/32", i)), true});
  }
  for (size_t i = 0; i < kHostAddressesMax; ++i) {
    facts.addresses.push_back({Prefix(fmt::format("10.2.0.{}/24", i))});
  }
  BoundHostFacts(&facts);
  EXPECT_FALSE(facts.complete);
  ASSERT_EQ(facts.addresses.size(), kHostAddressesMax);
  for (const HostAddress& own : facts.addresses) EXPECT_FALSE(own.by_hand);
  HostFacts few = SomeFacts();
  BoundHostFacts(&few);
  EXPECT_EQ(few, SomeFacts());
  HostFacts many;
  many.routers.resize(kHostRoutersMax + 1);
  BoundHostFacts(&many);
  EXPECT_FALSE(many.complete);
  EXPECT_EQ(many.routers.size(), kHostRoutersMax);
}

TEST(HostFactsCodecTest, BytesAreAsDocumented) {
  const HostFacts facts = {
      .addresses = {{Prefix("1.2.3.4/24")}, {Prefix("5.6.7.8/32"), true}},
      .routers = {*net::ParseIpAddress("1.2.3.1")}};
  const std::string bytes = SerializeHostFacts(facts);
  EXPECT_EQ(bytes, std::string("\0\0\x2\0\x18\x1\x2\x3\x4\x2\x20\x5\x6\x7\x8"
                               "\x1\0\x1\x2\x3\x1",
                               21));
}

TEST(HostFactsCodecTest, AnotherVersionsExtensionIsSkipped) {
  const HostFacts facts = SomeFacts();
  const std::string extension("\x7f\0\x5later", 8);
  const std::string bytes = SerializeHostFacts(facts);
  EXPECT_THAT(ParseHostFacts(bytes + extension), IsOkAndHolds(facts));
  for (size_t size = 1; size < extension.size(); ++size) {
    EXPECT_THAT(ParseHostFacts(bytes + extension.substr(0, size)),
                StatusIs(absl::StatusCode::kInvalidArgument))
        << size;
  }
}

TEST(HostFactsCodecTest, WhatIsSerializedParsesEqual) {
  HostFacts incomplete = SomeFacts();
  incomplete.complete = false;
  HostFacts full;
  for (size_t i = 0; i < kHostAddressesMax; ++i) {
    full.addresses.push_back({Prefix(fmt::format("fd00::{:x}/64", i))});
  }
  full.routers.assign(kHostRoutersMax, *net::ParseIpAddress("fd00::1"));
  for (const HostFacts& facts : {HostFacts{}, SomeFacts(), incomplete, full}) {
    const std::string bytes = SerializeHostFacts(facts);
    EXPECT_LE(bytes.size(), kHostFactsSizeMax);
    EXPECT_THAT(ParseHostFacts(bytes), IsOkAndHolds(facts));
  }
}

TEST(HostFactsCodecTest, RejectsEveryTruncation) {
  const std::string bytes = SerializeHostFacts(SomeFacts());
  for (size_t size = 0; size < bytes.size(); ++size) {
    SCOPED_TRACE(size);
    EXPECT_THAT(ParseHostFacts(bytes.substr(0, size)),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         HasSubstr("damaged or cut short")));
  }
}

TEST(HostFactsCodecTest, RejectsWhatIsOutOfBounds) {
  EXPECT_THAT(ParseHostFacts(std::string(kHostFactsSizeMax + 1, '\0')),
              StatusIs(absl::StatusCode::kInvalidArgument));
  // 257 addresses; 65 routers; a prefix length of 33.
  const std::string room(6000, '\x1');
  for (const std::string& bytes :
       {std::string("\0\x1\x1", 3) + room, std::string("\0\0\0\x41", 4) + room,
        std::string("\0\0\x1\0\x21", 5) + room}) {
    EXPECT_THAT(ParseHostFacts(bytes),
                StatusIs(absl::StatusCode::kInvalidArgument));
  }
}

TEST(HostFactsCodecTest, AnyBytesParseOrAreRefused) {
  Prng prng(1);
  const std::string good = SerializeHostFacts(SomeFacts());
  size_t parsed = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes = good;
    for (int flips = 1 + static_cast<int>(prng.Uniform(4)); flips > 0;
         --flips) {
      bytes[prng.Uniform(bytes.size())] = static_cast<char>(prng.Uniform(256));
    }
    const auto facts = ParseHostFacts(bytes);
    if (!facts.ok()) continue;
    ++parsed;
    EXPECT_THAT(ParseHostFacts(SerializeHostFacts(*facts)),
                IsOkAndHolds(*facts));
  }
  EXPECT_GT(parsed, 0U);
}

TEST(DigestOfFactsTest, TellsFactsApart) {
  HostFacts other = SomeFacts();
  other.addresses.pop_back();
  EXPECT_NE(DigestOfFacts(SerializeHostFacts(SomeFacts())),
            DigestOfFacts(SerializeHostFacts(other)));
  // The first 8 bytes of SHA-256 of nothing.
  EXPECT_EQ(DigestOfFacts(""), 0xe3b0c44298fc1c14U);
}

}  // namespace
}  // namespace lb

#include "daemon/members/node_metadata.h"

#include <string>

#include "absl/types/span.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/gossip/options.h"

namespace lb {
namespace {

using gossip::wire::Bytes;
using ::testing::Eq;
using ::testing::Optional;

constexpr net::MacAddress kMac = {{0x02, 0, 0x5e, 0, 0x53, 1}};

constexpr net::IpFamilies kArp = {.ipv4 = true};
constexpr net::IpFamilies kNdp = {.ipv6 = true};
constexpr net::IpFamilies kBoth = {.ipv4 = true, .ipv6 = true};

TEST(NodeMetadataTest, BytesAreAsDocumented) {
  const NodeMetadata metadata = {
      .draining = true,
      .interfaces = {{{.name = "alt", .families = kNdp},
                      {.name = "eth0", .mac = kMac, .families = kBoth}}}};
  EXPECT_THAT(
      SerializeNodeMetadata(metadata),
      Eq(Bytes{'l',  'b', 'd',  1, 1,    4, 'e', 't', 'h', '0',
               0x02, 0,   0x5e, 0, 0x53, 1, 0,                 // The list.
               1,    0,   1,    3,                             // Its families.
               2,    0,   6,    0, 2,    3, 'a', 'l', 't'}));  // Further names.
}

TEST(NodeMetadataTest, WhatIsSerializedParsesEqual) {
  const NodeMetadata cases[] = {
      {.interfaces = {{}}},
      {.draining = true, .interfaces = {{}}},
      {.holding_down = true, .interfaces = {{}}},
      {.silent = true, .interfaces = {{}}},
      {.unrouted = true, .interfaces = {{}}},
      {.ignores_exclude_label = true, .interfaces = {{}}},
      {.undeliverable = kArp, .interfaces = {{}}},
      {.undeliverable = kNdp, .interfaces = {{}}},
      {.interfaces = {{}}, .complete = false},
      {.interfaces = {{{"a", kMac, kArp}, {"abcdefghijklmno", kMac, kNdp}}}},
      {.interfaces = {{{"a", {}, kArp},
                       {"b", kMac, {}},
                       {std::string(127, 'x'), {}, kBoth},
                       {fmt::format("{:x>126}y", ""), {}, kNdp}}}},
  };
  for (const NodeMetadata& metadata : cases) {
    EXPECT_THAT(ParseNodeMetadata(SerializeNodeMetadata(metadata)),
                Optional(metadata));
  }
}

NodeMetadata WithInterfaces(int count, const std::string& prefix) {
  NodeMetadata metadata = {.draining = true, .interfaces = {{}}};
  for (int i = 0; i < count; ++i) {
    metadata.interfaces->push_back(
        {fmt::format("{}{:04}", prefix, i), kMac, i % 2 == 0 ? kArp : kBoth});
  }
  return metadata;
}

TEST(NodeMetadataTest, AHundredInterfacesOfOneMacAreAllTold) {
  const NodeMetadata metadata = WithInterfaces(100, "bond0.");
  const Bytes bytes = SerializeNodeMetadata(metadata);
  EXPECT_LE(bytes.size(), gossip::kMetaSizeMax);
  const auto parsed = ParseNodeMetadata(bytes);
  ASSERT_TRUE(parsed.has_value() && parsed->interfaces.has_value());
  EXPECT_TRUE(parsed->draining);
  EXPECT_TRUE(parsed->complete);
  EXPECT_FALSE(parsed->older_read_all);
  ASSERT_EQ(parsed->interfaces->size(), 100u);
  for (size_t i = 0; i < 100; ++i) {
    const AnnouncingInterface& told = (*parsed->interfaces)[i];
    EXPECT_EQ(told.name, (*metadata.interfaces)[i].name);
    EXPECT_EQ(told.families, (*metadata.interfaces)[i].families);
    EXPECT_EQ(told.mac, i == 0 ? kMac : net::MacAddress{});
  }
}

// Interfaces that do not fit are left out, and the node says that there are
// more.
TEST(NodeMetadataTest, WhatDoesNotFitIsLeftOutTheWantedLast) {
  for (const int count : {20, 25, 30, 100, 1000}) {
    SCOPED_TRACE(count);
    NodeMetadata metadata = WithInterfaces(count, "a-long-name");
    for (int i = 0; i < count; ++i) {
      auto& interface = (*metadata.interfaces)[i];
      interface.mac.bytes[4] = static_cast<uint8_t>(i >> 8);
      interface.mac.bytes[5] = static_cast<uint8_t>(i);
    }
    const std::string last = metadata.interfaces->back().name;
    const Bytes bytes = SerializeNodeMetadata(metadata, {last});
    EXPECT_LE(bytes.size(), gossip::kMetaSizeMax);
    const auto parsed = ParseNodeMetadata(bytes);
    ASSERT_TRUE(parsed.has_value() && parsed->interfaces.has_value());
    EXPECT_EQ(parsed->complete,
              parsed->interfaces->size() == metadata.interfaces->size());
    EXPECT_EQ(parsed->complete, count <= 30);
    EXPECT_EQ(parsed->interfaces->back().name, last);
  }
}

// An lbd that does not tell families says no more than this.
TEST(NodeMetadataTest, OlderNodesSayLessAndLaterOnesMore) {
  EXPECT_THAT(ParseNodeMetadata({'l', 'b', 'd', 1}),
              Optional(NodeMetadata{.tells_families = false}));
  EXPECT_THAT(ParseNodeMetadata(
                  {'l', 'b', 'd', 1, 2, 1, 'a', 2, 0, 0x5e, 0, 0x53, 1, 0}),
              Optional(NodeMetadata{.holding_down = true,
                                    .interfaces = {{{"a", kMac, {}}}},
                                    .tells_families = false}));
  EXPECT_THAT(
      ParseNodeMetadata({'l', 'b', 'd', 1, 4, 0}),
      Optional(NodeMetadata{.tells_families = false, .older_read_all = false}));
  EXPECT_THAT(
      ParseNodeMetadata({'l', 'b', 'd', 2, 2, 0, 'x', 0, 1, 'y', 1, 0, 0}),
      Optional(NodeMetadata{.holding_down = true, .interfaces = {{}}}));
}

TEST(NodeMetadataTest, TheDigestOfFactsIsAnExtension) {
  const NodeMetadata metadata = {.interfaces = {{}},
                                 .facts_digest = 0x0102030405060708};
  Bytes bytes = SerializeNodeMetadata(metadata);
  const Bytes digest = {3, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8};
  ASSERT_GT(bytes.size(), digest.size());
  EXPECT_THAT(Bytes(bytes.end() - digest.size(), bytes.end()), Eq(digest));
  EXPECT_THAT(ParseNodeMetadata(bytes), Optional(metadata));
  // Appends an extension of a later version.
  bytes.insert(bytes.end(), {9, 0, 2, 'x', 'y'});
  EXPECT_THAT(ParseNodeMetadata(bytes), Optional(metadata));
}

TEST(NodeMetadataTest, TheDigestHasRoomBesideManyInterfaces) {
  for (const int count : {20, 30, 40, 50, 100, 400}) {
    SCOPED_TRACE(count);
    NodeMetadata metadata = {.interfaces = {{}}, .facts_digest = 7};
    for (int i = 0; i < count; ++i) {
      metadata.interfaces->push_back({fmt::format("eth{:03}", i), kMac, kBoth});
    }
    const Bytes bytes = SerializeNodeMetadata(metadata);
    EXPECT_LE(bytes.size(), gossip::kMetaSizeMax);
    const auto parsed = ParseNodeMetadata(bytes);
    ASSERT_TRUE(parsed.has_value());
    EXPECT_EQ(parsed->facts_digest, 7U);
  }
}

TEST(NodeMetadataTest, OthersAreNoLbd) {
  for (const Bytes& bytes :
       {Bytes{}, Bytes{'l', 'b'}, Bytes{'l', 'b', 'd'}, Bytes{'l', 'b', 'd', 0},
        Bytes{'r', 'o', 'l', 1}}) {
    EXPECT_THAT(ParseNodeMetadata(bytes), Eq(std::nullopt));
  }
}

TEST(NodeMetadataTest, RejectsEveryTruncation) {
  const Bytes whole =
      SerializeNodeMetadata({.interfaces = {{{"alt", {}, kNdp},
                                             {"alt1", {}, kNdp},
                                             {"eth0", kMac, kArp},
                                             {"eth1", kMac, kBoth}}}});
  const size_t list = 5 + 2 * (1 + 4 + 6) + 1;
  const size_t families = 3 + 2;
  for (size_t size = 5; size < whole.size(); ++size) {
    // These prefixes are the whole metadata of an older lbd.
    if (size == list || size == list + families) continue;
    SCOPED_TRACE(size);
    EXPECT_THAT(ParseNodeMetadata(Bytes(whole.begin(), whole.begin() + size)),
                Eq(std::nullopt));
  }
  Bytes long_name = {'l', 'b', 'd', 1, 0, 16};
  long_name.resize(long_name.size() + 16 + 6 + 1);
  EXPECT_THAT(ParseNodeMetadata(long_name), Eq(std::nullopt));
  for (const Bytes& bytes :
       {Bytes{'l', 'b', 'd', 1, 0, 0, 1, 0, 1,
              3},  // Families without an interface.
                   // Shares more with the name before than there is of it.
        Bytes{'l', 'b', 'd', 1, 0, 0, 2, 0, 4, 0, 4, 1, 'x'},
        Bytes{'l', 'b', 'd', 1, 0, 0, 2, 0, 3, 0, 0, 0},  // An empty name.
        Bytes{'l', 'b', 'd', 1, 0, 0, 2, 0, 0}}) {        // Not even `more`.
    EXPECT_THAT(ParseNodeMetadata(bytes), Eq(std::nullopt));
  }
}

}  // namespace
}  // namespace lb

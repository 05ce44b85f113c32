#include "daemon/agent/node_metadata.h"

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

TEST(NodeMetadataTest, BytesAreAsDocumented) {
  const NodeMetadata metadata = {
      .draining = true, .interfaces = {{{.name = "eth0", .mac = kMac}}}};
  EXPECT_THAT(SerializeNodeMetadata(metadata),
              Eq(Bytes{'l', 'b', 'd', 1, 1, 4, 'e', 't', 'h', '0', 0x02, 0,
                       0x5e, 0, 0x53, 1, 0}));
}

TEST(NodeMetadataTest, WhatIsSerializedParsesEqual) {
  const NodeMetadata cases[] = {
      {},
      {.interfaces = {{}}},
      {.draining = true, .interfaces = {{}}},
      {.holding_down = true, .interfaces = {{}}},
      {.silent = true, .interfaces = {{}}},
      {.interfaces = {{{"a", kMac}, {"abcdefghijklmno", kMac}}}},
  };
  for (const NodeMetadata& metadata : cases) {
    EXPECT_THAT(ParseNodeMetadata(SerializeNodeMetadata(metadata)),
                Optional(metadata));
  }
}

TEST(NodeMetadataTest, TooManyInterfacesAreNotKnown) {
  NodeMetadata metadata = {.draining = true, .interfaces = {{}}};
  for (int i = 0; i < 100; ++i) {
    metadata.interfaces->push_back({fmt::format("eth{:03}", i), kMac});
  }
  const Bytes bytes = SerializeNodeMetadata(metadata);
  EXPECT_LE(bytes.size(), gossip::kMetaSizeMax);
  EXPECT_THAT(ParseNodeMetadata(bytes),
              Optional(NodeMetadata{.draining = true}));
}

TEST(NodeMetadataTest, OlderNodesSayLessAndLaterOnesMore) {
  EXPECT_THAT(ParseNodeMetadata({'l', 'b', 'd', 1}), Optional(NodeMetadata{}));
  EXPECT_THAT(ParseNodeMetadata({'l', 'b', 'd', 2, 2, 0, 'x', 'y'}),
              Optional(NodeMetadata{.holding_down = true, .interfaces = {{}}}));
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
      SerializeNodeMetadata({.interfaces = {{{"eth0", kMac}, {"eth1", kMac}}}});
  for (size_t size = 5; size < whole.size(); ++size) {
    SCOPED_TRACE(size);
    EXPECT_THAT(ParseNodeMetadata(Bytes(whole.begin(), whole.begin() + size)),
                Eq(std::nullopt));
  }
  Bytes long_name = {'l', 'b', 'd', 1, 0, 16};
  long_name.resize(long_name.size() + 16 + 6 + 1);
  EXPECT_THAT(ParseNodeMetadata(long_name), Eq(std::nullopt));
}

}  // namespace
}  // namespace lb

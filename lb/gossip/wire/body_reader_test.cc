#include "lb/gossip/wire/body_reader.h"

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/gossip/wire/body_writer.h"

namespace lb::gossip::wire {
namespace {

using Bytes = std::vector<uint8_t>;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr uint64_t kMax = std::numeric_limits<uint64_t>::max();

TEST(BodyReaderTest, ReadsIntegersOfBothFamilies) {
  const struct {
    Bytes bytes;
    uint64_t number;
  } kCases[] = {
      {{0x00}, 0},
      {{0x7f}, 127},
      {{0xcc, 0xff}, 255},
      {{0xcd, 0x01, 0x00}, 256},
      {{0xce, 0xff, 0xff, 0xff, 0xff}, 0xffffffff},
      {{0xcf, 0, 0, 0, 1, 0, 0, 0, 0}, uint64_t{1} << 32},
      {{0xcf, 255, 255, 255, 255, 255, 255, 255, 255}, kMax},
      {{0xd0, 0x05}, 5},
      {{0xd1, 0x00, 0xc8}, 200},
      {{0xd2, 0x00, 0x00, 0x80, 0x00}, 32768},
      {{0xd3, 0, 0, 0, 0, 0, 0, 0, 9}, 9},
  };
  for (const auto& test : kCases) {
    SCOPED_TRACE(test.number);
    BodyReader in(test.bytes);
    EXPECT_EQ(in.Unsigned(kMax), test.number);
    EXPECT_THAT(in.status(), IsOk());
    EXPECT_TRUE(in.rest().empty());
  }
}

TEST(BodyReaderTest, RefusesIntegersOutOfRange) {
  const Bytes kNegative[] = {{0xff},
                             {0xe0},
                             {0xd0, 0x80},
                             {0xd1, 0xff, 0xff},
                             {0xd2, 0xff, 0xff, 0xff, 0xff},
                             {0xd3, 0x80, 0, 0, 0, 0, 0, 0, 0}};
  for (const Bytes& bytes : kNegative) {
    BodyReader in(bytes);
    EXPECT_EQ(in.Unsigned(kMax), 0u);
    EXPECT_THAT(in.status(),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("-")));
  }
  const Bytes large = {0xcd, 0x01, 0x00};
  BodyReader in(large);
  EXPECT_EQ(in.Unsigned(255), 0u);
  EXPECT_THAT(in.status(),
              StatusIs(absl::StatusCode::kInvalidArgument, "256, want 0..255"));
}

TEST(BodyReaderTest, RefusesTheWrongKind) {
  const Bytes text = {0xa1, 'x'};
  BodyReader number(text);
  number.Unsigned(kMax);
  EXPECT_THAT(number.status(), StatusIs(absl::StatusCode::kInvalidArgument,
                                        "type 0xa1, want an integer"));
  BodyReader boolean(text);
  boolean.Bool();
  EXPECT_FALSE(boolean.ok());
  BodyReader container(text);
  container.Struct();
  EXPECT_FALSE(container.ok());
  const Bytes one = {0x01};
  BodyReader raw(one);
  raw.Raw();
  EXPECT_FALSE(raw.ok());
}

TEST(BodyReaderTest, ReadsRawsOfAllForms) {
  const Bytes kForms[] = {{0xa2, 'h', 'i'},
                          {0xd9, 2, 'h', 'i'},
                          {0xda, 0, 2, 'h', 'i'},
                          {0xdb, 0, 0, 0, 2, 'h', 'i'},
                          {0xc4, 2, 'h', 'i'},
                          {0xc5, 0, 2, 'h', 'i'},
                          {0xc6, 0, 0, 0, 2, 'h', 'i'}};
  for (const Bytes& bytes : kForms) {
    BodyReader in(bytes);
    EXPECT_THAT(in.Raw(), ElementsAre('h', 'i'));
    EXPECT_TRUE(in.ok());
  }
}

TEST(BodyReaderTest, BelievesNoLength) {
  const Bytes promised = {0xdb, 0x00, 0xff, 0xff, 0xff, 'x'};
  BodyReader in(promised);
  EXPECT_TRUE(in.Raw().empty());
  EXPECT_THAT(in.status(), StatusIs(absl::StatusCode::kUnavailable));
  const Bytes huge = {0xdb, 0xff, 0xff, 0xff, 0xff, 'x'};
  BodyReader too_long(huge);
  too_long.Raw();
  EXPECT_THAT(too_long.status(),
              StatusIs(absl::StatusCode::kResourceExhausted));
  const Bytes many = {0xdf, 0xff, 0xff, 0xff, 0xff, 0x00};
  BodyReader map(many);
  map.Skip();
  EXPECT_THAT(map.status(), StatusIs(absl::StatusCode::kUnavailable));
}

TEST(BodyReaderTest, SkipsAnyValueAndNothingMore) {
  const Bytes kValues[] = {
      {0xc0},
      {0xc2},
      {0x05},
      {0xe5},
      {0x82, 0xa1, 'a', 0x01, 0xa1, 'b', 0x91, 0xc0},
      {0xde, 0, 1, 0x01, 0x90},
      {0xdd, 0, 0, 0, 2, 0x01, 0x02},
      {0xca, 1, 2, 3, 4},
      {0xcb, 1, 2, 3, 4, 5, 6, 7, 8},
      {0xd4, 9, 1},
      {0xd8, 9, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16},
      {0xc7, 2, 9, 1, 2},
      {0xc8, 0, 2, 9, 1, 2},
      {0xc9, 0, 0, 0, 2, 9, 1, 2},
  };
  for (Bytes bytes : kValues) {
    SCOPED_TRACE(bytes.front());
    bytes.push_back(0x2a);
    BodyReader in(bytes);
    in.Skip();
    EXPECT_EQ(in.Unsigned(255), 42u);
    EXPECT_TRUE(in.ok());
    for (size_t size = 0; size + 1 < bytes.size(); ++size) {
      BodyReader cut(absl::MakeConstSpan(bytes).first(size));
      cut.Skip();
      EXPECT_THAT(cut.status(), StatusIs(absl::StatusCode::kUnavailable));
    }
  }
}

TEST(BodyReaderTest, SkipsNoDeeperThanItsLimit) {
  Bytes nested(BodyReader::kNestingMax, 0x91);
  nested.push_back(0xc0);
  BodyReader in(nested);
  in.Skip();
  EXPECT_TRUE(in.ok());
  nested.insert(nested.begin(), 0x91);
  BodyReader deeper(nested);
  deeper.Skip();
  EXPECT_THAT(deeper.status(), StatusIs(absl::StatusCode::kInvalidArgument,
                                        HasSubstr("nested")));
}

TEST(BodyReaderTest, KeepsTheFirstFault) {
  const Bytes bytes = {0xa1, 'x', 0x01};
  BodyReader in(bytes);
  in.Bool();
  in.Unsigned(kMax);
  in.Raw();
  EXPECT_THAT(in.status(), StatusIs(absl::StatusCode::kInvalidArgument,
                                    HasSubstr("want a boolean")));
}

TEST(BodyWriterTest, WritesWhatGoMsgpackWrites) {
  Bytes bytes;
  BodyWriter out(&bytes);
  out.Map(16);
  out.Unsigned(127);
  out.Unsigned(128);
  out.Signed(128);
  out.Signed(32768);
  out.Bool(true);
  out.Nil();
  EXPECT_THAT(bytes, ElementsAre(0xde, 0, 16, 0x7f, 0xcc, 0x80, 0xd1, 0, 0x80,
                                 0xd2, 0, 0, 0x80, 0, 0xc3, 0xc0));
}

TEST(BodyWriterTest, WritesRawsInTheOldForm) {
  for (const size_t size : {31u, 32u, 255u, 256u, 65535u, 65536u}) {
    Bytes bytes;
    BodyWriter(&bytes).Raw(std::string(size, 'x'));
    EXPECT_EQ(bytes[0], size < 32 ? 0xa0 | size : size < 65536 ? 0xda : 0xdb);
    BodyReader in(bytes);
    EXPECT_EQ(in.Raw().size(), size);
  }
}

}  // namespace
}  // namespace lb::gossip::wire

#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/net/byte_reader.h"
#include "lb/net/byte_writer.h"

namespace lb::net {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<uint8_t> OneOfEach() {
  ByteWriter out;
  out.Uint8(0x01);
  out.Uint16(0x0203);
  out.Uint32(0x04050607);
  out.Uint64(0x08090a0b0c0d0e0f);
  out.Zeros(1);
  out.Bytes(std::vector<uint8_t>{0xff});
  return std::move(out).Finish();
}

TEST(ByteWriterTest, WritesBigEndian) {
  EXPECT_THAT(OneOfEach(), ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
                                       13, 14, 15, 0, 0xff));
}

TEST(ByteReaderTest, ReadsWhatWasWritten) {
  const std::vector<uint8_t> bytes = OneOfEach();
  ByteReader in(bytes);
  EXPECT_EQ(in.Uint8(), 0x01);
  EXPECT_EQ(in.Uint16(), 0x0203);
  EXPECT_EQ(in.Uint32(), 0x04050607u);
  EXPECT_EQ(in.Uint64(), 0x08090a0b0c0d0e0fu);
  EXPECT_THAT(in.Take(2), ElementsAre(0, 0xff));
  EXPECT_THAT(in.rest(), IsEmpty());
  EXPECT_TRUE(in.ok());
}

TEST(ByteReaderTest, FailsForGoodPastTheEnd) {
  const std::vector<uint8_t> bytes = {1, 2, 3};
  ByteReader in(bytes);
  EXPECT_EQ(in.Uint32(), 0u);
  EXPECT_FALSE(in.ok());
  EXPECT_EQ(in.Uint8(), 0);  // Not the 1 that is there.
  EXPECT_THAT(in.Take(0), IsEmpty());
  EXPECT_FALSE(in.ok());
}

}  // namespace
}  // namespace lb::net

#include "lb/replication/counted_message.h"

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "google/protobuf/descriptor.pb.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"

namespace lb::replication {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr absl::StatusCode kInvalid = absl::StatusCode::kInvalidArgument;

// Field 1 counts the items of field 2, `words`. Field 3 has at most two `tags`
// of one to three bytes.
MessageFormat Format() {
  return {.magic = "LBXX",
          .version = 7,
          .what = "words",
          .type = "WordMessage",
          .size_max = 64,
          .count_field = 1,
          .fields = {{.number = 2,
                      .item = "word",
                      .items = "words",
                      .count_max = 3,
                      .size_max = 5},
                     {.number = 3,
                      .item = "tag",
                      .items = "tags",
                      .count_max = 2,
                      .size_min = 1,
                      .size_max = 3}}};
}

// The items as "field=bytes", in order.
absl::StatusOr<std::vector<std::string>> Read(std::string_view message) {
  std::vector<std::string> items;
  const absl::Status read =
      ReadMessage(message, Format(), [&](int number, std::string_view item) {
        items.push_back(fmt::format("{}={}", number, item));
        return absl::OkStatus();
      });
  if (!read.ok()) return read;
  return items;
}

std::string Message(std::string_view body) {
  return MessageHead(Format()) + std::string(body);
}

TEST(CountedMessageTest, HandsOutItemsInTheirOrder) {
  EXPECT_THAT(Read(Message(std::string_view("\x08\x00", 2))),
              IsOkAndHolds(IsEmpty()));
  EXPECT_THAT(Read(Message("\x1a\x01x\x12\x02hi\x08\x02\x12\x01z")),
              IsOkAndHolds(ElementsAre("3=x", "2=hi", "2=z")));
  EXPECT_THAT(Read(Message(std::string_view("\x08\x01\x12\x00", 4))),
              IsOkAndHolds(ElementsAre("2=")));
}

TEST(CountedMessageTest, RefusesEveryTruncation) {
  const std::string message = Message("\x08\x02\x12\x02hi\x1a\x01x\x12\x01z");
  ASSERT_THAT(Read(message), IsOk());
  for (size_t size = 0; size < message.size(); ++size) {
    SCOPED_TRACE(fmt::format("first {} bytes", size));
    EXPECT_THAT(Read(message.substr(0, size)), StatusIs(kInvalid));
  }
}

TEST(CountedMessageTest, SkipsFieldsOfALaterRelease) {
  const std::string_view unknown[] = {
      "\x7a\x02ok",                                    // Field 15, bytes.
      "\x78\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",  // A varint.
      "\x7d"
      "1234",
      "\x79"
      "12345678",   // 32 and 64 bits.
      "\x10\x05",   // Field 2 as a varint.
      "\x0a\x01x",  // Field 1 as bytes.
  };
  for (const std::string_view field : unknown) {
    SCOPED_TRACE(testing::PrintToString(field));
    const std::string message =
        Message("\x08\x01" + std::string(field) + "\x12\x01z");
    EXPECT_THAT(Read(message), IsOkAndHolds(ElementsAre("2=z")));
    EXPECT_THAT(Read(message.substr(0, 6 + field.size())), StatusIs(kInvalid));
  }
}

struct HostileCase {
  std::string bytes;
  std::string_view message;
};

TEST(CountedMessageTest, SaysWhatIsWrong) {
  const HostileCase cases[] = {
      {"", "words: 0 bytes without the magic LBXX, want it first"},
      {"LBXX", "words: 4 bytes without the magic"},
      {"LBXY\x07\x08\x01\x12\x01z", "words: 10 bytes without the magic"},
      {"LBXX\x08\x08\x01\x12\x01z", "words: format version 8, want 7"},
      {Message(std::string(60, ' ')),
       "words: message of 65 bytes, want at most 64"},
      {Message(""), "words: malformed, want a WordMessage"},
      {Message("\x12\x01z"), "malformed"},
      {Message("\x08\x02\x12\x01z"), "words: 1, want 2 as it says"},
      {Message("\x08\x01\x12\x06longer"), "word of 6 bytes, want at most 5"},
      {Message("\x08\x01\x12\xff\xff\xff\xff\x0f"),
       "word of 4294967295 bytes, want at most 5"},
      {Message(std::string_view("\x08\x01\x1a\x00", 4)),
       "tag of 0 bytes, want 1..3"},
      {Message("\x08\x04\x12\x01z\x12\x01z\x12\x01z\x12\x01z"),
       "too many words, want at most 3"},
      {Message("\x08\x01\x1a\x01z\x1a\x01z\x1a\x01z"), "too many tags"},
      // These are: an unknown field that is too long; a group; a field with
      // number 0; a tag that is zero; a varint that does not end.
      {Message("\x08\x01\x12\x01z\x7a\xff\xff\xff\xff\x0f"), "malformed"},
      {Message("\x08\x01\x12\x01z\x7b\x7c"), "malformed"},
      {Message("\x08\x01\x12\x01z\x02\x01z"), "malformed"},
      {Message(std::string_view("\x08\x01\x12\x01z\x00", 6)), "malformed"},
      {Message("\x08\x01\x12\x01z\x78\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
       "malformed"},
  };
  for (const HostileCase& c : cases) {
    EXPECT_THAT(Read(c.bytes),
                StatusIs(kInvalid, HasSubstr(std::string(c.message))));
  }
}

TEST(CountedMessageTest, AnErrorOfTheReaderEndsTheReading) {
  int items = 0;
  const absl::Status read =
      ReadMessage(Message("\x08\x02\x12\x01y\x12\x01z"), Format(),
                  [&](int, std::string_view) {
                    ++items;
                    return absl::InvalidArgumentError("no word");
                  });
  EXPECT_THAT(read, StatusIs(kInvalid, "no word"));
  EXPECT_EQ(items, 1);
}

// A message type with another one in it, which has a third one in it.
using Item = google::protobuf::DescriptorProto;

TEST(ParseItemTest, ReadsNestedMessages) {
  Item item;
  item.set_name("A");
  item.add_field()->set_name("b");
  item.mutable_field(0)->mutable_options()->set_deprecated(true);
  item.add_field()->set_number(3);
  const std::string bytes = item.SerializeAsString();
  Item parsed;
  ASSERT_THAT(ParseItem(bytes, Format(), &parsed), IsOk());
  EXPECT_EQ(parsed.SerializeAsString(), bytes);
  // Field 99 is from a later release. Its contents are not read.
  EXPECT_THAT(ParseItem(bytes + "\x9a\x06\x02\x12\x7f", Format(), &parsed),
              IsOk());
  for (size_t size = 0; size < bytes.size(); ++size) {
    const absl::Status cut =
        ParseItem(bytes.substr(0, size), Format(), &parsed);
    if (cut.ok()) {
      // The message ends between two fields.
      EXPECT_EQ(parsed.SerializeAsString(), bytes.substr(0, size));
    } else {
      EXPECT_THAT(
          cut, StatusIs(kInvalid, "words: malformed, want a DescriptorProto"));
    }
  }
}

// libprotobuf reserved 50 MB for a name in a nested message, because that
// message claimed to be longer than that.
TEST(ParseItemTest, ReservesNothingForANestedMessageWhoseLengthLies) {
  const std::string_view lies[] = {
      // Field 2 claims 100 MB; field 1 in it claims 50 MB.
      "\x12\x80\xc2\xd7\x2f\x0a\x80\xe1\xeb\x17n",
      // One level deeper: `options` holds a later field that claims 50 MB.
      "\x12\x0d\x42\x80\xc2\xd7\x2f\x7a\x80\xe1\xeb\x17n",
      // Lengths above INT32_MAX.
      "\x12\xff\xff\xff\xff\x0f\x0a\x80\xe1\xeb\x17n",
  };
  for (const std::string_view lie : lies) {
    SCOPED_TRACE(testing::PrintToString(lie));
    Item parsed;
    EXPECT_THAT(ParseItem(lie, Format(), &parsed), StatusIs(kInvalid));
    EXPECT_LT(parsed.SpaceUsedLong(), 4096);
  }
}

}  // namespace
}  // namespace lb::replication

#include "daemon/status_view/page.h"

#include <limits>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"

namespace lb {
namespace {

using ::testing::HasSubstr;

// One page of "000" .. "999"; "a..b" and the token after it.
struct Seen {
  std::string first, last, token;
  int count = 0;
};

Seen Read(int page_size, const std::string& token, size_t item_bytes = 1) {
  Page page = *Page::Of(page_size, token);
  Seen seen;
  for (int i = 0; i < 1000; ++i) {
    const std::string key = std::to_string(1000 + i).substr(1);
    if (page.IsBefore(key)) continue;
    if (!page.HasRoom()) {
      seen.token = page.NextToken();
      break;
    }
    if (seen.count++ == 0) seen.first = key;
    seen.last = key;
    page.Add(key, item_bytes);
  }
  return seen;
}

TEST(PageTest, PagesHaveEachItemOnce) {
  std::string token;
  std::vector<std::string> firsts;
  int count = 0;
  do {
    const Seen seen = Read(300, token);
    firsts.push_back(seen.first);
    count += seen.count;
    token = seen.token;
  } while (!token.empty());
  EXPECT_EQ(count, 1000);
  EXPECT_THAT(firsts, testing::ElementsAre("000", "300", "600", "900"));
}

TEST(PageTest, ItsSizeHasADefaultAndAMaximum) {
  EXPECT_EQ(Read(0, "").count, Page::kItemsDefault);
  EXPECT_EQ(Read(std::numeric_limits<int32_t>::max(), "").count, 1000);
  EXPECT_EQ(Read(1000, "").token, "");  // The list ends with the page.
}

TEST(PageTest, EndsWhereItsBytesDo) {
  const Seen seen = Read(0, "", Page::kBytesMax / 4);
  EXPECT_EQ(seen.count, 4);
  EXPECT_EQ(Read(0, seen.token).first, "004");
}

TEST(PageTest, GoesOnAfterAKeyThatIsGone) {
  Page page = *Page::Of(1, "");
  page.Add("0055", 1);
  EXPECT_EQ(Read(1, page.NextToken()).first, "006");
}

TEST(PageTest, RefusesWhatNoAnswerHad) {
  EXPECT_THAT(Page::Of(-1, ""),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("page_size: -1, want 0..10000")));
  for (const char* token : {"!", "a", "=", "x\x01"}) {
    EXPECT_THAT(Page::Of(0, token),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         HasSubstr("want the next_page_token of an answer")))
        << token;
  }
}

}  // namespace
}  // namespace lb

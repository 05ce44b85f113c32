#include "lb/replication/replicated_table.h"

#include <string>
#include <vector>

#include "absl/types/span.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/prng.h"

namespace lb::replication {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct Word {
  std::string key;
  int rank = 0;      // The higher one wins.
  std::string text;  // Empty: a release, at the time `rank`.
};

template <bool gives_way>
struct WordRules {
  using Key = std::string;
  using Record = Word;
  using Time = int;

  static const std::string& KeyOf(const Word& word) { return word.key; }
  static bool Beats(const Word& a, const Word& b) { return a.rank > b.rank; }
  static bool IsRelease(const Word& word) { return word.text.empty(); }
  static int ReleasedAt(const Word& release) { return release.rank; }
  static constexpr bool kReleasesGiveWay = gives_way;
  static constexpr bool kIndexesVersions = true;
};
using Table = ReplicatedTable<WordRules<false>>;
using YieldingTable = ReplicatedTable<WordRules<true>>;

template <typename Words>
std::vector<std::string> Texts(const Words& words) {
  std::vector<std::string> texts;
  for (const Word& word : words) {
    texts.push_back(fmt::format("{}{}{}", word.key, word.rank, word.text));
  }
  return texts;
}

TEST(ReplicatedTableTest, TheWinnerStays) {
  Table table(10);
  EXPECT_EQ(table.Merge({"a", 2, "x"}), MergeVerdict::kMerged);
  EXPECT_EQ(table.Merge({"a", 2, "x"}), MergeVerdict::kStale);
  EXPECT_EQ(table.Merge({"a", 1, "y"}), MergeVerdict::kStale);
  EXPECT_EQ(table.Merge({"a", 3, ""}), MergeVerdict::kMerged);
  EXPECT_THAT(Texts(table.AllRecords()), ElementsAre("a3"));
  EXPECT_EQ(table.counters().records_merged, 2u);
  EXPECT_EQ(table.counters().records_stale, 2u);
}

TEST(ReplicatedTableTest, AnOwnRecordStandsWhateverIsKnown) {
  Table table(10);
  table.Merge({"a", 5, "x"});
  EXPECT_TRUE(table.Store({"a", 1, "y"}));
  EXPECT_THAT(Texts(table.AllRecords()), ElementsAre("a1y"));
}

TEST(ReplicatedTableTest, AFullTableTakesOnlyNewsOfWhatItHas) {
  Table table(2);
  table.Merge({"a", 1, ""});
  table.Merge({"b", 1, "x"});
  EXPECT_EQ(table.Merge({"c", 1, "x"}), MergeVerdict::kRefused);
  EXPECT_FALSE(table.Store({"c", 1, "x"}));
  EXPECT_EQ(table.Merge({"b", 2, "y"}), MergeVerdict::kMerged);
  EXPECT_EQ(table.counters().records_refused, 2u);
  EXPECT_THAT(Texts(table.AllRecords()), ElementsAre("a1", "b2y"));
}

TEST(ReplicatedTableTest, TheOldestReleaseGivesWayIfItMay) {
  YieldingTable table(3);
  table.Merge({"a", 2, ""});
  table.Merge({"b", 1, ""});
  table.Merge({"c", 1, "x"});
  EXPECT_EQ(table.Merge({"d", 1, "x"}), MergeVerdict::kMerged);
  EXPECT_TRUE(table.Store({"e", 1, "x"}));
  EXPECT_EQ(table.Merge({"f", 1, "x"}), MergeVerdict::kRefused);
  EXPECT_THAT(Texts(table.AllRecords()), ElementsAre("c1x", "d1x", "e1x"));
  EXPECT_THAT(table.KeysSince(0), ElementsAre("c", "d", "e"));
}

TEST(ReplicatedTableTest, TellsWhatChangedSince) {
  Table table(10);
  table.Merge({"b", 1, "x"});
  table.Merge({"a", 1, "x"});
  const uint64_t version = table.version();
  EXPECT_THAT(table.KeysSince(version), IsEmpty());
  table.Merge({"b", 2, "y"});
  table.Merge({"a", 0, "y"});
  EXPECT_THAT(Texts(table.RecordsSince(version)), ElementsAre("b2y"));
  EXPECT_THAT(table.KeysSince(0), ElementsAre("a", "b"));
  EXPECT_THAT(Texts(table.RecordsSince(0)), ElementsAre("a1x", "b2y"));
  EXPECT_THAT(Texts(table.RecordsAfter(std::string("a"), 5)),
              ElementsAre("b2y"));
}

TEST(ReplicatedTableTest, DropsOldReleasesOfAnOldVersion) {
  Table table(10);
  table.Merge({"a", 1, ""});
  table.Merge({"b", 2, ""});
  table.Merge({"c", 1, "x"});
  const uint64_t version = table.version();
  table.Merge({"d", 1, ""});
  EXPECT_THAT(table.DropReleases(2, version), ElementsAre("a"));
  EXPECT_THAT(table.DropReleases(2, UINT64_MAX), ElementsAre("d"));
  EXPECT_THAT(Texts(table.AllRecords()), ElementsAre("b2", "c1x"));
  EXPECT_THAT(table.KeysSince(0), ElementsAre("b", "c"));
}

// A copy that gets the same records in another order, and some of them twice,
// ends with the same records.
TEST(ReplicatedTableTest, TheOrderDoesNotMatter) {
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    Prng prng(seed);
    std::vector<Word> words;
    for (int rank = 0; rank < 30; ++rank) {
      const uint64_t key = prng.Uniform(6);
      words.push_back({std::string(1, static_cast<char>('a' + key)), rank,
                       prng.Uniform(3) == 0 ? "" : "x"});
    }
    Table one(10), other(10);
    for (const Word& word : words) one.Merge(word);
    for (int i = 0; i < 10; ++i) words.push_back(Word(words[i]));
    prng.Shuffle(absl::MakeSpan(words));
    for (const Word& word : words) other.Merge(word);
    EXPECT_EQ(Texts(one.AllRecords()), Texts(other.AllRecords()));
    EXPECT_THAT(Texts(other.RecordsSince(0)), Texts(other.AllRecords()));
  }
}

}  // namespace
}  // namespace lb::replication

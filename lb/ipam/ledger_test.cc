#include "lb/ipam/ledger.h"

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/prng.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/ipam/ledger_codec.h"

namespace lb::ipam {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

absl::Time At(int64_t seconds) { return absl::FromUnixSeconds(seconds); }

Assignment Addresses(const std::vector<std::string>& texts) {
  Assignment assignment;
  for (const std::string& text : texts) {
    assignment.addresses.push_back({*net::ParseIpAddress(text), "a"});
  }
  return assignment;
}

// "g2 node-a@7 10.0.0.1@5": generation, last change, claims with their times.
std::string Text(const Record& record) {
  std::string text =
      fmt::format("g{} {}@{}", record.generation, record.changed.author,
                  record.changed.microseconds / 1'000'000);
  for (const Claim& claim : record.claims) {
    text += fmt::format(" {}@{}", claim.address.ToString(),
                        claim.stamp.microseconds / 1'000'000);
  }
  return text;
}

std::string Text(const absl::StatusOr<Record>& record) {
  return record.ok() ? Text(*record) : record.status().ToString();
}

TEST(LedgerTest, AnAddressKeepsItsStampAcrossGenerations) {
  Ledger ledger("n");
  EXPECT_EQ(Text(ledger.Propose("x/1", Addresses({"10.0.0.1"}), At(5))),
            "g1 n@5 10.0.0.1@5");
  EXPECT_EQ(Text(ledger.Propose("x/1", Addresses({"10.0.0.1", "2001:db8::1"}),
                                At(6))),
            "g2 n@6 10.0.0.1@5 2001:db8::1@6");
  EXPECT_EQ(Text(ledger.Propose("x/1", Addresses({"2001:db8::1"}), At(7))),
            "g3 n@7 2001:db8::1@6");
  EXPECT_EQ(Text(ledger.Propose("x/1", Addresses({"10.0.0.1"}), At(8))),
            "g4 n@8 10.0.0.1@8");
}

TEST(LedgerTest, ProposingWhatIsOnRecordChangesNothing) {
  Ledger ledger("n");
  EXPECT_THAT(ledger.Propose("x/1", Addresses({"10.0.0.1"}), At(5)), IsOk());
  const uint64_t version = ledger.version();
  EXPECT_EQ(Text(ledger.Propose("x/1", Addresses({"10.0.0.1"}), At(9))),
            "g1 n@5 10.0.0.1@5");
  EXPECT_EQ(ledger.version(), version);
  EXPECT_THAT(ledger.RecordsSince(version), IsEmpty());
}

TEST(LedgerTest, AReleaseIsANewGeneration) {
  Ledger ledger("n");
  EXPECT_THAT(ledger.ProposeRelease("x/1", At(1)),
              StatusIs(absl::StatusCode::kNotFound,
                       "Service/x/1: has no addresses on record"));
  EXPECT_THAT(ledger.Propose("x/1", Addresses({"10.0.0.1"}), At(5)), IsOk());
  EXPECT_EQ(Text(ledger.ProposeRelease("x/1", At(6))), "g2 n@6");
  EXPECT_THAT(ledger.ProposeRelease("x/1", At(7)),
              StatusIs(absl::StatusCode::kNotFound));
  EXPECT_EQ(Text(ledger.Propose("x/1", Addresses({"10.0.0.1"}), At(8))),
            "g3 n@8 10.0.0.1@8");
  EXPECT_EQ(Text(ledger.Propose("x/1", {}, At(9))), "g4 n@9");
}

Record Make(uint64_t generation, int64_t changed,
            const std::vector<std::pair<std::string, int64_t>>& claims,
            const std::string& author = "n") {
  Record record = {.service = "x/1",
                   .generation = generation,
                   .changed = {changed * 1'000'000, author}};
  for (const auto& [address, seconds] : claims) {
    record.claims.push_back(
        {*net::ParseIpAddress(address), "a", {seconds * 1'000'000, author}});
  }
  return record;
}

Record Provisional(Record record) {
  record.provisional = true;
  return record;
}

TEST(BeatsTest, FirmThenGenerationThenClaimsThenStampThenContent) {
  const std::vector<Record> kBestFirst = {
      Make(3, 9, {}),
      Make(2, 9, {{"10.0.0.9", 1}}),
      Make(2, 4, {{"10.0.0.1", 2}}),
      Make(2, 5, {{"10.0.0.1", 2}}),
      Make(2, 5, {{"10.0.0.2", 2}}),
      Make(2, 5, {{"10.0.0.1", 2}}, "o"),
      Make(2, 1, {}),
      Make(2, 2, {}),
      Make(1, 0, {{"10.0.0.1", 0}}),
      Provisional(Make(9, 0, {{"10.0.0.1", 0}})),
      Provisional(Make(2, 0, {{"10.0.0.1", 0}})),
      Provisional(Make(2, 0, {{"10.0.0.1", 1}})),
  };
  for (size_t i = 0; i < kBestFirst.size(); ++i) {
    for (size_t j = 0; j < kBestFirst.size(); ++j) {
      EXPECT_EQ(Beats(kBestFirst[i], kBestFirst[j]), i < j)
          << Text(kBestFirst[i]) << " against " << Text(kBestFirst[j]);
    }
  }
}

// A node that knew nothing of the others counted generations and stamped claims
// by itself.
TEST(LedgerTest, WhatWasProvisionalBeginsAnewAsFirm) {
  Ledger ledger("n");
  ledger.SetProvisional(true);
  EXPECT_FALSE(ledger.HasFirm());
  const auto first = ledger.Propose("x/1", Addresses({"10.0.0.1"}), At(5));
  const auto second = ledger.Propose("x/1", Addresses({"10.0.0.2"}), At(6));
  EXPECT_TRUE(first->provisional);
  EXPECT_EQ(Text(second), "g2 n@6 10.0.0.2@6");
  EXPECT_TRUE(second->provisional);
  EXPECT_FALSE(ledger.HasFirm());
  const uint64_t version = ledger.version();
  EXPECT_THAT(ledger.Propose("x/1", Addresses({"10.0.0.2"}), At(7)), IsOk());
  EXPECT_EQ(ledger.version(), version);
  ledger.SetProvisional(false);
  const auto firm = ledger.Propose("x/1", Addresses({"10.0.0.2"}), At(8));
  EXPECT_EQ(Text(firm), "g1 n@8 10.0.0.2@8");
  EXPECT_FALSE(firm->provisional);
  EXPECT_TRUE(ledger.HasFirm());
  EXPECT_TRUE(Beats(*firm, *second));
  EXPECT_EQ(Text(ledger.Propose("x/1", Addresses({"10.0.0.2"}), At(9))),
            "g1 n@8 10.0.0.2@8");
  // What is firm stays so.
  ledger.SetProvisional(true);
  EXPECT_FALSE(
      ledger.Propose("x/1", Addresses({"10.0.0.3"}), At(9))->provisional);
  EXPECT_TRUE(
      ledger.Propose("x/2", Addresses({"10.0.0.4"}), At(9))->provisional);
  EXPECT_FALSE(ledger.ProposeRelease("x/1", At(10))->provisional);
  EXPECT_TRUE(ledger.ProposeRelease("x/2", At(10))->provisional);
}

TEST(LedgerTest, MergeTellsWhatChanged) {
  Ledger ledger("n");
  EXPECT_THAT(ledger.Merge({Make(2, 5, {{"10.0.0.1", 2}})}),
              ElementsAre("x/1"));
  EXPECT_THAT(ledger.Merge({Make(2, 5, {{"10.0.0.1", 2}})}), IsEmpty());
  EXPECT_THAT(ledger.Merge({Make(1, 1, {{"10.0.0.1", 1}})}), IsEmpty());
  EXPECT_EQ(Text(*ledger.Find("x/1")), "g2 n@5 10.0.0.1@2");
  EXPECT_EQ(ledger.counters().records_merged, 1);
  EXPECT_EQ(ledger.counters().records_stale, 2);
}

TEST(LedgerTest, RecordsSinceGivesEachChangedRecordOnce) {
  Ledger ledger("n");
  EXPECT_THAT(ledger.Propose("x/2", Addresses({"10.0.0.2"}), At(1)), IsOk());
  EXPECT_THAT(ledger.Propose("x/1", Addresses({"10.0.0.1"}), At(2)), IsOk());
  const uint64_t version = ledger.version();
  EXPECT_THAT(ledger.Propose("x/2", Addresses({"10.0.0.3"}), At(3)), IsOk());
  EXPECT_THAT(ledger.ProposeRelease("x/2", At(4)), IsOk());
  EXPECT_EQ(ledger.RecordsSince(0).size(), 2);
  ASSERT_EQ(ledger.RecordsSince(version).size(), 1);
  EXPECT_EQ(Text(ledger.RecordsSince(version)[0]), "g3 n@4");
}

TEST(LedgerTest, AFullLedgerRefusesNewServicesAndCounts) {
  Ledger ledger("n", /*records_max=*/1);
  EXPECT_THAT(ledger.Merge({Make(1, 5, {{"10.0.0.1", 2}})}),
              ElementsAre("x/1"));
  Record other = Make(1, 5, {{"10.0.0.2", 2}});
  other.service = "x/2";
  EXPECT_THAT(ledger.Merge({other}), IsEmpty());
  EXPECT_THAT(ledger.Propose("x/2", Addresses({"10.0.0.2"}), At(1)),
              StatusIs(absl::StatusCode::kResourceExhausted,
                       HasSubstr("want at most")));
  EXPECT_EQ(ledger.counters().records_refused, 2);
  // What it knows goes on changing.
  EXPECT_THAT(ledger.Merge({Make(2, 6, {})}), ElementsAre("x/1"));
}

TEST(LedgerTest, AServiceAtTheLastGenerationIsRefused) {
  Ledger ledger("n");
  EXPECT_THAT(ledger.Merge({Make(kGenerationMax, 5, {{"10.0.0.1", 2}})}),
              ElementsAre("x/1"));
  EXPECT_THAT(ledger.ProposeRelease("x/1", At(7)),
              StatusIs(absl::StatusCode::kResourceExhausted));
}

TEST(LedgerTest, ForgetsOldTombstonesOnly) {
  Ledger ledger("n");
  const absl::Time start = At(1'000'000);
  EXPECT_THAT(ledger.Propose("x/1", Addresses({"10.0.0.1"}), start), IsOk());
  EXPECT_THAT(ledger.Propose("x/2", Addresses({"10.0.0.2"}), start), IsOk());
  EXPECT_THAT(ledger.ProposeRelease("x/2", start), IsOk());
  EXPECT_THAT(ledger.DropOldTombstones(absl::UnixEpoch()),
              IsEmpty());  // The clock is wrong.
  EXPECT_THAT(ledger.DropOldTombstones(start + kTombstoneLifetime), IsEmpty());
  EXPECT_THAT(
      ledger.DropOldTombstones(start + kTombstoneLifetime + absl::Seconds(1)),
      ElementsAre("x/2"));
  EXPECT_EQ(ledger.Find("x/2"), nullptr);
  EXPECT_NE(ledger.Find("x/1"), nullptr);
  EXPECT_EQ(ledger.RecordsSince(0).size(), 1);
}

// What a store has not written down yet would come back from its disk.
TEST(LedgerTest, KeepsATombstoneThatIsNotWrittenYet) {
  Ledger ledger("n");
  const absl::Time start = At(1'000'000);
  const absl::Time later = start + kTombstoneLifetime + absl::Seconds(1);
  EXPECT_THAT(ledger.Propose("x/1", Addresses({"10.0.0.1"}), start), IsOk());
  const uint64_t written = ledger.version();
  EXPECT_THAT(ledger.ProposeRelease("x/1", start), IsOk());
  EXPECT_THAT(ledger.DropOldTombstones(later, written), IsEmpty());
  EXPECT_FALSE(IsForgotten(*ledger.Find("x/1"), start + kTombstoneLifetime));
  EXPECT_TRUE(IsForgotten(*ledger.Find("x/1"), later));
  EXPECT_THAT(ledger.DropOldTombstones(later, ledger.version()),
              ElementsAre("x/1"));
}

TEST(ValidateRecordTest, NamesTheFieldThatIsWrong) {
  struct Case {
    std::string message;
    std::function<void(Record&)> spoil;
  };
  const Case kCases[] = {
      {"service name of 0 bytes", [](Record& r) { r.service = ""; }},
      {"service name of 513 bytes",
       [](Record& r) { r.service = std::string(513, 'a'); }},
      {"printable ASCII", [](Record& r) { r.service = "a\nb"; }},
      {"printable ASCII", [](Record& r) { r.changed.author = "\xff"; }},
      {"generation 0", [](Record& r) { r.generation = 0; }},
      {"want 1..4611686018427387904",
       [](Record& r) { r.generation = kGenerationMax + 1; }},
      {"changed: time -1", [](Record& r) { r.changed.microseconds = -1; }},
      {"changed author: 0 bytes", [](Record& r) { r.changed.author = ""; }},
      {"claim: time -1",
       [](Record& r) { r.claims[1].stamp.microseconds = -1; }},
      {"claim author: 0 bytes",
       [](Record& r) { r.claims[0].stamp.author = ""; }},
      {"claim pool: 0 bytes", [](Record& r) { r.claims[0].pool = ""; }},
      {"want claims by address",
       [](Record& r) { std::swap(r.claims[0], r.claims[1]); }},
      {"want claims by address", [](Record& r) { r.claims[1] = r.claims[0]; }},
      {"9 claims, want at most 8",
       [](Record& r) { r.claims.resize(9, r.claims[0]); }},
      {"freed: time -1", [](Record& r) { r.freed[0].microseconds = -1; }},
      {"freed: 10.0.0.1, want those not claimed",
       [](Record& r) { r.freed[0].address = r.claims[0].address; }},
      {"freed: 10.0.0.8, want those not claimed, by address",
       [](Record& r) { std::swap(r.freed[0], r.freed[1]); }},
      {"9 freed addresses, want at most 8",
       [](Record& r) { r.freed.resize(9, r.freed[0]); }},
  };
  Record good = Make(1, 5, {{"10.0.0.1", 2}, {"10.0.0.2", 2}});
  good.freed = {{*net::ParseIpAddress("10.0.0.8"), 7},
                {*net::ParseIpAddress("10.0.0.9"), 6}};
  ASSERT_THAT(Validate(good), IsOk());
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.message);
    Record bad = good;
    c.spoil(bad);
    EXPECT_THAT(Validate(bad), StatusIs(absl::StatusCode::kInvalidArgument,
                                        HasSubstr(c.message)));
  }
}

// "address@seconds ..."
std::string FreedIn(const Record& record) {
  std::string text;
  for (const Freed& freed : record.freed) {
    text +=
        fmt::format("{}{}@{}", text.empty() ? "" : " ",
                    freed.address.ToString(), freed.microseconds / 1'000'000);
  }
  return text;
}

TEST(LedgerFreedTest, RemembersWhatAServiceGaveUp) {
  Ledger ledger("n");
  const auto propose = [&](std::string_view address, int64_t seconds) {
    const Assignment assignment = {{{*net::ParseIpAddress(address), "a"}}};
    const auto record =
        ledger.Propose("x/1", assignment, absl::FromUnixSeconds(seconds));
    return FreedIn(*record);
  };
  EXPECT_EQ(propose("10.0.0.1", 10), "");
  EXPECT_EQ(propose("10.0.0.2", 20), "10.0.0.1@20");
  EXPECT_EQ(propose("10.0.0.1", 30), "10.0.0.2@30");
  const auto release = ledger.ProposeRelease("x/1", absl::FromUnixSeconds(40));
  EXPECT_EQ(FreedIn(*release), "10.0.0.1@40 10.0.0.2@30");
  EXPECT_EQ(propose("10.0.0.3", 50), "10.0.0.1@40 10.0.0.2@30");
  // Not for longer than a release is remembered.
  EXPECT_EQ(propose("10.0.0.4", 24 * 3600 + 35), "10.0.0.1@40 10.0.0.3@86435");
}

TEST(LedgerFreedTest, RemembersTheLatestEight) {
  Ledger ledger("n");
  std::string last;
  for (uint32_t i = 0; i < 12; ++i) {
    const Assignment assignment = {
        {{net::IpAddress::Ipv4((10u << 24) + 100 - i), "a"}}};
    last =
        FreedIn(*ledger.Propose("x/1", assignment, absl::FromUnixSeconds(i)));
  }
  EXPECT_EQ(last,
            "10.0.0.90@11 10.0.0.91@10 10.0.0.92@9 10.0.0.93@8 10.0.0.94@7 "
            "10.0.0.95@6 10.0.0.96@5 10.0.0.97@4");
}

Record RandomRecord(Prng& prng) {
  Record record = Make(1 + prng.Uniform(3), prng.Uniform(3), {},
                       prng.Chance(50) ? "n" : "o");
  if (prng.Chance(30)) {
    record.freed = {
        {net::IpAddress::Ipv4(99), static_cast<int64_t>(prng.Uniform(3))}};
  }
  record.service = fmt::format("x/{}", prng.Uniform(3));
  record.provisional = prng.Chance(30);
  for (uint32_t n = 1; n <= 2; ++n) {
    if (prng.Chance(40)) {
      record.claims.push_back({net::IpAddress::Ipv4(n),
                               prng.Chance(50) ? "a" : "b",
                               {static_cast<int64_t>(prng.Uniform(3)), "n"}});
    }
  }
  return record;
}

// Merging is taking the greatest: order, grouping and repetition do not matter.
TEST(LedgerPropertyTest, MergeIsCommutativeAssociativeIdempotent) {
  for (uint64_t seed = 1; seed <= 500; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    Prng prng(seed);
    std::vector<Record> history;
    for (int i = 0; i < 12; ++i) history.push_back(RandomRecord(prng));
    Ledger in_order("a");
    in_order.Merge(history);
    const std::string want = SerializeMessage(in_order.AllRecords());
    for (int round = 0; round < 5; ++round) {
      prng.Shuffle(absl::MakeSpan(history));
      // In two parts, one of which goes through another ledger, and twice.
      const size_t half = prng.Uniform(history.size());
      const auto rest = absl::MakeConstSpan(history).subspan(half);
      Ledger between("b");
      between.Merge(rest);
      Ledger ledger("c");
      ledger.Merge(absl::MakeConstSpan(history).first(half));
      ledger.Merge(between.AllRecords());
      ledger.Merge(between.AllRecords());
      EXPECT_EQ(SerializeMessage(ledger.AllRecords()), want);
      EXPECT_THAT(ledger.Merge(history), IsEmpty());
    }
  }
}

// Beats() orders any two different records one way or the other.
TEST(LedgerPropertyTest, BeatsIsATotalOrder) {
  Prng prng(7);
  for (int i = 0; i < 20'000; ++i) {
    Record a = RandomRecord(prng), b = RandomRecord(prng),
           c = RandomRecord(prng);
    a.service = b.service = c.service = "x/1";
    EXPECT_EQ(Beats(a, b) + Beats(b, a), a == b ? 0 : 1);
    if (Beats(a, b) && Beats(b, c)) {
      EXPECT_TRUE(Beats(a, c));
    }
  }
}

}  // namespace
}  // namespace lb::ipam

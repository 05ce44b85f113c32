// Tests which announcements a history keeps, what it writes, and what it
// restores after a restart.
#include "lb/history/history.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/prng.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/history/history_store.h"
#include "lb/io/sim/sim_world.h"
#include "lb/io/state_ports.h"

namespace lb::history {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const net::IpAddress kVip = *net::ParseIpAddress("10.0.0.1");
const net::IpAddress kSix = *net::ParseIpAddress("2001:db8::1");

absl::Time At(int64_t seconds) { return absl::FromUnixSeconds(seconds); }

// "web 10.0.0.1 n2 5-9 2": service, address, node, from, to, end.
std::string ToText(const HistoryEntry& entry) {
  return fmt::format("{} {} {} {}-{} {}", entry.service,
                     entry.address.ToString(), entry.node,
                     absl::ToUnixSeconds(entry.from),
                     entry.end == HistoryEnd::kNone
                         ? ""
                         : fmt::format("{}", absl::ToUnixSeconds(entry.to)),
                     fmt::underlying(entry.end));
}

std::vector<std::string> Show(const History& history) {
  std::vector<std::string> lines;
  for (const auto& [number, entry] : history.entries()) {
    lines.push_back(ToText(entry));
  }
  return lines;
}

// A disk: the values by their place in the ring.
using Disk = std::map<uint64_t, std::string>;

void Save(History& history, Disk& disk, absl::Time now) {
  for (auto& [place, value] : history.TakeUnsaved(now)) disk[place] = value;
  history.OnSaved(true);
}

std::vector<HistorySegment> Read(const Disk& disk) {
  std::vector<HistorySegment> segments;
  for (const auto& [place, value] : disk) {
    auto segment = ParseSegment(value);
    if (segment.ok()) segments.push_back(*std::move(segment));
  }
  return segments;
}

TEST(HistoryTest, SaysWhyEachAnnouncementEnded) {
  History history("n1");
  history.Observe(At(1), {{{"a", kVip, "n2"},
                           {"b", kVip, "n2"},
                           {"c", kVip, "n2"},
                           {"d", kVip, "n2"}},
                          {"n1", "n2"}});
  history.Observe(
      At(2),
      {{{"b", kVip, "n1"}, {"c", kVip, ""}, {"d", kVip, "n2"}}, {"n1", "n2"}});
  history.Observe(At(3), {{{"b", kVip, "n1"}, {"d", kVip, "n1"}}, {"n1"}});
  history.EndOwn(At(4), HistoryEnd::kSilent);
  EXPECT_THAT(Show(history),
              ElementsAre("a 10.0.0.1 n2 1-2 3", "b 10.0.0.1 n2 1-2 1",
                          "c 10.0.0.1 n2 1-2 4", "d 10.0.0.1 n2 1-3 2",
                          "b 10.0.0.1 n1 2-4 5", "d 10.0.0.1 n1 3-4 5"));
}

// With a routing protocol several nodes announce an address at a time. Each
// announcement begins and ends by itself, also over a restart.
TEST(HistoryTest, NodesThatAnnounceAnAddressTogetherComeAndGoByThemselves) {
  Disk disk;
  History history("n1");
  history.Observe(At(1), {{{"a", kVip, "n2"}, {"a", kVip, "n3"}},
                          {"n1", "n2", "n3", "n4"}});
  history.Observe(At(2), {{{"a", kVip, "n3"}, {"a", kVip, "n4"}},
                          {"n1", "n2", "n3", "n4"}});
  history.Observe(At(3),
                  {{{"a", kVip, "n1"}, {"a", kVip, "n4"}}, {"n1", "n2", "n4"}});
  const std::vector<std::string> told = {
      "a 10.0.0.1 n2 1-2 1", "a 10.0.0.1 n3 1-3 2", "a 10.0.0.1 n4 2- 0",
      "a 10.0.0.1 n1 3- 0"};
  EXPECT_EQ(Show(history), told);
  EXPECT_EQ(history.open(), 2);
  Save(history, disk, At(4));
  History again("n9");
  again.Restore(Read(disk));
  EXPECT_EQ(again.open(), 2);
  EXPECT_THAT(Show(again), testing::UnorderedElementsAreArray(told));
}

// The end of n2's announcement was in a segment that is lost. n3 began to
// announce alone, which shows that n2's announcement is over.
TEST(HistoryTest, AnAnnouncementWhoseEndIsLostIsForgotten) {
  const HistoryEntry first = {"a", kVip, "n2", At(1)};
  const HistoryEntry alone = {"a", kVip, "n3", At(5)};
  HistoryEntry beside = alone;
  beside.beside_others = true;
  const auto restored = [&](const HistoryEntry& next) {
    History history("n1");
    history.Restore({{1, At(2), {first}}, {3, At(6), {next}}});
    return Show(history);
  };
  EXPECT_THAT(restored(alone), ElementsAre("a 10.0.0.1 n3 5- 0"));
  EXPECT_THAT(restored(beside),
              ElementsAre("a 10.0.0.1 n2 1- 0", "a 10.0.0.1 n3 5- 0"));
}

// A history that gets only changes ends in the same state as one that gets
// whole views; also beyond its bound, after a silence and after a restart.
TEST(HistoryTest, ViewsOfWhatChangedComeToWhatViewsOfAllComeTo) {
  Prng prng(7);
  const HistoryLimits limits = {.open_max = 9};
  Disk disk;
  auto all = std::make_unique<History>("n1", limits);
  auto changed = std::make_unique<History>("n1", limits);
  std::map<std::pair<std::string, net::IpAddress>, std::string> now;
  std::set<std::string, std::less<>> due;
  for (int step = 1; step < 3000; ++step) {
    SCOPED_TRACE(step);
    const std::string service = fmt::format("s{}", prng.Uniform(8));
    due.insert(service);
    for (const net::IpAddress& address : {kVip, kSix}) {
      now.erase({service, address});
      if (prng.Chance(30)) continue;
      now[{service, address}] =
          std::vector<std::string>{"", "n1", "n2", "n3"}[prng.Uniform(4)];
    }
    if (prng.Chance(50)) continue;
    if (prng.Chance(10)) {
      all->EndOwn(At(step), HistoryEnd::kSilent);
      changed->EndOwn(At(step), HistoryEnd::kSilent);
    }
    if (prng.Chance(3)) {
      Save(*all, disk, At(step));
      for (auto* history : {&all, &changed}) {
        *history = std::make_unique<History>("n1", limits);
        (*history)->Restore(Read(disk));
      }
    }
    HistoryView view = {.live = {"n1"}};
    if (prng.Chance(80)) view.live.insert("n2");
    HistoryView part = view;
    for (const auto& [key, node] : now) {
      view.seen.push_back({key.first, key.second, node});
    }
    all->Observe(At(step), view);
    if (changed->WantsAll()) {
      part = view;
    } else {
      for (const SeenAnnouncement& seen : view.seen) {
        if (due.contains(seen.service)) part.seen.push_back(seen);
      }
      part.services = due;
    }
    due.clear();
    changed->Observe(At(step), part);
    ASSERT_EQ(Show(*changed), Show(*all));
    ASSERT_EQ(changed->left_out(), all->left_out());
    ASSERT_EQ(changed->open(), all->open());
  }
}

TEST(HistoryTest, TheSameOnceMoreIsNoNews) {
  History history("n1");
  const HistoryView view = {{{"a", kVip, "n1"}, {"a", kSix, "n2"}},
                            {"n1", "n2"}};
  history.Observe(At(1), view);
  history.TakeUnsaved(At(1));
  history.OnSaved(true);
  history.Observe(At(2), view);
  EXPECT_FALSE(history.has_unsaved());
  EXPECT_TRUE(history.announces());
  EXPECT_EQ(history.open(), 2);
}

TEST(HistoryTest, AClockSetBackMakesNoNegativeTime) {
  History history("n1");
  history.Observe(At(9), {{{"a", kVip, "n1"}}, {"n1"}});
  history.EndOwn(At(3), HistoryEnd::kStopped);
  EXPECT_THAT(Show(history), ElementsAre("a 10.0.0.1 n1 9-9 6"));
}

TEST(HistoryTest, ARestartEndsOwnAndKeepsWhatLasts) {
  Disk disk;
  {
    History history("n1");
    history.Observe(At(1), {{{"a", kVip, "n1"},
                             {"b", kVip, "n2"},
                             {"c", kVip, "n2"},
                             {"d", kVip, "n2"}},
                            {"n1", "n2", "n3"}});
    Save(history, disk, At(5));
  }
  History history("n1");
  history.Restore(Read(disk));
  EXPECT_FALSE(history.announces());
  // "d" may still come; "c" went to another node meanwhile.
  history.Observe(At(20),
                  {{{"a", kVip, "n1"}, {"b", kVip, "n2"}, {"c", kVip, "n3"}},
                   {"n1", "n2", "n3"}});
  EXPECT_THAT(Show(history),
              ElementsAre("a 10.0.0.1 n1 1-5 7", "b 10.0.0.1 n2 1- 0",
                          "c 10.0.0.1 n2 1-20 8", "d 10.0.0.1 n2 1- 0",
                          "a 10.0.0.1 n1 20- 0", "c 10.0.0.1 n3 20- 0"));
  history.EndUnconfirmed(At(29));
  EXPECT_EQ(history.open(), 4);
  history.EndUnconfirmed(At(30));
  EXPECT_EQ(Show(history)[3], "d 10.0.0.1 n2 1-30 8");
}

TEST(HistoryTest, AFailedWriteLosesNothing) {
  History history("n1", {.segments = 4, .segment_bytes = 100});
  for (int i = 0; i < 6; ++i) {
    history.Observe(At(i),
                    {{{"a", kVip, i % 2 == 0 ? "n1" : "n2"}}, {"n1", "n2"}});
  }
  EXPECT_THAT(history.TakeUnsaved(At(9)), SizeIs(3));
  history.OnSaved(false);
  Disk disk;
  Save(history, disk, At(9));
  EXPECT_FALSE(history.has_unsaved());
  History again("n3");
  again.Restore(Read(disk));
  EXPECT_EQ(Show(again), Show(history));
}

TEST(HistoryTest, WhatIsBeyondTheLimitsIsLeftOut) {
  History history("n1", {.closed_max = 2, .open_max = 1});
  history.Observe(At(1), {{{"a", kVip, "n1"}, {"b", kVip, "n1"}}, {"n1"}});
  EXPECT_EQ(history.left_out(), 1);
  for (int i = 2; i < 9; ++i) {
    history.Observe(At(i),
                    {{{"a", kVip, i % 2 == 0 ? "n2" : "n1"}}, {"n1", "n2"}});
  }
  EXPECT_THAT(Show(history),
              ElementsAre("a 10.0.0.1 n2 6-7 1", "a 10.0.0.1 n1 7-8 1",
                          "a 10.0.0.1 n2 8- 0"));
  EXPECT_EQ(history.left_out(), 0);
}

// An announcement that lasts outlives the segment that it was written to.
TEST(HistoryTest, WhatLastsIsNotOverwritten) {
  Disk disk;
  History history("n1", {.segments = 3, .segment_bytes = 400});
  for (int i = 0; i < 500; ++i) {
    history.Observe(At(i), {{{"a", kVip, i % 2 == 0 ? "n2" : "n3"},
                             {"lasting", kSix, "n4"}},
                            {"n1", "n2", "n3", "n4"}});
    Save(history, disk, At(i));
  }
  EXPECT_THAT(disk, SizeIs(3));
  for (const auto& [place, value] : disk) EXPECT_LT(value.size(), 600);
  History again("n1");
  again.Restore(Read(disk));
  EXPECT_EQ(again.open(), 2);
  EXPECT_THAT(Show(again), testing::Contains("lasting 2001:db8::1 n4 0- 0"));
}

// Against a slow, obvious history that keeps all in a list: random moves, saves
// and restarts.
TEST(HistoryTest, AgreesWithTheModel) {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    Prng prng(seed);
    Disk disk;
    auto history = std::make_unique<History>(
        "n1", HistoryLimits{.segments = 8, .segment_bytes = 1000});
    std::map<std::string, std::string> now;      // Node by service.
    std::map<std::string, std::string> written;  // Open lines by service.
    std::vector<std::string> closed;
    for (int step = 1; step < 60; ++step) {
      const std::string service = fmt::format("s{}", prng.Uniform(4));
      const std::string node =
          prng.Chance(25) ? "" : fmt::format("n{}", 2 + prng.Uniform(2));
      if (now[service] != node && !now[service].empty()) {
        closed.push_back(fmt::format("{} 10.0.0.1 {} {}-{} {}", service,
                                     now[service], written[service], step,
                                     node.empty() ? 4 : 1));
      }
      if (now[service] != node) written[service] = fmt::format("{}", step);
      now[service] = node;
      HistoryView view = {{}, {"n1", "n2", "n3"}};
      for (const auto& [name, there] : now) {
        view.seen.push_back({name, kVip, there});
      }
      history->Observe(At(step), view);
      Save(*history, disk, At(step));
      if (!prng.Chance(20)) continue;
      history = std::make_unique<History>(
          "n1", HistoryLimits{.segments = 8, .segment_bytes = 1000});
      history->Restore(Read(disk));
      history->Observe(At(step), view);  // Nothing has changed since.
    }
    std::vector<std::string> expected = closed;
    for (const auto& [service, node] : now) {
      if (node.empty()) continue;
      expected.push_back(
          fmt::format("{} 10.0.0.1 {} {}- 0", service, node, written[service]));
    }
    EXPECT_THAT(Show(*history), testing::UnorderedElementsAreArray(expected));
  }
}

TEST(HistoryCodecTest, RejectsEveryTruncationAndEveryChangedByte) {
  const HistoryEntry lasting = {"default/web", kSix, "n1", At(7)};
  const HistoryEntry over = {"default/web", kVip,  "n2",
                             At(1),         At(2), HistoryEnd::kReleased};
  HistoryEntry beside = lasting;
  beside.beside_others = true;
  const std::string good = SerializeSegment(
      3, At(9),
      SerializeEntry(lasting) + SerializeEntry(over) + SerializeEntry(beside));
  const auto segment = ParseSegment(good);
  ASSERT_THAT(segment, IsOk());
  EXPECT_EQ(segment->number, 3);
  EXPECT_EQ(segment->written_at, At(9));
  EXPECT_THAT(segment->entries, ElementsAre(lasting, over, beside));
  for (size_t size = 0; size < good.size(); ++size) {
    EXPECT_THAT(ParseSegment(good.substr(0, size)),
                StatusIs(absl::StatusCode::kDataLoss))
        << size;
    std::string changed = good;
    changed[size] ^= 1;
    EXPECT_THAT(ParseSegment(changed), StatusIs(absl::StatusCode::kDataLoss))
        << size;
  }
}

// The checksum is right, the entries are not.
TEST(HistoryCodecTest, RejectsEntriesThatAreNone) {
  const std::string entry = SerializeEntry({"default/web", kVip, "n1", At(7)});
  for (size_t size = 1; size < entry.size(); ++size) {
    EXPECT_THAT(ParseSegment(SerializeSegment(1, At(1), entry.substr(0, size))),
                StatusIs(absl::StatusCode::kDataLoss))
        << size;
  }
  std::string odd = entry;
  odd[0] = 99;  // Not a HistoryEnd.
  EXPECT_THAT(ParseSegment(SerializeSegment(1, At(1), odd)),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("entry 0")));
  odd = entry;
  odd[17] = 5;  // Not a family.
  EXPECT_THAT(ParseSegment(SerializeSegment(1, At(1), odd)),
              StatusIs(absl::StatusCode::kDataLoss));
}

class HistoryStoreTest : public testing::Test {
 protected:
  HistoryStoreTest()
      : host_(world_.AddHost(
            {.name = "n1",
             .addresses = {*net::ParseIpPrefix("172.18.8.11/24")}})) {
    Restart();
  }

  void Restart() {
    store_.reset();
    store_ = std::make_unique<HistoryStore>(
        "n1", io::StatePorts::From(host_->environment()));
    refused_ = store_->Restore();
  }
  void Announce(std::string_view node) {
    store_->history().Observe(host_->environment().loop->CivilNow(),
                              {{{"a", kVip, node}}, {"n1", "n2"}});
    store_->OnChange();
  }
  void RunFor(absl::Duration time) { world_.loop().RunFor(time); }

  io::SimWorld world_{1};
  io::SimHost* host_;
  std::unique_ptr<HistoryStore> store_;
  std::vector<absl::Status> refused_;
};

TEST_F(HistoryStoreTest, ManyChangesAreOneWriteASecondLater) {
  for (const char* node : {"n1", "n2", "n1"}) Announce(node);
  RunFor(absl::Milliseconds(900));
  EXPECT_EQ(host_->state().writes(), 0);
  RunFor(absl::Milliseconds(200));
  EXPECT_EQ(host_->state().writes(), 1);
  Restart();
  EXPECT_THAT(refused_, IsEmpty());
  EXPECT_THAT(store_->history().entries(), SizeIs(3));
}

TEST_F(HistoryStoreTest, IsMarkedOnceAMinuteWhileItAnnounces) {
  Announce("n1");
  RunFor(absl::Minutes(5) + absl::Seconds(2));
  EXPECT_EQ(host_->state().writes(), 1 + 5);
  Announce("n2");
  RunFor(absl::Minutes(5));
  EXPECT_EQ(host_->state().writes(), 1 + 5 + 1);
}

TEST_F(HistoryStoreTest, AFullDiskIsToldOnceAndTriedAgain) {
  host_->state().SetWriteError(absl::ResourceExhaustedError("disk full"));
  Announce("n1");
  RunFor(absl::Seconds(10));
  EXPECT_THAT(store_->save_error(),
              StatusIs(absl::StatusCode::kResourceExhausted));
  const auto events = host_->log().Since(0);
  EXPECT_EQ(std::count_if(
                events.begin(), events.end(),
                [](const Event& e) { return e.reason == "HistoryUnsaved"; }),
            1);
  host_->state().SetWriteError(absl::OkStatus());
  RunFor(absl::Seconds(3));
  EXPECT_THAT(store_->save_error(), IsOk());
  Restart();
  EXPECT_THAT(store_->history().entries(), SizeIs(1));
}

TEST_F(HistoryStoreTest, ADamagedValueIsNamedAndTheRestCounts) {
  Announce("n2");
  RunFor(absl::Seconds(2));
  host_->state().values()["history.07"] = "nonsense";
  Restart();
  ASSERT_THAT(refused_, SizeIs(1));
  EXPECT_EQ(std::string(refused_[0].message()),
            "history.07: 8 bytes: cut short");
  EXPECT_THAT(store_->history().entries(), SizeIs(1));
}

}  // namespace
}  // namespace lb::history

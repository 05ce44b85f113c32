#include "daemon/agent/history_recorder.h"

#include <string>
#include <string_view>
#include <vector>

#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/io/sim/sim_world.h"
#include "lb/net/ip_address.h"

namespace lb {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::string_view TextOf(history::HistoryEnd end) {
  switch (end) {
    case history::HistoryEnd::kNone:
      return "lasts";
    case history::HistoryEnd::kMoved:
      return "moved";
    case history::HistoryEnd::kLost:
      return "lost";
    case history::HistoryEnd::kReleased:
      return "released";
    case history::HistoryEnd::kSilent:
      return "silent";
    case history::HistoryEnd::kStopped:
      return "stopped";
    default:
      return "other";
  }
}

// The tests look at the recorder of n1; n1 and n2 are up.
class HistoryRecorderTest : public testing::Test {
 protected:
  // The service has the address, and these nodes announce it.
  void Put(const std::string& service, const std::string& address,
           const std::vector<std::string>& nodes) {
    entries_[service].assignment.addresses = {
        {*net::ParseIpAddress(address), "p"}};
    auto& announcers = placement_[service].announcers;
    announcers.clear();
    for (const std::string& node : nodes) announcers.push_back({.node = node});
    Tell({service});
  }
  void Remove(const std::string& service) {
    entries_.erase(service);
    placement_.erase(service);
    Tell({service});
  }
  void Tell(const Outcome::Services& changed) {
    recorder_.OnOutcome({.at = world_.loop().Now(),
                         .before = {entries_, placement_, health_},
                         .after = {entries_, placement_, health_},
                         .changed = changed,
                         .announces = true});
  }
  void Record() {
    world_.loop().RunFor(absl::Seconds(1));
    recorder_.Record(world_.loop().CivilNow(),
                     {.acts = acts_,
                      .leaves = leaves_,
                      .has_manifests = has_manifests_,
                      .entries = entries_,
                      .placement = placement_},
                     [this] {
                       ++asked_;
                       return live_;
                     });
  }
  // Returns "service node end" for each entry.
  std::vector<std::string> Entries() const { return EntriesOf(recorder_); }
  static std::vector<std::string> EntriesOf(const HistoryRecorder& recorder) {
    std::vector<std::string> lines;
    for (const auto& [number, entry] : recorder.history().entries()) {
      lines.push_back(fmt::format("{} {} {}", entry.service, entry.node,
                                  TextOf(entry.end)));
    }
    return lines;
  }

  io::SimWorld world_{/*seed=*/1};
  io::SimHost* host_ = world_.AddHost("n1", "10.1.0.1/24");
  HistoryRecorder recorder_{"n1", io::StatePorts::From(host_->environment())};
  AddressEntries entries_;
  Placement placement_;
  NodeHealth health_;
  bool acts_ = true;
  bool leaves_ = false;
  bool has_manifests_ = true;
  HistoryRecorder::Names live_ = {"n1", "n2"};
  int asked_ = 0;
};

TEST_F(HistoryRecorderTest, RecordsWhatAnOutcomeChanged) {
  Put("a", "10.64.0.1", {"n1"});
  Record();
  EXPECT_THAT(Entries(), ElementsAre("a n1 lasts"));
  Put("a", "10.64.0.1", {"n2"});
  Record();
  EXPECT_THAT(Entries(), ElementsAre("a n1 moved", "a n2 lasts"));
  Remove("a");
  Record();
  EXPECT_THAT(Entries(), ElementsAre("a n1 moved", "a n2 released"));
}

TEST_F(HistoryRecorderTest, RecordsAnAddressForEachOfItsNodes) {
  Put("a", "10.64.0.1", {"n2", "n1"});
  Record();
  EXPECT_THAT(Entries(), ElementsAre("a n1 lasts", "a n2 lasts"));
}

TEST_F(HistoryRecorderTest, ANodeThatIsGoneHasLostWhatItAnnounced) {
  Put("a", "10.64.0.1", {"n2"});
  Record();
  live_ = {"n1"};
  Put("a", "10.64.0.1", {"n1"});
  Record();
  EXPECT_THAT(Entries(), ElementsAre("a n2 lost", "a n1 lasts"));
}

// A service that no outcome named costs nothing, so it is not looked at.
TEST_F(HistoryRecorderTest, LooksOnlyAtServicesThatAnOutcomeNamed) {
  Put("a", "10.64.0.1", {"n1"});
  Record();
  placement_["a"].announcers = {{.node = "n2"}};
  Record();
  EXPECT_EQ(asked_, 1);
  EXPECT_THAT(Entries(), ElementsAre("a n1 lasts"));
  Tell({"a"});
  Record();
  EXPECT_EQ(asked_, 2);
  EXPECT_THAT(Entries(), ElementsAre("a n1 moved", "a n2 lasts"));
}

TEST_F(HistoryRecorderTest, BeforeManifestsAreReadItRecordsNothing) {
  has_manifests_ = false;
  Put("a", "10.64.0.1", {"n1"});
  Record();
  EXPECT_THAT(Entries(), IsEmpty());
  has_manifests_ = true;  // What came before is not forgotten.
  Record();
  EXPECT_THAT(Entries(), ElementsAre("a n1 lasts"));
}

TEST_F(HistoryRecorderTest, ANodeThatFallsSilentEndsOnlyItsOwn) {
  Put("a", "10.64.0.1", {"n1"});
  Put("b", "10.64.0.2", {"n2"});
  Record();
  acts_ = false;
  Record();
  EXPECT_THAT(Entries(), ElementsAre("a n1 silent", "b n2 lasts"));
  acts_ = true;  // It looks at all services again, whatever has changed.
  Record();
  EXPECT_THAT(Entries(),
              ElementsAre("a n1 silent", "b n2 lasts", "a n1 lasts"));
}

TEST_F(HistoryRecorderTest, ANodeThatLeavesWasStopped) {
  Put("a", "10.64.0.1", {"n1"});
  Record();
  acts_ = false;
  leaves_ = true;
  Record();
  EXPECT_THAT(Entries(), ElementsAre("a n1 stopped"));
}

TEST_F(HistoryRecorderTest, AStallEndsItsOwnWhenTheStallBegan) {
  Put("a", "10.64.0.1", {"n1"});
  Record();
  world_.loop().RunFor(absl::Seconds(10));
  const absl::Time since = world_.loop().CivilNow() - absl::Seconds(7);
  recorder_.OnStall(since);
  EXPECT_THAT(Entries(), ElementsAre("a n1 silent"));
  EXPECT_EQ(recorder_.history().entries().begin()->second.to, since);
}

TEST_F(HistoryRecorderTest, WhatWasSavedIsThereAfterARestart) {
  Put("a", "10.64.0.1", {"n1"});
  Record();
  acts_ = false;
  leaves_ = true;
  Record();
  recorder_.Save();
  world_.loop().RunFor(absl::Seconds(5));
  HistoryRecorder next("n1", io::StatePorts::From(host_->environment()));
  EXPECT_THAT(next.Restore(), IsEmpty());
  EXPECT_THAT(EntriesOf(next), ElementsAre("a n1 stopped"));
}

}  // namespace
}  // namespace lb

// Readings beside the loop: one at a time, none missed, in order.
#include "daemon/manifest_reader.h"

#include <atomic>
#include <string>
#include <vector>

#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/io/sim/sim_world.h"

namespace lb {
namespace {

using ::testing::ElementsAre;

constexpr absl::Duration kLimit = absl::Seconds(10);

std::string Pool(const std::string& name) {
  return "---\napiVersion: metallb.io/v1beta1\nkind: IPAddressPool\n"
         "metadata: {name: " +
         name + "}\nspec: {addresses: [10.0.0.0/24]}\n";
}

class ManifestReaderTest : public testing::Test {
 protected:
  // Returns the text of the file. It waits for `open_`.
  config::Manifests Load() {
    open_->WaitForNotification();
    ++loads_;
    config::Manifests manifests;
    config::ParseManifests("a.yaml", text_, {}, &manifests);
    return manifests;
  }
  void Apply(const ManifestReading& reading) {
    applied_.push_back(std::string(reading.is_first ? "first: " : "") +
                       config::ToString(reading.changes));
  }
  bool RunUntilApplied(size_t count) {
    return loop_.RunUntil([&] { return applied_.size() == count; }, kLimit);
  }

  io::PosixLoop loop_;
  std::string text_ = Pool("a");
  std::unique_ptr<absl::Notification> open_ =
      std::make_unique<absl::Notification>();
  std::atomic<int> loads_ = 0;
  std::vector<std::string> applied_;
  std::vector<std::string> answers_;
  io::SimWorld world_{/*seed=*/1};  // Of which only the state is used.
  io::SimHost* const host_ = world_.AddHost("n1", "172.18.8.11/24");
  LastGoodStore last_good_{"n1", host_->environment()};
  ManifestReader reader_{
      &loop_,
      ManifestReader::Source{.load = [this] { return Load(); },
                             .last_good = &last_good_},
      [this](const auto& reading) { Apply(reading); }};
};

TEST_F(ManifestReaderTest, TheLoopRunsWhileItReads) {
  reader_.Read();
  bool ran = false;
  loop_.Post([&] { ran = true; });
  EXPECT_TRUE(loop_.RunUntil([&] { return ran; }, kLimit));
  EXPECT_THAT(applied_, testing::IsEmpty());  // Load() waits still.
  open_->Notify();
  EXPECT_TRUE(RunUntilApplied(1));
  EXPECT_THAT(applied_, ElementsAre("first: added IPAddressPool/a"));
}

TEST_F(ManifestReaderTest, WhatIsAskedForMeanwhileIsOneMoreReading) {
  const auto note = [this](const char* who) {
    return [this, who](const absl::StatusOr<ManifestReading>& reading) {
      answers_.push_back(who + (": " + config::ToString(reading->changes)));
    };
  };
  reader_.Read(note("one"));
  reader_.Read(note("two"));
  reader_.Read(note("three"));
  open_->Notify();
  EXPECT_TRUE(RunUntilApplied(2));
  EXPECT_EQ(loads_, 2);
  EXPECT_THAT(answers_,
              ElementsAre("one: added IPAddressPool/a", "two: nothing changed",
                          "three: nothing changed"));
}

TEST_F(ManifestReaderTest, EachReadingStartsFromTheOneBefore) {
  open_->Notify();
  reader_.ReadNow();
  text_ = Pool("b");
  reader_.ReadNow();
  text_ = "kind: [";
  reader_.Read();
  EXPECT_TRUE(RunUntilApplied(3));
  EXPECT_THAT(applied_,
              ElementsAre("first: added IPAddressPool/a",
                          "added IPAddressPool/b; removed IPAddressPool/a",
                          "refused a.yaml"));
}

TEST_F(ManifestReaderTest, TheFirstReadingStartsFromTheEarlierRun) {
  open_->Notify();
  reader_.ReadNow();
  world_.loop().RunFor(absl::Seconds(1));  // It is written.
  LastGoodStore last_good("n1", host_->environment());
  EXPECT_THAT(last_good.Restore(), testing::IsEmpty());
  ManifestReader reader(
      &loop_,
      ManifestReader::Source{.load = [this] { return Load(); },
                             .last_good = &last_good},
      [this](const auto& reading) { Apply(reading); });
  text_ = "kind: [";
  reader.ReadNow();
  EXPECT_THAT(applied_,
              ElementsAre("first: added IPAddressPool/a",
                          "first: added IPAddressPool/a; refused a.yaml"));
}

// Real time passes here; that it must be two seconds is EmptyFilesTest's.
TEST_F(ManifestReaderTest, AFileWithoutAByteIsLookedAtAgain) {
  open_->Notify();
  reader_.ReadNow();
  text_ = "";
  reader_.ReadNow();
  EXPECT_THAT(applied_,
              ElementsAre("first: added IPAddressPool/a", "nothing changed"));
  EXPECT_TRUE(RunUntilApplied(3));
  EXPECT_EQ(applied_.back(), "removed IPAddressPool/a");
}

TEST_F(ManifestReaderTest, WhoComesTooManyIsRefused) {
  size_t refused = 0;
  size_t answered = 0;
  for (size_t i = 0; i < ManifestReader::kWaitingMax + 3; ++i) {
    reader_.Read([&](const absl::StatusOr<ManifestReading>& reading) {
      reading.ok() ? ++answered : ++refused;
    });
  }
  EXPECT_EQ(refused, 3);
  open_->Notify();
  EXPECT_TRUE(loop_.RunUntil(
      [&] { return answered == ManifestReader::kWaitingMax; }, kLimit));
}

}  // namespace
}  // namespace lb

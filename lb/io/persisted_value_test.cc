#include "lb/io/persisted_value.h"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/io/sim/sim_world.h"

namespace lb::io {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// One whose writes take 100 ms; `writes_` has the milliseconds at which each
// began.
class PersistedValueTest : public testing::Test {
 protected:
  PersistedValue::Options Options() {
    return {.delay = absl::Seconds(1),
            .on_first_failure = [this](const absl::Status& error) {
              failures_.push_back(std::string(error.message()));
            }};
  }

  void Make(PersistedValue::Options options) {
    value_ = std::make_unique<PersistedValue>(
        &world_.loop(), std::move(options), [this](StateStore::OnWritten done) {
          writes_.push_back(
              absl::ToInt64Milliseconds(world_.loop().Now() - start_));
          done_ = std::move(done);
          timer_->Arm(world_.loop().Now() + absl::Milliseconds(100));
        });
  }

  void RunFor(int milliseconds) {
    world_.loop().RunFor(absl::Milliseconds(milliseconds));
  }

  SimWorld world_{1};
  const absl::Time start_ = world_.loop().Now();
  absl::Status outcome_;
  StateStore::OnWritten done_;
  std::unique_ptr<Timer> timer_ = world_.loop().NewTimer(
      [this] { std::exchange(done_, nullptr)(outcome_); });
  std::vector<int64_t> writes_;
  std::vector<std::string> failures_;
  std::unique_ptr<PersistedValue> value_;
};

TEST_F(PersistedValueTest, ChangesWithinTheDelayAreOneWrite) {
  Make(Options());
  RunFor(5000);
  EXPECT_THAT(writes_, IsEmpty());
  value_->OnChange();
  RunFor(500);
  value_->OnChange();
  RunFor(5000);
  EXPECT_THAT(writes_, ElementsAre(6000));
}

TEST_F(PersistedValueTest, AChangeDuringAWriteIsWrittenAfterIt) {
  Make(Options());
  value_->OnChange();
  RunFor(1050);
  EXPECT_TRUE(value_->is_writing());
  value_->OnChange();
  value_->WriteNow();  // One at a time.
  RunFor(5000);
  EXPECT_FALSE(value_->is_writing());
  EXPECT_THAT(writes_, ElementsAre(1000, 2100));
}

TEST_F(PersistedValueTest, WriteNowNeedsAChange) {
  Make(Options());
  value_->WriteNow();
  EXPECT_THAT(writes_, IsEmpty());
  value_->OnChange();
  value_->WriteNow();
  RunFor(5000);
  EXPECT_THAT(writes_, ElementsAre(0));
}

TEST_F(PersistedValueTest, AFailureIsToldOnceAndTriedAgain) {
  Make(Options());
  outcome_ = absl::ResourceExhaustedError("disk full");
  value_->OnChange();
  RunFor(2500);
  EXPECT_THAT(writes_, ElementsAre(1000, 2100));
  EXPECT_THAT(value_->error(), StatusIs(absl::StatusCode::kResourceExhausted));
  outcome_ = absl::OkStatus();
  RunFor(5000);
  EXPECT_THAT(writes_, ElementsAre(1000, 2100, 3200));
  EXPECT_THAT(value_->error(), IsOk());
  EXPECT_THAT(failures_, ElementsAre("disk full"));
  outcome_ = absl::ResourceExhaustedError("full again");
  value_->OnChange();
  RunFor(3000);
  EXPECT_THAT(failures_, ElementsAre("disk full", "full again"));
}

TEST_F(PersistedValueTest, IsRefreshedAfterAWrite) {
  PersistedValue::Options options = Options();
  options.refresh = absl::Seconds(10);
  Make(std::move(options));
  RunFor(15000);
  EXPECT_THAT(writes_, IsEmpty());  // There is nothing to refresh yet.
  value_->OnChange();
  RunFor(15000);
  EXPECT_THAT(writes_, ElementsAre(16000, 26100));
  value_->OnChange();
  RunFor(5000);
  EXPECT_THAT(writes_, ElementsAre(16000, 26100, 31000));
}

}  // namespace
}  // namespace lb::io

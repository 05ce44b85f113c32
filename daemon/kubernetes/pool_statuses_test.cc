#include "daemon/kubernetes/pool_statuses.h"

#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lb {
namespace {

class PoolStatusesTest : public testing::Test {
 protected:
  PoolStatusesTest() {
    pools_.resize(2);
    pools_[0].name = "a";
    pools_[1].name = "b";
  }

  void Record(const std::string& pool, std::optional<PoolCounts> counts) {
    PoolRecord record;
    record.meta.key = {"m", pool};
    record.counts = counts;
    statuses_.OnRecord(record);
  }

  // "a=1 b=0": the pools that are written, with what they use.
  std::string Work() {
    statuses_.Work(now_, pools_, [this](const std::string& pool) {
      ipam::PoolUsage usage;
      usage.used_ipv4 = used_[pool];
      return usage;
    });
    std::string text;
    last_ = statuses_.TakeWrites();
    for (const PoolWrite& write : last_) {
      text += (text.empty() ? "" : " ") + write.pool + "=" +
              std::to_string(write.counts.assigned_ipv4);
    }
    return text;
  }

  absl::Time now_ = absl::UnixEpoch();
  std::vector<ipam::Pool> pools_;
  std::map<std::string, uint64_t> used_;
  PoolStatuses statuses_;
  std::vector<PoolWrite> last_;
};

TEST_F(PoolStatusesTest, WritesAtMostOnceASecond) {
  statuses_.Touch();
  EXPECT_EQ(Work(), "a=0 b=0");
  used_["a"] = 1;
  statuses_.Touch();
  EXPECT_EQ(Work(), "");
  EXPECT_EQ(statuses_.deadline(), now_ + absl::Seconds(1));
  used_["a"] = 2;
  now_ = statuses_.deadline();
  EXPECT_EQ(Work(), "a=2");
}

TEST_F(PoolStatusesTest, WritesNothingThatTheStatusSaysAlready) {
  Record("a", PoolCounts{});
  Record("b", std::nullopt);
  EXPECT_EQ(Work(), "b=0");
  now_ += absl::Seconds(1);
  statuses_.Touch();
  EXPECT_EQ(Work(), "");  // It is under way.
}

TEST_F(PoolStatusesTest, AFailedWriteIsTriedAgain) {
  statuses_.Touch();
  EXPECT_EQ(Work(), "a=0 b=0");
  statuses_.OnWritten(last_[0], false);
  statuses_.OnWritten(last_[1], true);
  now_ += absl::Seconds(1);
  EXPECT_EQ(Work(), "a=0");
}

TEST_F(PoolStatusesTest, TheReportOfAnOldWriteSaysNothingOfANewOne) {
  statuses_.Touch();
  Work();
  const PoolWrite old = last_[0];
  used_["a"] = 1;
  now_ += absl::Seconds(1);
  statuses_.Touch();
  EXPECT_EQ(Work(), "a=1");
  const PoolWrite newer = last_[0];
  statuses_.OnWritten(old, true);
  statuses_.OnWritten(newer, false);
  now_ += absl::Seconds(1);
  EXPECT_EQ(Work(), "a=1");
}

}  // namespace
}  // namespace lb

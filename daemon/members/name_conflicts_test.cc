#include "daemon/members/name_conflicts.h"

#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lb {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

net::Endpoint At(uint16_t port) {
  return {*net::ParseIpAddress("192.0.2.1"), port};
}
gossip::ConflictEvent Conflict(std::string name, uint16_t port) {
  return {.existing = {.name = std::move(name)}, .other = At(port)};
}

class NameConflictsTest : public testing::Test {
 protected:
  absl::Time now_ = absl::UnixEpoch();
  NameConflicts conflicts_;
};

TEST_F(NameConflictsTest, EachPairIsNewOnce) {
  EXPECT_TRUE(conflicts_.OnConflict(now_, Conflict("n1", 1)));
  EXPECT_FALSE(conflicts_.OnConflict(now_, Conflict("n1", 1)));
  EXPECT_TRUE(conflicts_.OnConflict(now_, Conflict("n1", 2)));
  EXPECT_TRUE(conflicts_.OnConflict(now_, Conflict("n2", 1)));
  EXPECT_THAT(conflicts_.Of("n1", now_), ElementsAre(At(1), At(2)));
  EXPECT_THAT(conflicts_.Of("n2", now_), ElementsAre(At(1)));
  EXPECT_THAT(conflicts_.Of("n3", now_), IsEmpty());
}

TEST_F(NameConflictsTest, NewsKeepsOneWhichIsNewAgainOnceItWasOver) {
  conflicts_.OnConflict(now_, Conflict("n1", 1));
  now_ += NameConflicts::kOver - absl::Nanoseconds(1);
  EXPECT_FALSE(conflicts_.OnConflict(now_, Conflict("n1", 1)));
  now_ += NameConflicts::kOver - absl::Nanoseconds(1);
  EXPECT_THAT(conflicts_.Of("n1", now_), ElementsAre(At(1)));
  now_ += absl::Nanoseconds(1);
  EXPECT_THAT(conflicts_.Of("n1", now_), IsEmpty());
  EXPECT_TRUE(conflicts_.OnConflict(now_, Conflict("n1", 1)));
}

TEST_F(NameConflictsTest, NobodyCanFillIt) {
  for (size_t i = 0; i < NameConflicts::kMax; ++i) {
    EXPECT_TRUE(conflicts_.OnConflict(now_, Conflict("n1", i + 1)));
  }
  EXPECT_FALSE(conflicts_.OnConflict(now_, Conflict("n1", 9999)));
  EXPECT_EQ(conflicts_.Of("n1", now_).size(), NameConflicts::kMax);
  now_ += NameConflicts::kOver;
  EXPECT_TRUE(conflicts_.OnConflict(now_, Conflict("n1", 9999)));
}

}  // namespace
}  // namespace lb

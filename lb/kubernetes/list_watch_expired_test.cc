// What a ListWatch does about 410: a version that is too old.
#include <string_view>

#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "lb/kubernetes/testing/list_watch_driver.h"

namespace lb::kubernetes {
namespace {

constexpr absl::Duration kFirstWaitMax = absl::Milliseconds(50);
constexpr std::string_view kExpired =
    R"({"kind":"Status","code":410,"reason":"Expired"})";
constexpr std::string_view kListed =
    R"({"metadata":{"resourceVersion":"100"},"items":[]})";

// A server that was restarted has forgotten old versions. That must not cost
// a second wait, after the long one that found the server back.
TEST(ListWatchExpiredTest, AVersionThatIsTooOldIsListedAtOnce) {
  ListWatchDriver driver({.resource = {"", "v1", "services"}});
  driver.Start();
  ASSERT_EQ(driver.Sent(), "list");
  driver.Answer(200, kListed);
  ASSERT_EQ(driver.Sent(), "watch 100");
  driver.Head();
  for (int i = 0; i < 10; ++i) {
    driver.Lose();
    driver.Wait();
    ASSERT_EQ(driver.Sent(), "version");
  }
  driver.Answer(200, kListed);
  ASSERT_EQ(driver.Sent(), "watch 100");
  driver.Answer(410, kExpired);
  EXPECT_LE(driver.Wait(), kFirstWaitMax);
  EXPECT_EQ(driver.Sent(), "list");
  // The next one waits.
  driver.Answer(200, kListed);
  ASSERT_EQ(driver.Sent(), "watch 100");
  driver.Answer(410, kExpired);
  EXPECT_GE(driver.Wait(), absl::Milliseconds(2500));
  EXPECT_EQ(driver.Sent(), "list");
}

}  // namespace
}  // namespace lb::kubernetes

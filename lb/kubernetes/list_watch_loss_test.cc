// How a client waits for a server that is away, and how much it asks.
#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "lb/kubernetes/list_watch.h"
#include "lb/kubernetes/testing/list_watch_driver.h"

namespace lb::kubernetes {
namespace {

constexpr std::string_view kNone =
    R"({"metadata":{"resourceVersion":"100"},"items":[]})";

class ListWatchLossTest : public testing::Test {
 protected:
  void Begin() {
    driver_.emplace(ReflectorOptions{.resource = {"", "v1", "services"}});
    driver_->Start();
  }
  // It follows, and the watch is open.
  void BeginWatching() {
    Begin();
    driver_->Sent();
    driver_->Answer(200, kNone);
    driver_->Sent();
    driver_->Head();
    driver_->Pass(absl::Seconds(20));
  }

  std::optional<ListWatchDriver> driver_;
};

TEST_F(ListWatchLossTest, AServerThatIsAwayIsTriedAgainWithinASecond) {
  BeginWatching();
  driver_->Lose();
  driver_->Wait();
  for (int i = 0; i < 300; ++i) {
    ASSERT_EQ(driver_->Sent(), "version");
    driver_->RefuseConnection();
    ASSERT_LE(driver_->Wait(), absl::Seconds(1));
  }
  // It is back, and is not ready yet.
  absl::Duration last;
  for (int i = 0; i < 10; ++i) {
    ASSERT_EQ(driver_->Sent(), "version");
    driver_->Answer(403, "");
    last = driver_->Wait();
  }
  EXPECT_GE(last, absl::Milliseconds(2500));
}

TEST_F(ListWatchLossTest, TheServersAnswerToAnotherEndsAWait) {
  BeginWatching();
  driver_->Lose();
  for (int i = 0; i < 10; ++i) {
    driver_->Wait();
    ASSERT_EQ(driver_->Sent(), "version");
    driver_->Answer(500, "");
  }
  driver_->ServerBack();
  EXPECT_LE(driver_->Wait(), kBackWait);
  EXPECT_EQ(driver_->Sent(), "version");
  driver_->ServerBack();
  EXPECT_EQ(driver_->Sent(), "") << "a request is under way";
  driver_->Answer(429, "", {{"retry-after", "7"}});
  driver_->ServerBack();
  EXPECT_GE(driver_->Wait(), absl::Seconds(7)) << "the server asked for it";
}

// However a server fails, the requests stay below the stated bound.
TEST_F(ListWatchLossTest, RequestsAreBoundedUnderEveryFailure) {
  constexpr int kUnconnected = 1;
  const std::vector<int> codes = {0,   kUnconnected, 200, 400, 401,
                                  403, 404,          410, 429, 500};
  for (const int list_code : codes) {
    for (const int watch_code : codes) {
      SCOPED_TRACE(testing::Message() << list_code << " " << watch_code);
      Begin();
      std::vector<absl::Time> requests;
      int most = 0;  // In any 10 s.
      absl::Time back_at = driver_->now();
      const absl::Time begin = driver_->now();
      while (driver_->now() - begin < absl::Seconds(100)) {
        // As often as RecoveryClient says so.
        if (driver_->now() - back_at >= absl::Seconds(2)) {
          driver_->ServerBack();
          back_at = driver_->now();
        }
        const std::string sent = driver_->Sent();
        if (sent.empty()) {
          driver_->Wait();
          continue;
        }
        const absl::Time now = driver_->now();
        requests.push_back(now);
        std::erase_if(requests, [now](absl::Time at) {
          return now - at >= absl::Seconds(10);
        });
        most = std::max(most, static_cast<int>(requests.size()));
        const int code = sent.starts_with("watch") ? watch_code : list_code;
        if (code == 0) {
          driver_->Lose();
        } else if (code == kUnconnected) {
          driver_->RefuseConnection();
        } else {
          driver_->Answer(code, code == 200 ? kNone : "");
        }
      }
      EXPECT_LE(most, kRequestsPer10sMax);
    }
  }
}

}  // namespace
}  // namespace lb::kubernetes

// A Session while its caller changes routes in portions.
#include <cstdint>
#include <string_view>

#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "lb/bgp/batch_wait.h"
#include "lb/bgp/testing/session_fixture.h"
#include "lb/bgp/wire/notification.h"
#include "lb/net/ip_address.h"
#include "lb/net/ip_prefix.h"

namespace lb::bgp {
namespace {

class SessionBatchTest : public SessionFixture {
 protected:
  void Want(std::string_view prefix) {
    rib_.Set({*net::ParseIpPrefix(prefix), {}});
  }
  void WantMany(uint32_t count) {
    for (uint32_t i = 0; i < count; ++i) {
      rib_.Set({{net::IpAddress::Ipv4(0x64400000 + i), 32}, {}});
    }
  }
};

TEST_F(SessionBatchTest, InABatchAMessageWaitsUntilItIsFull) {
  Establish();
  session_->BeginBatch();
  Want("192.0.2.10/32");
  EXPECT_EQ(Said(), "");
  EXPECT_EQ(session_->NextDeadline(), now_ + BatchWait::kWait);
  EXPECT_EQ(Wait(BatchWait::kWait - absl::Milliseconds(1)), "");
  EXPECT_EQ(Wait(absl::Milliseconds(1)), "UPDATE");
  WantMany(1000);
  EXPECT_EQ(Said(), "UPDATE");
  session_->EndBatch();
  EXPECT_EQ(Said(), "UPDATE");
  EXPECT_EQ(Wait(absl::Seconds(1)), "");
}

TEST_F(SessionBatchTest, ASessionThatEndsInABatchWithdrawsAll) {
  Want("192.0.2.10/32");
  Establish();
  session_->BeginBatch();
  session_->End(now_, Session::Farewell::kWithdrawAndNotify,
                wire::Fault(wire::CeaseSubcode::kPeerDeconfigured));
  EXPECT_EQ(Said(), "UPDATE NOTIFICATION 6/3 close");
}

TEST_F(SessionBatchTest, AStuckPeerInABatchIsAskedAgain) {
  Establish();
  session_->BeginBatch();
  is_stuck_ = true;
  WantMany(20'000);
  Wait(absl::Milliseconds(10));
  EXPECT_GT(rib_.owed(), 5000u);
  is_stuck_ = false;
  Wait(absl::Milliseconds(200));
  EXPECT_LT(rib_.owed(), 810u);
}

}  // namespace
}  // namespace lb::bgp

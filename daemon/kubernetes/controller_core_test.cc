#include "daemon/kubernetes/controller_core.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lb {
namespace {

using testing::SizeIs;

constexpr char kPool[] = "IPAddressPool/a";
const ControllerCore::Now kNow = {absl::FromUnixSeconds(1000),
                                  absl::FromUnixSeconds(1'700'000'000)};

class ControllerCoreTest : public testing::Test {
 protected:
  ControllerCoreTest() {
    Update({});
    core_.Begin(kNow);
  }

  void Update(SourceUpdate update) {
    update.desired = std::make_shared<const config::Desired>();
    core_.OnUpdate(kNow, update);
  }
  // The uid in the event that follows a problem of the pool.
  std::string UidInEvent() {
    SourceUpdate update;
    update.difference.new_problems = {{.object = kPool, .message = "is bad"}};
    Update(std::move(update));
    const auto events = core_.TakeEvents();
    EXPECT_THAT(events, SizeIs(1));
    return events.empty() ? "no event" : events[0].regarding.uid;
  }

  ControllerCore core_{{.own_namespace = "metallb-system"}};
};

TEST_F(ControllerCoreTest, NamesTheUidOfAnObjectUntilItIsGone) {
  SourceUpdate update;
  update.uids = {{kPool, "u1"}};
  Update(update);
  EXPECT_EQ(UidInEvent(), "u1");
  update.uids = {{kPool, ""}};
  Update(update);
  EXPECT_EQ(UidInEvent(), "");
  EXPECT_EQ(core_.uids(), 0u);
}

}  // namespace
}  // namespace lb

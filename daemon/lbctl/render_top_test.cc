#include <algorithm>
#include <cstdlib>
#include <string>

#include "absl/time/time.h"
#include "daemon/lbctl/render.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lb::lbctl {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(RenderTest, TopFitsTheTerminal) {
  TopView view;
  view.node.set_name("n1");
  view.node.set_ready(true);
  for (int i = 0; i < 50; ++i) {
    auto* service = view.services.add_services();
    service->set_name("default/s" + std::to_string(i));
    service->add_addresses("10.0.0.1");
    service->add_announcers()->set_node(i % 2 == 0 ? "n1" : "n2");
  }
  view.services.add_services()->set_name("default/x");
  view.rows = 20;
  const std::string frame = Render(view, {});
  EXPECT_EQ(std::count(frame.begin(), frame.end(), '\n'), 20);
  EXPECT_THAT(frame, HasSubstr("51 services, 1 pending\n"));
  EXPECT_THAT(frame, HasSubstr("n1    25\nn2    25\n"));
  EXPECT_THAT(frame, HasSubstr(" lines more\n"));
  view.rows = 1000;
  EXPECT_THAT(Render(view, {}), HasSubstr("default/x "));
}

TopView OneOfEach() {
  setenv("TZ", "UTC", 1);
  TopView view;
  view.now = absl::FromUnixSeconds(3661);
  view.rows = 1000;
  view.node.set_name("n1");
  view.node.set_ready(true);
  view.node.set_announced_addresses(3);
  view.node.set_gossip_health_score(1);
  view.node.add_problems()->set_text("bad");
  view.members.add_members()->set_name("n1");
  view.pools.add_pools()->set_name("p");
  auto* const service = view.services.add_services();
  service->set_name("default/web");
  service->add_addresses("10.0.0.1");
  service->add_announcers()->set_node("n1");
  return view;
}

TEST(RenderTopTest, IsTheNodeThenItsTables) {
  EXPECT_EQ(Render(OneOfEach(), {}),
            "n1  01:01:01  ready  3 addresses here  health 1  1 problems\n"
            "1 services, 0 pending\n"
            "\n"
            "MEMBER  ENDPOINT  STATE    INCARNATION  SINCE  ROUND-TRIP\n"
            "n1      -         unknown  0            -      -\n"
            "\n"
            "POOL  ADDRESSES  AUTO-ASSIGN  IPV4-USED  IPV6-USED\n"
            "p     -          false        -          -\n"
            "\n"
            "NODE  SERVICES\n"
            "n1    1\n"
            "\n"
            "SERVICE      EXTERNAL-IP  POOL  NODE  INTERFACES  REASON\n"
            "default/web  10.0.0.1     -     n1    all         -\n");
}

TEST(RenderTopTest, SaysWhetherTheNodeIsReady) {
  TopView view = OneOfEach();
  view.node.set_ready(false);
  EXPECT_THAT(Render(view, {}), StartsWith("n1  01:01:01  not ready  3 "));
  view.node.set_draining(true);
  EXPECT_THAT(Render(view, {}), StartsWith("n1  01:01:01  draining  3 "));
  view.node.set_name("\x1b[2J");
  EXPECT_THAT(Render(view, {}), StartsWith("\\x1b[2J  "));
}

// No text is cut one line too early, and the screen does not scroll.
TEST(RenderTopTest, IsCutToTheRowsOfTheTerminal) {
  TopView view = OneOfEach();
  const std::string whole = Render(view, {});
  const auto lines = std::count(whole.begin(), whole.end(), '\n');
  ASSERT_EQ(lines, 14);
  view.rows = 14;
  EXPECT_EQ(Render(view, {}), whole);
  view.rows = 13;
  EXPECT_THAT(Render(view, {}), HasSubstr("\n\n... 2 lines more\n"));
  for (int rows = 1; rows <= 13; ++rows) {
    view.rows = rows;
    const std::string frame = Render(view, {});
    EXPECT_EQ(std::count(frame.begin(), frame.end(), '\n'), rows);
    EXPECT_EQ(frame.back(), '\n');
  }
}

}  // namespace
}  // namespace lb::lbctl

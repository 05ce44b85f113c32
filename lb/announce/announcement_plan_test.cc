#include "lb/announce/announcement_plan.h"

#include <string_view>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lb::announce {
namespace {

net::IpAddress Ip(std::string_view text) { return *net::ParseIpAddress(text); }

Interface Make(std::string name, int index) {
  return {.name = std::move(name),
          .index = index,
          .mac = {{2, 0, 0, 0, 0, static_cast<uint8_t>(index)}},
          .arp = true,
          .link_local = Ip("fe80::1")};
}

// What changes from nothing to all that `announcements` mean.
std::string Started(const Announcements& announcements,
                    const std::vector<Interface>& interfaces) {
  return PlanAnnouncements(Expand(announcements, interfaces), {}).ToString();
}

TEST(ExpandTest, NoNamesMeanAllInterfacesThatServeTheFamily) {
  Interface only4 = Make("eth1", 3);
  only4.link_local.reset();
  Interface only6 = Make("eth2", 4);
  only6.arp = false;
  const std::vector<Interface> interfaces = {Make("eth0", 2), only4, only6};
  const Announcements all = {{Ip("10.0.0.1"), {}}, {Ip("2001:db8::1"), {}}};
  EXPECT_EQ(Started(all, interfaces),
            "start 10.0.0.1@eth0 10.0.0.1@eth1 2001:db8::1@eth0 "
            "2001:db8::1@eth2");
  EXPECT_EQ(Started(all, {}), "nothing");
  EXPECT_EQ(Started({}, interfaces), "nothing");
}

TEST(ExpandTest, NamesAreExact) {
  EXPECT_EQ(Started({{Ip("10.0.0.1"), {{"eth1", "eth9"}}},
                     {Ip("10.0.0.2"), {{"eth"}}}},
                    {Make("eth0", 2), Make("eth1", 3)}),
            "start 10.0.0.1@eth1");
}

TEST(ExpandTest, AlternativeNamesCountToo) {
  Interface eth1 = Make("eth1", 3);
  eth1.alt_names = {"uplink"};
  EXPECT_EQ(Started({{Ip("10.0.0.1"), {{"uplink"}}}}, {Make("eth0", 2), eth1}),
            "start 10.0.0.1@eth1");
}

TEST(PlanAnnouncementsTest, TellsTheDifference) {
  const AnnouncementSet current =
      Expand({{Ip("10.0.0.1"), {}}, {Ip("10.0.0.2"), {}}}, {{Make("eth0", 2)}});
  EXPECT_EQ(PlanAnnouncements(current, current).ToString(), "nothing");
  EXPECT_TRUE(PlanAnnouncements(current, current).empty());
  EXPECT_EQ(
      PlanAnnouncements(Expand({{Ip("10.0.0.2"), {}}, {Ip("10.0.0.3"), {}}},
                               {{Make("eth0", 2)}}),
                        current)
          .ToString(),
      "start 10.0.0.3@eth0; stop 10.0.0.1@eth0");
  EXPECT_EQ(PlanAnnouncements({}, current).ToString(),
            "stop 10.0.0.1@eth0 10.0.0.2@eth0");
}

TEST(PlanAnnouncementsTest, RefreshesWhatNeighboursMustLearnAnew) {
  const Announcements both = {{Ip("10.0.0.1"), {}}, {Ip("2001:db8::1"), {}}};
  const AnnouncementSet current = Expand(both, {{Make("eth0", 2)}});
  Interface changed = Make("eth0", 2);
  changed.mac.bytes[5] = 9;
  EXPECT_EQ(PlanAnnouncements(Expand(both, {{changed}}), current).ToString(),
            "refresh 10.0.0.1@eth0 2001:db8::1@eth0");
  EXPECT_EQ(
      PlanAnnouncements(Expand(both, {{Make("eth0", 7)}}), current).ToString(),
      "refresh 10.0.0.1@eth0 2001:db8::1@eth0");
  changed = Make("eth0", 2);
  changed.link_local = Ip("fe80::2");  // Of no concern to IPv4.
  EXPECT_EQ(PlanAnnouncements(Expand(both, {{changed}}), current).ToString(),
            "refresh 2001:db8::1@eth0");
}

TEST(PlanAnnouncementsTest, HandsOverOnceAndStartsAgain) {
  const std::vector<Interface> links = {Make("eth0", 2)};
  const auto with = [&](Role role) {
    return Expand({{Ip("10.0.0.1"), {.role = role}}}, links);
  };
  const auto plan = [&](Role wanted, Role current) {
    return PlanAnnouncements(with(wanted), with(current)).ToString();
  };
  EXPECT_EQ(plan(Role::kHandOver, Role::kAnnounce), "hand over 10.0.0.1@eth0");
  EXPECT_EQ(plan(Role::kHandOver, Role::kProbeFirst),
            "hand over 10.0.0.1@eth0");
  EXPECT_EQ(plan(Role::kHandOver, Role::kHandOver), "nothing");
  EXPECT_EQ(plan(Role::kAnnounce, Role::kHandOver), "start 10.0.0.1@eth0");
  EXPECT_EQ(plan(Role::kAnnounce, Role::kProbeFirst), "nothing");
  EXPECT_EQ(plan(Role::kProbeFirst, Role::kAnnounce), "nothing");
  EXPECT_EQ(PlanAnnouncements(with(Role::kHandOver), {}).ToString(),
            "start 10.0.0.1@eth0");
  EXPECT_FALSE(
      PlanAnnouncements(with(Role::kHandOver), with(Role::kAnnounce)).empty());
}

}  // namespace
}  // namespace lb::announce

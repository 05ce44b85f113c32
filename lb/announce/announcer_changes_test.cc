// Changes of some addresses have the same result as all addresses told again.
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "fmt/format.h"
#include "gtest/gtest.h"
#include "lb/announce/announcer.h"
#include "lb/announce/testing/announcer_fixture.h"
#include "lb/base/prng.h"

namespace lb::announce {
namespace {

constexpr uint64_t kSeeds = 100;
constexpr int kSteps = 60;
constexpr uint64_t kVips = 6;

net::IpAddress Vip(uint64_t number) {
  return number % 2 == 0 ? Ip(fmt::format("10.0.0.{}", number))
                         : Ip(fmt::format("2001:db8::{}", number));
}

Terms SomeTerms(Prng& prng) {
  Terms terms = {.role = static_cast<Role>(prng.Uniform(3)),
                 .despite_proxy = prng.Chance(20)};
  if (prng.Chance(30)) terms.interfaces = {prng.Chance(50) ? "eth0" : "eth1"};
  if (prng.Chance(20)) terms.refresh = absl::Seconds(10);
  return terms;
}

AnnouncementChanges SomeChanges(Prng& prng) {
  AnnouncementChanges changes;
  for (uint64_t i = 0; i <= prng.Uniform(3); ++i) {
    auto& terms = changes[Vip(prng.Uniform(kVips))];
    if (prng.Chance(65)) terms = SomeTerms(prng);
  }
  return changes;
}

void Apply(const AnnouncementChanges& changes, Announcements& all) {
  for (const auto& [vip, terms] : changes) {
    all.erase(vip);
    if (terms) all.emplace(vip, *terms);
  }
}

class AnnouncerChangesTest : public AnnouncerTest {
 protected:
  // Takes what both have to say.
  void ExpectAlike(Announcer& told_all, Announcer& told_changes) {
    EXPECT_EQ(Kinds(told_all.TakeFrames()), Kinds(told_changes.TakeFrames()));
    const auto groups = told_all.TakeGroups();
    EXPECT_EQ(groups.size(), told_changes.TakeGroups().size());
    EXPECT_EQ(told_all.TakeHandedOver(), told_changes.TakeHandedOver());
    EXPECT_EQ(told_all.TakeConflicts().size(),
              told_changes.TakeConflicts().size());
    EXPECT_EQ(told_all.HeardOn("eth0"), told_changes.HeardOn("eth0"));
    for (uint64_t i = 0; i < kVips; ++i) {
      EXPECT_EQ(told_all.IsToDeliver(Vip(i)), told_changes.IsToDeliver(Vip(i)));
      EXPECT_EQ(told_changes.Hears("eth0", Vip(i)),
                told_changes.HeardOn("eth0").contains(Vip(i)));
    }
    EXPECT_EQ(told_all.refused(), told_changes.refused());
    EXPECT_EQ(told_all.NextDeadline(), told_changes.NextDeadline());
    ASSERT_EQ(told_all.current().size(), told_changes.current().size());
    for (const auto& [announcement, post] : told_all.current()) {
      ASSERT_TRUE(told_changes.current().contains(announcement));
      EXPECT_EQ(told_all.StateOf(announcement),
                told_changes.StateOf(announcement));
    }
  }

  void Play(uint64_t seed) {
    Prng prng(seed);
    if (prng.Chance(25)) options_.announcements_max = 5;
    Announcer told_all(options_, Prng(1));
    Announcer told_changes(options_, Prng(1));
    Announcements all;
    for (int step = 0; step < kSteps; ++step) {
      SCOPED_TRACE(fmt::format("seed {}, step {}", seed, step));
      now_ += prng.UniformDuration(absl::Milliseconds(400));
      if (prng.Chance(15)) {
        std::vector<Interface> links = {Eth0()};
        if (prng.Chance(70)) links.push_back(Eth1());
        told_all.SetLinks(now_, links);
        told_changes.SetLinks(now_, links);
      }
      if (prng.Chance(20)) {
        const auto claim = RivalClaim(Vip(prng.Uniform(kVips)));
        EXPECT_EQ(told_all.OnFrame(now_, "eth0", claim),
                  told_changes.OnFrame(now_, "eth0", claim));
      }
      const AnnouncementChanges changes = SomeChanges(prng);
      Apply(changes, all);
      EXPECT_EQ(told_all.SetAnnouncements(now_, all).ToString(),
                told_changes.ChangeAnnouncements(now_, changes).ToString());
      ExpectAlike(told_all, told_changes);
      told_all.OnTimer(now_);
      told_changes.OnTimer(now_);
      ExpectAlike(told_all, told_changes);
    }
  }
};

TEST_F(AnnouncerChangesTest, ComeToWhatAllComesTo) {
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    options_ = AnnouncerOptions();
    Play(seed);
    if (HasFailure()) return;
  }
}

TEST_F(AnnouncerChangesTest, WatchOneMoreAndOneLess) {
  options_.announcements_max = 2;
  Announcer announcer(options_, Prng(1));
  announcer.SetLinks(now_, {Eth0()});
  for (const uint64_t vip : {2, 4, 6}) announcer.Watch(Vip(vip));
  EXPECT_EQ(announcer.HeardOn("eth0").size(), 2u);  // One is too many.
  announcer.Unwatch(Vip(4));
  announcer.Watch(Vip(6));
  EXPECT_TRUE(announcer.HeardOn("eth0").contains(Vip(6)));
  EXPECT_FALSE(announcer.HeardOn("eth0").contains(Vip(4)));
}

}  // namespace
}  // namespace lb::announce

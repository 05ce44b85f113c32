#include "daemon/kubernetes/l2_places.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lb {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::IsNull;
using testing::NotNull;

TEST(L2PlacesTest, ANewServiceIsNoTakeover) {
  L2Places places("n2");
  EXPECT_FALSE(places.Set("d/web", {}).takes_over);
  EXPECT_FALSE(places.Set("d/web", {{"n2"}, {}}).takes_over);
  EXPECT_FALSE(places.Set("d/web", {{"n2"}, {"eth0"}}).takes_over);
}

TEST(L2PlacesTest, ANodeTakesOverFromThoseThatAnnounceNoMore) {
  L2Places places("n2");
  places.Set("d/web", {{"n1", "n3"}, {}});
  const L2Places::Effect effect = places.Set("d/web", {{"n2", "n3"}, {}});
  EXPECT_TRUE(effect.takes_over);
  EXPECT_THAT(effect.from, ElementsAre("n1"));
}

TEST(L2PlacesTest, ATakeoverMayComeAfterATimeWithoutAnyNode) {
  L2Places places("n2");
  places.Set("d/web", {{"n1"}, {}});
  EXPECT_FALSE(places.Set("d/web", {}).takes_over);
  const L2Places::Effect effect = places.Set("d/web", {{"n2"}, {}});
  EXPECT_TRUE(effect.takes_over);
  EXPECT_THAT(effect.from, ElementsAre("n1"));
}

TEST(L2PlacesTest, ANodeThatAnnouncesAgainTakesOverFromNobody) {
  L2Places places("n2");
  places.Set("d/web", {{"n2"}, {}});
  places.Set("d/web", {});
  const L2Places::Effect effect = places.Set("d/web", {{"n2"}, {}});
  EXPECT_TRUE(effect.takes_over);
  EXPECT_THAT(effect.from, IsEmpty());
}

TEST(L2PlacesTest, ADeletedServiceIsNewWhenItComesAgain) {
  L2Places places("n2");
  places.Set("d/web", {{"n1"}, {}});
  places.Erase("d/web");
  EXPECT_FALSE(places.Set("d/web", {{"n2"}, {}}).takes_over);
}

TEST(L2PlacesTest, FindsWhatThisNodeAnnounces) {
  L2Places places("n2");
  places.Set("d/here", {{"n1", "n2"}, {"eth0"}});
  places.Set("d/there", {{"n1"}, {}});
  ASSERT_THAT(places.FindHere("d/here"), NotNull());
  EXPECT_THAT(places.FindHere("d/here")->interfaces, ElementsAre("eth0"));
  EXPECT_THAT(places.FindHere("d/there"), IsNull());
  EXPECT_THAT(places.FindHere("d/none"), IsNull());
  EXPECT_TRUE(places.IsAnnouncedBy("d/here", "n1"));
  EXPECT_FALSE(places.IsAnnouncedBy("d/there", "n2"));
  EXPECT_THAT(places.Services(), ElementsAre("d/here", "d/there"));
}

}  // namespace
}  // namespace lb

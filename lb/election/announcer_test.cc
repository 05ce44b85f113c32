#include "lb/election/announcer.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lb::election {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(AnnouncerTest, TwoListsDifferInWhatCameAndWhatWent) {
  const Announcers before = {{.node = "n1"},
                             {.protocol = Protocol::kBgp, .node = "n1"},
                             {.protocol = Protocol::kBgp, .node = "n2"}};
  const Announcers after = {{.node = "n3"},
                            {.protocol = Protocol::kBgp, .node = "n2"},
                            {.protocol = Protocol::kBgp, .node = "n3"}};
  const AnnouncerChange change = ChangeBetween(before, after);
  EXPECT_THAT(change.came, ElementsAre(after[0], after[2]));
  EXPECT_THAT(change.went, ElementsAre(before[0], before[1]));
  EXPECT_THAT(change.stayed, ElementsAre(after[1]));
}

TEST(AnnouncerTest, OneOnOtherInterfacesStays) {
  const AnnouncerChange change =
      ChangeBetween({{.node = "n1"}}, {{.node = "n1", .interfaces = {"eth0"}}});
  EXPECT_THAT(change.came, IsEmpty());
  EXPECT_THAT(change.went, IsEmpty());
  EXPECT_THAT(change.stayed,
              ElementsAre(Announcer{.node = "n1", .interfaces = {"eth0"}}));
}

TEST(AnnouncerTest, AListIsAskedByNode) {
  const Announcers both = {{.node = "n1"},
                           {.protocol = Protocol::kBgp, .node = "n1"},
                           {.protocol = Protocol::kBgp, .node = "n2"}};
  EXPECT_EQ(NodesText(both), "n1,n2");
  EXPECT_EQ(NodesText({}), "");
  EXPECT_TRUE(IsAnnouncedBy(both, "n2"));
  EXPECT_FALSE(IsAnnouncedBy(both, "n3"));
  EXPECT_EQ(FindAnnouncer(both, Protocol::kBgp, "n1"), &both[1]);
  EXPECT_EQ(FindAnnouncer(both, Protocol::kLayer2, "n2"), nullptr);
}

}  // namespace
}  // namespace lb::election

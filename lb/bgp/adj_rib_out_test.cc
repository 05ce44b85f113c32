#include "lb/bgp/adj_rib_out.h"

#include <string_view>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"

namespace lb::bgp {
namespace {

using net::IpFamily;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr size_t kAll = 1000;

net::IpPrefix Prefix(std::string_view text) {
  return *net::ParseIpPrefix(text);
}

Route RouteTo(std::string_view prefix, uint32_t med = 0) {
  return {Prefix(prefix), {.med = med}};
}

class AdjRibOutTest : public ::testing::Test {
 protected:
  std::vector<net::IpPrefix> Withdrawals() const {
    return rib_.OwedWithdrawals(IpFamily::kIpv4, kAll);
  }
  std::vector<net::IpPrefix> Announcements() const {
    return rib_.OwedAnnouncements(IpFamily::kIpv4, kAll).prefixes;
  }
  AdjRibOut::Counts Counts() const { return rib_.counts(IpFamily::kIpv4); }
  // The peer is told everything that it is owed.
  void TellAll() {
    rib_.ToldWithdrawals(Withdrawals());
    while (!Announcements().empty()) rib_.ToldAnnouncements(Announcements());
  }

  AdjRibOut rib_;
};

TEST_F(AdjRibOutTest, OwesNothingBeforeItIsOpen) {
  rib_.Set(RouteTo("192.0.2.1/32"));
  EXPECT_EQ(rib_.owed(), 0U);
  EXPECT_EQ(Counts().wanted, 1U);
  rib_.Open(IpFamily::kIpv6);
  EXPECT_EQ(rib_.owed(), 0U);
  rib_.Open(IpFamily::kIpv4);
  EXPECT_EQ(rib_.owed(), 1U);
  EXPECT_EQ(Counts().resends, 1U);
  EXPECT_THAT(Announcements(), ElementsAre(Prefix("192.0.2.1/32")));
}

TEST_F(AdjRibOutTest, OwesAChangeOnce) {
  rib_.Open(IpFamily::kIpv4);
  rib_.Set(RouteTo("192.0.2.1/32", 1));
  rib_.Set(RouteTo("192.0.2.1/32", 2));
  EXPECT_EQ(rib_.owed(), 1U);
  EXPECT_EQ(rib_.OwedAnnouncements(IpFamily::kIpv4, kAll).attributes->med, 2U);
  TellAll();
  EXPECT_EQ(rib_.owed(), 0U);
  EXPECT_EQ(Counts().told, 1U);
}

TEST_F(AdjRibOutTest, OwesNothingForAChangeThatIsTakenBack) {
  rib_.Open(IpFamily::kIpv4);
  rib_.Set(RouteTo("192.0.2.1/32", 1));
  TellAll();
  rib_.Set(RouteTo("192.0.2.1/32", 2));
  rib_.Set(RouteTo("192.0.2.1/32", 1));
  EXPECT_EQ(rib_.owed(), 0U);
  rib_.Erase(Prefix("192.0.2.1/32"));
  EXPECT_THAT(Withdrawals(), ElementsAre(Prefix("192.0.2.1/32")));
  rib_.Set(RouteTo("192.0.2.1/32", 1));
  EXPECT_EQ(rib_.owed(), 0U);
  rib_.Set(RouteTo("192.0.2.2/32", 1));
  rib_.Erase(Prefix("192.0.2.2/32"));
  EXPECT_EQ(rib_.owed(), 0U);
}

TEST_F(AdjRibOutTest, GroupsByAttributesInOrderOfFirstUse) {
  rib_.Open(IpFamily::kIpv4);
  rib_.Set(RouteTo("192.0.2.3/32", 9));
  rib_.Set(RouteTo("192.0.2.2/32", 1));
  rib_.Set(RouteTo("192.0.2.1/32", 9));
  EXPECT_THAT(Announcements(),
              ElementsAre(Prefix("192.0.2.1/32"), Prefix("192.0.2.3/32")));
  EXPECT_THAT(rib_.OwedAnnouncements(IpFamily::kIpv4, 1).prefixes,
              ElementsAre(Prefix("192.0.2.1/32")));
  rib_.ToldAnnouncements(Announcements());
  EXPECT_THAT(Announcements(), ElementsAre(Prefix("192.0.2.2/32")));
}

TEST_F(AdjRibOutTest, ReplaceOwesWhatDiffers) {
  rib_.Open(IpFamily::kIpv4);
  RouteSet first;
  for (const auto* prefix : {"192.0.2.1/32", "192.0.2.2/32", "192.0.2.4/32"}) {
    ASSERT_THAT(first.Set(RouteTo(prefix)), IsOk());
  }
  ASSERT_THAT(first.Set(RouteTo("2001:db8::1/128")), IsOk());
  rib_.Replace(first);
  TellAll();
  rib_.Replace(first);
  EXPECT_EQ(rib_.owed(), 0U);

  RouteSet second = first;
  second.Erase(Prefix("192.0.2.1/32"));
  second.Erase(Prefix("2001:db8::1/128"));
  ASSERT_THAT(second.Set(RouteTo("192.0.2.2/32", 7)), IsOk());
  ASSERT_THAT(second.Set(RouteTo("192.0.2.3/32", 7)), IsOk());
  rib_.Replace(second);
  EXPECT_THAT(Withdrawals(), ElementsAre(Prefix("192.0.2.1/32")));
  EXPECT_THAT(Announcements(),
              ElementsAre(Prefix("192.0.2.2/32"), Prefix("192.0.2.3/32")));
  EXPECT_EQ(rib_.counts(IpFamily::kIpv6).wanted, 0U);
  rib_.Replace({});
  EXPECT_EQ(Withdrawals().size(), 3U);
  EXPECT_EQ(Counts().wanted, 0U);
}

TEST_F(AdjRibOutTest, CloseWithdrawsWhatWasToldAndKeepsWhatIsWanted) {
  rib_.Open(IpFamily::kIpv4);
  rib_.Set(RouteTo("192.0.2.1/32"));
  TellAll();
  rib_.Set(RouteTo("192.0.2.2/32"));
  rib_.Close(IpFamily::kIpv4);
  EXPECT_THAT(Withdrawals(), ElementsAre(Prefix("192.0.2.1/32")));
  EXPECT_THAT(Announcements(), IsEmpty());
  TellAll();
  EXPECT_EQ(Counts().told, 0U);
  EXPECT_EQ(Counts().wanted, 2U);
  rib_.Open(IpFamily::kIpv4);
  EXPECT_EQ(Announcements().size(), 2U);
}

TEST_F(AdjRibOutTest, ForgetMakesThePeerKnowNothing) {
  rib_.Open(IpFamily::kIpv4);
  rib_.Set(RouteTo("192.0.2.1/32"));
  rib_.Set(RouteTo("192.0.2.2/32"));
  TellAll();
  rib_.Erase(Prefix("192.0.2.2/32"));
  rib_.Forget();
  EXPECT_EQ(rib_.owed(), 0U);
  EXPECT_EQ(Counts().told, 0U);
  rib_.Open(IpFamily::kIpv4);
  EXPECT_THAT(Withdrawals(), IsEmpty());
  EXPECT_THAT(Announcements(), ElementsAre(Prefix("192.0.2.1/32")));
}

TEST_F(AdjRibOutTest, ResendOwesWhatWasTold) {
  rib_.Set(RouteTo("192.0.2.1/32"));
  rib_.Resend(IpFamily::kIpv4);  // Not open: there is nothing to resend.
  EXPECT_EQ(Counts().resends, 0U);
  rib_.Open(IpFamily::kIpv4);
  TellAll();
  rib_.Resend(IpFamily::kIpv4);
  rib_.Resend(IpFamily::kIpv4);
  rib_.Set(RouteTo("192.0.2.2/32"));
  EXPECT_EQ(Counts().resends, 1U);
  EXPECT_EQ(Counts().announcements, 2U);
  // A route that goes meanwhile is a withdrawal and no resend.
  rib_.Erase(Prefix("192.0.2.1/32"));
  EXPECT_EQ(Counts().resends, 0U);
  EXPECT_THAT(Withdrawals(), ElementsAre(Prefix("192.0.2.1/32")));
}

TEST_F(AdjRibOutTest, DropsHostBits) {
  rib_.Open(IpFamily::kIpv4);
  rib_.Set(RouteTo("192.0.2.77/24"));
  EXPECT_THAT(Announcements(), ElementsAre(Prefix("192.0.2.0/24")));
  rib_.Erase(Prefix("192.0.2.78/24"));
  EXPECT_EQ(rib_.owed(), 0U);
}

}  // namespace
}  // namespace lb::bgp

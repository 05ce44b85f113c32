#include "lb/announce/conflict_reports.h"

#include "gmock/gmock.h"

namespace lb::announce {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Verdict = ProxyCheck::Verdict;

const Announcement kFirst = {*net::ParseIpAddress("10.0.0.1"), "eth0"};
const Announcement kSecond = {*net::ParseIpAddress("10.0.0.2"), "eth0"};
const net::MacAddress kRival = {{2, 0, 0, 0, 0, 9}};

Conflict Of(const Announcement& announcement, Outcome outcome) {
  return {announcement, kRival, outcome};
}

TEST(ConflictReportsTest, TellsTheLastOneOfEachAnnouncementOnce) {
  ConflictReports reports;
  reports.Add(Of(kSecond, Outcome::kDefended), Verdict::kHost, false);
  reports.Add(Of(kFirst, Outcome::kDefended), Verdict::kHost, false);
  reports.Add(Of(kFirst, Outcome::kYielded), Verdict::kHost, false);
  EXPECT_THAT(reports.Take(), ElementsAre(Of(kFirst, Outcome::kYielded),
                                          Of(kSecond, Outcome::kDefended)));
  EXPECT_THAT(reports.Take(), IsEmpty());
}

TEST(ConflictReportsTest, WaitsUntilTheRivalIsJudged) {
  ConflictReports reports;
  for (const Announcement& announcement : {kFirst, kSecond}) {
    reports.Add(Of(announcement, Outcome::kWithheld), Verdict::kAsking, false);
  }
  EXPECT_THAT(reports.Take(), IsEmpty());
  reports.OnNoProxy(kFirst);
  reports.OnProxy(kSecond, kRival);
  EXPECT_THAT(reports.Take(), ElementsAre(Of(kFirst, Outcome::kWithheld),
                                          Of(kSecond, Outcome::kProxied)));
}

TEST(ConflictReportsTest, AKnownProxyIsNamedAtOnce) {
  ConflictReports reports;
  reports.Add(Of(kFirst, Outcome::kWithheld), Verdict::kProxy, false);
  reports.Add(Of(kSecond, Outcome::kTakenBack), Verdict::kProxy, true);
  EXPECT_THAT(reports.Take(), ElementsAre(Of(kFirst, Outcome::kProxied),
                                          Of(kSecond, Outcome::kOverlooked)));
}

TEST(ConflictReportsTest, TakingBackFromAProxyThatCountsIsNoOverlooking) {
  ConflictReports reports;
  reports.Add(Of(kFirst, Outcome::kTakenBack), Verdict::kProxy, false);
  reports.Add(Of(kSecond, Outcome::kTakenBack), Verdict::kHost, true);
  EXPECT_THAT(reports.Take(), ElementsAre(Of(kFirst, Outcome::kTakenBack),
                                          Of(kSecond, Outcome::kTakenBack)));
}

TEST(ConflictReportsTest, WhatIsOverlookedOrDroppedIsNotTold) {
  ConflictReports reports;
  for (const Announcement& announcement : {kFirst, kSecond}) {
    reports.Add(Of(announcement, Outcome::kWithheld), Verdict::kAsking, false);
  }
  reports.OnOverlooked(kFirst);
  reports.Drop(kSecond);
  reports.OnNoProxy(kFirst);
  reports.OnNoProxy(kSecond);
  EXPECT_THAT(reports.Take(), IsEmpty());
}

}  // namespace
}  // namespace lb::announce

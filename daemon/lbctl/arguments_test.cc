#include "daemon/lbctl/arguments.h"

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"

namespace lb::lbctl {
namespace {

using ::testing::StartsWith;

TEST(ParseSinceTest, TakesSpansAndTimes) {
  const absl::Time now = absl::FromUnixSeconds(10'000);
  EXPECT_THAT(ParseSince("10m", now), IsOkAndHolds(now - absl::Minutes(10)));
  EXPECT_THAT(ParseSince("0s", now), IsOkAndHolds(now));
  EXPECT_THAT(ParseSince("1970-01-01T00:00:07Z", now),
              IsOkAndHolds(absl::FromUnixSeconds(7)));
  for (const char* text : {"", "10", "-5m", "yesterday", "1970-01-01"}) {
    EXPECT_THAT(ParseSince(text, now),
                StatusIs(absl::StatusCode::kInvalidArgument))
        << text;
  }
}

// Abseil also takes infinities, and times that no Timestamp can hold.
TEST(ParseSinceTest, TakesTimesOfTheCalendarOnly) {
  const absl::Time now = absl::FromUnixSeconds(1'700'000'000);
  EXPECT_THAT(ParseSince("0001-01-01T00:00:00Z", now),
              IsOkAndHolds(absl::FromUnixSeconds(-62'135'596'800)));
  EXPECT_THAT(ParseSince("9999-12-31T23:59:59Z", now),
              IsOkAndHolds(absl::FromUnixSeconds(253'402'300'799)));
  EXPECT_THAT(ParseSince("500ms", now),
              IsOkAndHolds(now - absl::Milliseconds(500)));
  EXPECT_THAT(ParseSince("2024-05-01T12:00:00+02:00", now),
              IsOkAndHolds(absl::FromUnixSeconds(1'714'557'600)));
  for (const char* text :
       {"inf", "-inf", "infinite-past", "infinite-future", "99999999h",
        "10000-01-01T00:00:00Z", "-0001-01-01T00:00:00Z"}) {
    EXPECT_EQ(ParseSince(text, now).status().message(),
              "--since: \"" + std::string(text) +
                  "\", want 10m, 2h or 2024-05-01T10:00:00Z");
  }
}

TEST(CheckNotEmptyTest, NamesTheArgument) {
  EXPECT_THAT(CheckNotEmpty("FILE", "a", "a name"), IsOk());
  EXPECT_EQ(CheckNotEmpty("FILE", "", "a name").message(),
            "FILE: empty, want a name");
}

TEST(ParseKindTest, TakesNamesWithDashes) {
  EXPECT_THAT(ParseKind("held-back"),
              IsOkAndHolds(status::v1::Problem::HELD_BACK));
  for (const char* name : {"", "odd", "kind-unspecified"}) {
    EXPECT_THAT(std::string(ParseKind(name).status().message()),
                StartsWith("--kind: \"" + std::string(name) +
                           "\", want one of object-refused,"));
  }
}

TEST(CheckAddressTest, TakesAddressesOnly) {
  for (const char* address : {"", "172.18.8.201", "fd00::201"}) {
    EXPECT_TRUE(CheckAddress(address).ok()) << address;
  }
  for (const char* address : {"10.0.0.300", "10.0.0.1/32", "web", " "}) {
    EXPECT_EQ(CheckAddress(address).message(),
              "--address: \"" + std::string(address) +
                  "\", want an IPv4 or IPv6 address");
  }
}

TEST(CheckLogLevelTest, KnowsThoseOfLbd) {
  for (const char* level : {"debug", "info", "warning", "error"}) {
    EXPECT_TRUE(CheckLogLevel(level).ok()) << level;
  }
  EXPECT_EQ(CheckLogLevel("loud").message(),
            "LEVEL: \"loud\", want debug, info, warning or error");
}

TEST(CheckAddressOrServiceTest, RefusesWhatIsMeantAsAnAddressAndIsNone) {
  for (const char* what : {"172.18.8.201", "fd00::201", "default/web", "web",
                           "1st/2nd", "", "default/"}) {
    EXPECT_TRUE(CheckAddressOrService(what).ok()) << what;
  }
  for (const char* what : {"10.0.0.300", "10.0.0.1/32", "fd00::zz", "10.0.0",
                           "172.18.8.201:80", "[fd00::201]"}) {
    EXPECT_EQ(CheckAddressOrService(what).message(),
              "\"" + std::string(what) +
                  "\": no IP address, want an address or namespace/name");
  }
}

}  // namespace
}  // namespace lb::lbctl

#include "lb/ipam/absent_holders.h"

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/net/ip_address.h"

namespace lb::ipam {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

const absl::Time kSince = absl::FromUnixSeconds(1'700'000'000);

class AbsentHoldersTest : public testing::Test {
 protected:
  void Hold(const std::string& service,
            const std::vector<std::string>& addresses) {
    Assignment assignment;
    for (const std::string& address : addresses) {
      assignment.addresses.push_back({*net::ParseIpAddress(address), "p"});
    }
    EXPECT_THAT(ledger_.Propose(service, assignment, kSince), IsOk());
    absent_.Note(service, {.loop = absl::UnixEpoch(), .civil = kSince});
  }

  Ledger ledger_{"n1"};
  AbsentServices absent_;
};

TEST_F(AbsentHoldersTest, ListsWhatTheyHold) {
  Hold("x/b", {"10.0.0.2", "2001:db8::2"});
  Hold("x/a", {"10.0.0.1"});
  EXPECT_THAT(
      AbsentHolders(absent_, ledger_, {.services = {"x/b"}}),
      ElementsAre(
          AbsentHolder{
              "x/a", {{*net::ParseIpAddress("10.0.0.1"), "p"}}, kSince, false},
          AbsentHolder{"x/b",
                       {{*net::ParseIpAddress("10.0.0.2"), "p"},
                        {*net::ParseIpAddress("2001:db8::2"), "p"}},
                       kSince,
                       true}));
}

TEST_F(AbsentHoldersTest, AServiceWithoutARecordOrAddressesIsNoHolder) {
  Hold("x/a", {"10.0.0.1"});
  EXPECT_THAT(ledger_.ProposeRelease("x/a", kSince), IsOk());
  absent_.Note("x/b", {});
  EXPECT_THAT(AbsentHolders(absent_, ledger_, {}), IsEmpty());
}

TEST_F(AbsentHoldersTest, ANoteNamesTwoAndCountsTheRest) {
  Hold("x/a", {"10.0.0.1"});
  Hold("x/b", {"10.0.0.2", "2001:db8::2"});
  Hold("x/c", {"10.0.0.3"});
  EXPECT_THAT(
      NotesOf(AbsentHolders(absent_, ledger_, {})),
      ElementsAre(
          Pair(Pair("p", net::IpFamily::kIpv4),
               "3 held by services without a manifest (x/a since "
               "2023-11-14T22:13:20Z, x/b since 2023-11-14T22:13:20Z, 1 more)"),
          Pair(Pair("p", net::IpFamily::kIpv6),
               "1 held by services without a manifest (x/b since "
               "2023-11-14T22:13:20Z)")));
}

}  // namespace
}  // namespace lb::ipam

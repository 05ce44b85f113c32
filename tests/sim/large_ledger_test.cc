// A ledger that is larger than what full exchanges have room for.
#include <string>
#include <utility>
#include <vector>

#include "daemon/exchange/user_state.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/gossip/gossip_node.h"
#include "lb/ipam/ledger.h"
#include "lb/ipam/ledger_codec.h"
#include "lb/net/ip_address.h"
#include "tests/sim/cluster.h"

namespace lb {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Records of services from `first` on, each as large as a record can be.
std::string LargeRecords(uint32_t first, uint32_t count) {
  const ipam::Stamp stamp = {1, std::string(ipam::kNameSizeMax, 'a')};
  std::vector<ipam::Record> records;
  for (uint32_t i = first; i < first + count; ++i) {
    ipam::Record record = {.service = fmt::format("other/{:05}", i),
                           .generation = 1,
                           .changed = stamp};
    for (uint32_t claim = 0; claim < ipam::kClaimsMax; ++claim) {
      record.claims.push_back(
          {net::IpAddress::Ipv4(i * ipam::kClaimsMax + claim),
           std::string(ipam::kNameSizeMax, 'p'), stamp});
    }
    records.push_back(std::move(record));
  }
  return ipam::SerializeMessage(records);
}

// Only a metric showed that the others did not get the ledger any more.
TEST(LargeLedgerTest, ANodeThatCannotTellItsLedgerSaysSo) {
  Cluster cluster(/*seed=*/1, /*nodes=*/2);
  cluster.Start("n1");
  const auto peer = cluster.StartPeer("n2", "n1");
  uint32_t told = 0;
  peer->SetUserState(
      [&] { return PackUserState({LargeRecords(400 * (told++ % 2), 400)}); });
  const auto events = [&] {
    std::vector<std::string> events;
    for (const Event& event : cluster.host("n1").log().Since(0)) {
      if (event.reason == "StateTold" || event.reason == "StateUntold") {
        events.push_back(event.reason + ": " + event.message);
      }
    }
    return events;
  };
  status::v1::ListProblemsRequest request;
  request.add_kinds(status::v1::Problem::GOSSIP);

  cluster.RunFor(absl::Seconds(3));
  EXPECT_THAT(events(), ElementsAre(HasSubstr("want at most 5242880")));
  const auto problems = cluster.view("n1").ListProblems(request);
  ASSERT_EQ(problems.problems_size(), 1);
  EXPECT_THAT(problems.problems(0).text(), HasSubstr("want at most 5242880"));

  // Services that no manifest has are released in that time, and a release is
  // small.
  peer->SetUserState([] { return PackUserState({}); });
  cluster.RunFor(absl::Seconds(60));
  EXPECT_THAT(events(),
              ElementsAre(HasSubstr("StateUntold"), HasSubstr("StateTold")));
  EXPECT_EQ(cluster.view("n1").ListProblems(request).problems_size(), 0);
  cluster.host("n2").Crash();
}

}  // namespace
}  // namespace lb

// Many new addresses at once reach all nodes in a moment: too many to be
// gossiped one by one, they go from node to node in full exchanges.
#include <string>

#include "absl/time/time.h"
#include "fmt/format.h"
#include "gtest/gtest.h"
#include "tests/sim/cluster.h"

namespace lb {
namespace {

std::string Services(int count) {
  std::string text =
      PoolManifest("pool", "172.18.9.1-172.18.12.254") + kAdvertisement;
  for (int i = 0; i < count; ++i)
    text += ServiceManifest(fmt::format("s{}", i));
  return text;
}

TEST(BulkTest, AllNodesKnowSixHundredNewAddressesInAMoment) {
  Cluster cluster(/*seed=*/1, /*nodes=*/30);
  cluster.SetManifests(Services(1));
  cluster.StartAll();
  ASSERT_TRUE(cluster.RunUntilAgreed(kSettled)) << cluster.Dump();
  cluster.SetManifests(Services(600));
  // The probes of new addresses take most of this time. By gossip alone the
  // last of them would be known after half a minute.
  EXPECT_TRUE(cluster.RunUntilAgreed(absl::Seconds(2))) << cluster.Show("n1");
}

}  // namespace
}  // namespace lb

// A reload moves no address that it need not move: random edits of manifests,
// which the nodes read one after the other, against a slow and obvious rule.
//
// The rule: a service whose own object is as it was has the addresses that it
// had and the node that announced them, whatever else was edited, added,
// removed, reordered or broken.
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/prng.h"
#include "lb/config/desired.h"
#include "tests/sim/cluster.h"

namespace lb {
namespace {

constexpr uint64_t kSeeds = 12;
constexpr int kEdits = 14;
constexpr int kServiceNames = 12;

// The files of a person.
struct Files {
  std::string pool = "172.18.8.200-172.18.8.230";
  std::map<std::string, std::string> services;  // And the address asked for.
  bool broken = false;                          // The pool has a typo.
  bool second_pool = false;

  std::string ToYaml(Prng& prng) const {
    std::vector<std::string> documents = {
        PoolManifest("pool", broken ? pool + "/33" : pool), kAdvertisement};
    if (second_pool) {
      documents.push_back(PoolManifest("two", "172.18.8.240-172.18.8.250"));
    }
    for (const auto& [name, asked] : services) {
      documents.push_back(ServiceManifest(name, asked));
    }
    prng.Shuffle(absl::MakeSpan(documents));
    std::string text;
    for (const std::string& document : documents) text += document;
    return text;
  }
};

Files Edit(Files files, Prng& prng) {
  const std::string name = fmt::format("s{}", prng.Uniform(kServiceNames));
  const std::string asked =
      prng.Chance(40) ? fmt::format("172.18.8.{}", 200 + prng.Uniform(12)) : "";
  switch (prng.Uniform(7)) {
    case 0:
    case 1:
    case 2:
      files.services[name] = asked;
      break;
    case 3:
      files.services.erase(name);
      break;
    case 4:
      files.broken = !files.broken;
      break;
    case 5:  // Held addresses may come to lie outside.
      files.pool =
          fmt::format("172.18.8.{}-172.18.8.230", 200 + prng.Uniform(6));
      break;
    case 6:
      files.second_pool = !files.second_pool;
      break;
  }
  return files;
}

// "addresses node" by service, as a node shows it.
std::map<std::string, std::string> Shown(const Cluster& cluster,
                                         const std::string& node) {
  std::map<std::string, std::string> shown;
  for (const absl::string_view line :
       absl::StrSplit(cluster.Show(node), '\n', absl::SkipEmpty())) {
    const std::pair<std::string, std::string> service =
        absl::StrSplit(line, absl::MaxSplits(' ', 1));
    shown.insert(service);
  }
  return shown;
}

TEST(ReloadTest, MovesNoAddressOfAServiceThatDidNotChange) {
  int kept = 0;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    Prng prng(seed);
    Cluster cluster(seed, /*nodes=*/3);
    Files files;
    for (int i = 0; i < 6; ++i) files.services[fmt::format("s{}", i)] = "";
    cluster.SetManifests(files.ToYaml(prng));
    cluster.StartAll();
    ASSERT_TRUE(cluster.RunUntilAgreed(absl::Seconds(15))) << cluster.Dump();
    for (int edit = 0; edit < kEdits; ++edit) {
      SCOPED_TRACE(fmt::format("seed {}, edit {}", seed, edit));
      const Files before = files;
      const auto shown = Shown(cluster, "n1");
      files = Edit(files, prng);
      std::vector<std::string> nodes = cluster.names();
      prng.Shuffle(absl::MakeSpan(nodes));
      for (const std::string& node : nodes) {
        cluster.SetManifests(node, files.ToYaml(prng));
        cluster.RunFor(prng.UniformDuration(absl::Seconds(2)));
      }
      cluster.RunFor(absl::Seconds(9));
      for (const std::string& node : nodes) {
        const auto now = Shown(cluster, node);
        for (const auto& [name, asked] : before.services) {
          const auto same = files.services.find(name);
          if (same == files.services.end() || same->second != asked) continue;
          // It may get an address now that it could not get before.
          const auto was = shown.find("default/" + name);
          if (was == shown.end() || was->second == "- -") continue;
          if (!asked.empty() && !was->second.starts_with(asked + " ")) continue;
          EXPECT_EQ(now.at("default/" + name), was->second)
              << name << " on " << node;
          ++kept;
        }
      }
    }
  }
  EXPECT_GT(kept, 1000);
}

// A service asks for an address of no pool, for good.
TEST(ReloadTest, AFaultHoldsBackOnlyWhatItMayDefine) {
  Cluster cluster(/*seed=*/1, /*nodes=*/3);
  const std::string always = PoolManifest("pool", "172.18.8.201-172.18.8.203") +
                             kAdvertisement +
                             ServiceManifest("impossible", "10.9.9.9");
  const auto has_address = [&](const std::string& service) {
    return cluster.AddressOf("n1", service).starts_with("172.18.8.");
  };
  cluster.SetManifests(always + ServiceManifest("a") + ServiceManifest("b") +
                       ServiceManifest("c"));
  cluster.StartAll();
  cluster.RunFor(absl::Seconds(15));
  ASSERT_TRUE(has_address("a") && has_address("b") && has_address("c"));
  const std::string kept = cluster.AddressOf("n1", "c");
  cluster.SetManifests(always + ServiceManifest("c") + ServiceManifest("d") +
                       ServiceManifest("e"));
  cluster.RunFor(absl::Seconds(15));
  EXPECT_TRUE(has_address("d") && has_address("e")) << cluster.Dump();
  EXPECT_EQ(cluster.AddressOf("n1", "c"), kept);
  // A service with a fault keeps its address.
  const std::string faulty =
      "---\napiVersion: v1\nkind: Service\nmetadata: {name: e}\n"
      "spec: {type: Loadbalancer}\n";
  cluster.SetManifests(always + ServiceManifest("c") + ServiceManifest("d") +
                       faulty + ServiceManifest("f"));
  cluster.RunFor(absl::Seconds(15));
  EXPECT_TRUE(has_address("e"));
  EXPECT_FALSE(has_address("f"));
  cluster.SetManifests(always + ServiceManifest("d") + faulty +
                       ServiceManifest("f"));
  cluster.RunFor(absl::Seconds(15));
  EXPECT_EQ(cluster.AddressOf("n1", "f"), kept) << cluster.Dump();
}

TEST(ReloadTest, TheSameAgainChangesNothing) {
  Cluster cluster(/*seed=*/1, /*nodes=*/3);
  const std::string manifests =
      PoolManifest("pool", "172.18.8.201-172.18.8.210") + kAdvertisement +
      ServiceManifest("web");
  cluster.SetManifests(manifests);
  cluster.StartAll();
  ASSERT_TRUE(cluster.RunUntilAgreed(absl::Seconds(15)));
  cluster.RunFor(absl::Seconds(10));
  const uint64_t writes = cluster.host("n1").state().writes();
  const uint64_t events = cluster.host("n1").log().last_sequence();
  cluster.SetManifests(manifests);
  cluster.RunFor(absl::Seconds(10));
  EXPECT_EQ(cluster.host("n1").state().writes(), writes);
  EXPECT_EQ(cluster.host("n1").log().last_sequence(), events);
  // The same snapshot again writes nothing either; it counts as a reading.
  Agent& agent = cluster.agent("n1");
  const uint64_t reads = agent.View().tally.manifests_read();
  agent.KeepDesired(
      std::make_shared<const config::Desired>(agent.View().desired));
  cluster.RunFor(absl::Seconds(1));
  EXPECT_EQ(agent.View().tally.manifests_read(), reads + 1);
  EXPECT_EQ(cluster.host("n1").log().last_sequence(), events);
}

}  // namespace
}  // namespace lb

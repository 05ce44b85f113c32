// What a reading changed, compared as text.
#include "lb/config/changes.h"

#include <map>
#include <string>

#include "fmt/format.h"
#include "gtest/gtest.h"
#include "lb/config/manifests.h"

namespace lb::config {
namespace {

std::string Pool(const std::string& name, const std::string& range) {
  return fmt::format(
      "---\napiVersion: metallb.io/v1beta1\nkind: IPAddressPool\n"
      "metadata: {{name: {}}}\nspec: {{addresses: ['{}']}}\n",
      name, range);
}

std::string Service(const std::string& name, int port = 80) {
  return fmt::format(
      "---\napiVersion: v1\nkind: Service\nmetadata: {{name: {}}}\n"
      "spec: {{type: LoadBalancer, ports: [{{port: {}}}]}}\n",
      name, port);
}

Desired Read(const std::string& text, const Desired& before = {}) {
  Manifests manifests;
  ParseManifests("a.yaml", text, {}, &manifests);
  return BuildDesired(manifests, before);
}

const std::string kPool = Pool("p", "10.0.0.0/24");

struct Case {
  const char* name;
  std::string before;
  std::string now;
  std::string want;
};

const Case kCases[] = {
    {"the same", kPool + Service("a"), kPool + Service("a"), "nothing changed"},
    {"the order", kPool + Service("a"), Service("a") + kPool,
     "nothing changed"},
    {"all at first", "", kPool + Service("a"),
     "added IPAddressPool/p, Service/default/a"},
    {"one of each", kPool + Service("a") + Service("b"),
     Pool("p", "10.0.0.0/25") + Service("b") + Service("c"),
     "added Service/default/c; changed IPAddressPool/p; removed "
     "Service/default/a"},
    {"refused", kPool, Pool("p", "10.0.0.0/33"), "refused IPAddressPool/p"},
    {"refused still", Pool("p", "10.0.0.0/33"), Pool("p", "10.0.0.0/33"),
     "nothing changed"},
    {"resolved", Pool("p", "10.0.0.0/33"), kPool,
     "added IPAddressPool/p; resolved IPAddressPool/p"},
    {"gone with its fault", Pool("p", "10.0.0.0/33") + Service("a"),
     Service("a"), "removed IPAddressPool/p"},
    {"one gone, one resolved",
     Pool("p", "10.0.0.0/33") + Pool("q", "10.0.1.0/33"),
     Pool("q", "10.0.1.0/24"),
     "added IPAddressPool/q; removed IPAddressPool/p; resolved "
     "IPAddressPool/q"},
    {"a service's port", Service("a", 80), Service("a", 81),
     "changed Service/default/a"},
    {"many", "",
     Service("a") + Service("b") + Service("c") + Service("d") + Service("e"),
     "added Service/default/a, Service/default/b, Service/default/c and 2 "
     "more"},
};

TEST(CompareTest, NamesWhatChanged) {
  for (const Case& test : kCases) {
    SCOPED_TRACE(test.name);
    const Desired before = Read(test.before);
    const Desired now = Read(test.now, before);
    EXPECT_EQ(ToString(Compare(before, now)), test.want);
    EXPECT_TRUE(Compare(now, Read(test.now, now)).empty());
  }
}

// What was good keeps its last good value, and that is no change.
TEST(CompareTest, AFaultAndItsRemedyChangeNoValue) {
  const Desired good = Read(kPool + Service("a"));
  const Desired bad = Read(Pool("p", "10.0.0.0/33") + Service("a"), good);
  EXPECT_EQ(ToString(Compare(good, bad)), "refused IPAddressPool/p");
  EXPECT_EQ(ToString(Compare(bad, Read(kPool + Service("a"), bad))),
            "resolved IPAddressPool/p");
}

// What it asks for is for others, or for another object: it is there all the
// same.
TEST(CompareTest, WhatIsPassedOverWithoutAFaultIsResolved) {
  const std::string cluster_ip =
      "---\napiVersion: v1\nkind: Service\nmetadata: {name: a}\n"
      "spec: {type: ClusterIP}\n";
  const std::string old_pool =
      "---\napiVersion: metallb.io/v1beta1\nkind: AddressPool\n"
      "metadata: {name: old}\n"
      "spec: {protocol: %s, addresses: ['10.0.1.0/24']}\n";
  const auto old_of = [&](const char* protocol) {
    std::string text = old_pool;
    return text.replace(text.find("%s"), 2, protocol);
  };
  const Desired bad = Read(Service("a", 0) + old_of("layer3"));
  ASSERT_EQ(bad.problems.size(), 2);
  EXPECT_EQ(ToString(Compare(bad, Read(cluster_ip + old_of("layer2"), bad))),
            "added IPAddressPool/old, L2Advertisement/old; resolved "
            "AddressPool/old, Service/default/a");
}

// It had a last good value and a fault: it is gone once, and not resolved.
TEST(CompareTest, WhatGoesWithItsFaultIsRemovedAndNotResolved) {
  const Desired good = Read(kPool + Service("a"));
  const Desired bad = Read(Pool("p", "10.0.0.0/33") + Service("a"), good);
  EXPECT_EQ(ToString(Compare(bad, Read(Service("a"), bad))),
            "removed IPAddressPool/p");
}

// Files by name, of a folder.
Desired ReadFolder(const std::map<std::string, std::string>& files,
                   const Desired& before = {}) {
  Manifests manifests;
  manifests.understanding.read_paths.insert("/etc/m");
  for (const auto& [name, text] : files) {
    ParseManifests("/etc/m/" + name, text, {}, &manifests);
  }
  return BuildDesired(manifests, before);
}

TEST(CompareTest, AFaultOfNoObjectIsOfItsFile) {
  const std::map<std::string, std::string> good = {{"a.yaml", kPool},
                                                   {"b.yaml", Service("a")}};
  const Desired before = ReadFolder(good);
  for (const char* bad : {"kind: {\n", "metadata: {name: a}\n"}) {
    auto files = good;
    files["b.yaml"] = bad;
    const Desired broken = ReadFolder(files, before);
    EXPECT_EQ(ToString(Compare(before, broken)), "refused /etc/m/b.yaml");
    EXPECT_EQ(ToString(Compare(broken, ReadFolder(good, broken))),
              "resolved /etc/m/b.yaml");
    files.erase("b.yaml");
    EXPECT_EQ(ToString(Compare(broken, ReadFolder(files, broken))),
              "removed /etc/m/b.yaml, Service/default/a");
  }
}

}  // namespace
}  // namespace lb::config

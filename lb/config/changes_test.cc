// What a reading changed, compared as text.
#include "lb/config/changes.h"

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
    {"mended", Pool("p", "10.0.0.0/33"), kPool,
     "added IPAddressPool/p; mended IPAddressPool/p"},
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
            "mended IPAddressPool/p");
}

}  // namespace
}  // namespace lb::config

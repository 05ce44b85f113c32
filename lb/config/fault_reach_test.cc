// Which objects stay when something was not understood (fault_reach.h).
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "lb/config/desired.h"
#include "lb/config/manifests.h"
#include "lb/config/testing/desired_text.h"

namespace lb::config {
namespace {

using Files = std::vector<std::pair<std::string, std::string>>;

std::string Lb(const std::string& name) {
  return "apiVersion: v1\nkind: Service\nmetadata: {name: " + name +
         "}\nspec: {type: LoadBalancer}\n---\n";
}

Desired Build(const Files& files, const Desired& previous = {}) {
  Manifests manifests;
  for (const auto& [name, text] : files) {
    ParseManifests(name, text, {}, &manifests);
  }
  return BuildDesired(manifests, previous);
}

std::string Services(const Desired& desired) {
  std::string text;
  for (const auto& [name, service] : desired.services) {
    if (!text.empty()) text += " ";
    text += name.substr(8);
  }
  return text;
}

struct Case {
  std::string name;
  Files before;
  Files after;
  std::string services;  // That stay, out of default/.
  size_t problems = 1;
};

const std::string kA = Lb("a"), kB = Lb("b"), kMeta = "metadata: {name: a}\n";

const Case kCases[] = {
    {"gone is gone", {{"f", kA + kB}}, {{"f", kB}}, "b", 0},
    {"ClusterIP says so",
     {{"f", kA + kB}},
     {{"f", kB + "apiVersion: v1\nkind: Service\n" + kMeta +
                "spec: {type: ClusterIP}\n"}},
     "b",
     0},
    {"no type means ClusterIP",
     {{"f", kA + kB}},
     {{"f", kB + "apiVersion: v1\nkind: Service\n" + kMeta +
                "spec: {type: ~, ports: [{port: 80}]}\n"}},
     "b",
     0},
    {"unknown type",
     {{"f", kA + kB}},
     {{"f", kB + "apiVersion: v1\nkind: Service\n" + kMeta +
                "spec: {type: Loadbalancer}\n"}},
     "a b"},
    {"spec misspelled",
     {{"f", kA + kB}},
     {{"f", kB + "apiVersion: v1\nkind: Service\n" + kMeta +
                "sepc: {type: LoadBalancer}\n"}},
     "a b"},
    {"spec a text",
     {{"f", kA + kB}},
     {{"f", kB + "apiVersion: v1\nkind: Service\n" + kMeta + "spec: x\n"}},
     "a b"},
    {"merge key of a text",
     {{"f", kA + kB}},
     {{"f",
       kB + "apiVersion: v1\nkind: Service\n" + kMeta + "spec: {<<: base}\n"}},
     "a b"},
    {"unknown version",
     {{"f", kA + kB}},
     {{"f", kB + "apiVersion: v2\nkind: Service\n" + kMeta + "spec: {}\n"}},
     "a b"},
    {"kind misspelled",
     {{"f", kA + kB}},
     {{"f", kB + "apiVersion: v1\nkind: Servcie\n" + kMeta}},
     "a b"},
    {"kind missing",
     {{"f", kA + kB}},
     {{"f", kB + "apiVersion: v1\n" + kMeta}},
     "a b"},
    {"name missing",
     {{"f", kA + kB}},
     {{"f", kB + "apiVersion: v1\nkind: Service\nmetadata: {labels: {}}\n"
                 "spec: {type: LoadBalancer}\n"}},
     "a b"},
    {"namespace misspelled",
     {{"f", kA + kB}},
     {{"f", kB + "apiVersion: v1\nkind: Service\nmetadata: {name: c, "
                 "namepace: x}\nspec: {type: LoadBalancer}\n"}},
     "a b"},
    {"metadata a list",
     {{"f", kA + kB}},
     {{"f", kB + "apiVersion: v1\nkind: Service\nmetadata: []\nspec: {}\n"}},
     "a b"},
    {"a document that is no map any more",
     {{"f", kA + kB}},
     {{"f", kB + "a service\n"}},
     "a b"},
    {"items null",
     {{"f", kA}, {"g", kB}},
     {{"f", "apiVersion: v1\nkind: List\nitems:\n"}, {"g", kB}},
     "a b"},
    {"a file without a byte is being written",
     {{"f", kA}, {"g", kB}},
     {{"f", ""}, {"g", kB}},
     "a b",
     0},
    {"a file of white space is empty",
     {{"f", kA}, {"g", kB}},
     {{"f", " \n"}, {"g", kB}},
     "b",
     0},
    {"a file of a comment is empty",
     {{"f", kA}, {"g", kB}},
     {{"f", "# nothing\n"}, {"g", kB}},
     "b",
     0},
    {"a file that became broken",
     {{"f", kA}, {"g", kB}},
     {{"f", "x: [\n"}, {"g", kB}},
     "a b"},
    {"moved to a file that is broken",
     {{"f", kA + kB}},
     {{"f", kB}, {"g", kA + "x: [\n"}},
     "a b"},
    {"moved behind the fault of a new file",
     {{"f", kA + kB}},
     {{"f", kB}, {"g", "x: [\n---\n" + kA}},
     "a b"},
    {"a fault in another file reaches nothing",
     {{"f", kA + kB}},
     {{"f", kB}, {"values.yaml", "replicaCount: 1\nservice: {type: x}\n"}},
     "b"},
    {"a broken file that names nothing reaches nothing",
     {{"f", kA + kB}},
     {{"f", kB}, {"g", "kind: Service\nmetadata: {name: {{ .x }}\n"}},
     "b"},
};

TEST(FaultReachTest, WhatIsNotUnderstoodIsNotGone) {
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.name);
    const Desired before = Build(c.before);
    ASSERT_EQ(ToText(before.problems), "");
    const Desired after = Build(c.after, before);
    EXPECT_EQ(Services(after), c.services);
    EXPECT_EQ(after.problems.size(), c.problems) << ToText(after.problems);
    EXPECT_EQ(Services(Build(c.after, after)), c.services) << "again";
    EXPECT_FALSE(after.may_define.Contains("default/z"));
  }
}

// A document that is no object, but was there while all services were.
TEST(FaultReachTest, AStrangerThatWasThereBeforeHoldsNothing) {
  const std::string stranger = "replicaCount: 1\n---\n";
  const Desired before = Build({{"f", kA + kB + stranger}});
  ASSERT_EQ(Services(before), "a b");
  const Desired after = Build({{"f", stranger + kB}}, before);
  EXPECT_EQ(Services(after), "b");
  // One more may be the service.
  const Desired more = Build({{"f", stranger + "a: service\n"}}, after);
  EXPECT_EQ(Services(more), "b");
  EXPECT_EQ(Services(Build({{"f", stranger + "a: service\n"}}, more)), "b");
  // The file is repaired.
  const Desired mended = Build({{"f", stranger + kA}}, more);
  EXPECT_EQ(Services(mended), "a");
  EXPECT_EQ(Services(Build({{"f", stranger}}, mended)), "");
}

// The editor takes the service out, and the stranger stays.
TEST(FaultReachTest, StrangersAreKnownWhileTheFileIsWritten) {
  const std::string stranger = "replicaCount: 1\n---\n";
  const Desired before = Build({{"f", kA + kB + stranger}});
  const Desired writing = Build({{"f", ""}}, before);
  EXPECT_EQ(Services(writing), "a b");
  EXPECT_EQ(Services(Build({{"f", stranger + kB}}, writing)), "b");
}

TEST(FaultReachTest, PoolsAndAdvertisementsStayToo) {
  const std::string pool =
      "apiVersion: metallb.io/v1beta1\nkind: IPAddressPool\n"
      "metadata: {name: p}\nspec: {addresses: [192.0.2.0/28]}\n---\n";
  const std::string ad =
      "apiVersion: metallb.io/v1beta1\nkind: L2Advertisement\n"
      "metadata: {name: l}\n---\n";
  const Desired before = Build({{"f", pool + ad}});
  for (const std::string& text :
       {"apiVersion: v1beta1\nkind: IPAddressPool\nmetadata: {name: p}\n---\n" +
            ad,
        "apiVersion: metallb.io/v1beta1\nkind: IpAddressPools\n"
        "metadata: {name: p}\n---\n" +
            ad,
        pool + "apiVersion: metallb.io/v1beta1\nkind: L2Advert\n"
               "metadata: {name: l}\n",
        pool + "apiVersion: metallb.io/v1\nkind: L2Advertisement\n"
               "metadata: {name: l}\n",
        pool + "kind: L2Advertisement\nmetadata: {name: l}\n"}) {
    const Desired after = Build({{"f", text}}, before);
    EXPECT_EQ(after.pools.size(), 1u) << text;
    EXPECT_EQ(after.advertisements.size(), 1u) << text;
    EXPECT_EQ(after.problems.size(), 1u) << ToText(after.problems);
  }
}

// After a restart nothing is known of what files defined before.
TEST(FaultReachTest, AFaultyObjectReachesItsNameOnly) {
  const Desired desired =
      Build({{"f", kB + "apiVersion: v1\nkind: Service\n" + kMeta +
                       "spec: {type: LB}\n---\nkind: Deployment\n---\n- 1\n"},
             {"values.yaml", "replicaCount: 1\n"}});
  EXPECT_TRUE(desired.may_define.Contains("default/a"));
  EXPECT_FALSE(desired.may_define.Contains("default/b"));  // It is wanted.
  EXPECT_FALSE(desired.may_define.Contains("other/a"));
  EXPECT_FALSE(desired.may_define.Contains("default/c"));
}

TEST(FaultReachTest, ABrokenFileReachesTheNamesInIt) {
  const Desired desired =
      Build({{"f", "x: {{\n" + Lb("a") + "kind: Ingress\n"}});
  EXPECT_TRUE(desired.may_define.Contains("default/a"));
  EXPECT_TRUE(desired.may_define.Contains("other/a"));
  EXPECT_FALSE(desired.may_define.Contains("default/b"));
  EXPECT_FALSE(Build({{"f", "x: {{\nkind: Ingress\nname: a\n"}})
                   .may_define.Contains("default/a"));
}

Desired BuildUnread(const std::string& path, const Desired& previous) {
  Manifests manifests;
  manifests.problems.push_back({{path, 0}, "", "", "cannot read it"});
  manifests.understanding.broken_paths.push_back(path);
  manifests.understanding.unread_paths.push_back(path);
  return BuildDesired(manifests, previous);
}

TEST(FaultReachTest, AFileThatWasNeverReadMayDefineAnything) {
  const Desired fresh = BuildUnread("d/f", {});
  EXPECT_TRUE(fresh.may_define.any);
  EXPECT_TRUE(BuildUnread("d/f", fresh).may_define.any);
  const Desired read = Build({{"d/f", kA}}, fresh);
  EXPECT_FALSE(read.may_define.any);
  const Desired unread = BuildUnread("d/f", read);
  EXPECT_FALSE(unread.may_define.any);
  EXPECT_EQ(Services(unread), "a");
  EXPECT_EQ(Services(BuildUnread("d/f", unread)), "a");
  EXPECT_TRUE(BuildUnread("d/g", read).may_define.any);
}

TEST(FaultReachTest, AFolderMayBeNamedWithASlash) {
  const Desired read = Build({{"d/f", kA}, {"dd/f", kB}});
  EXPECT_EQ(Services(BuildUnread("d/", read)), "a");
  EXPECT_EQ(Services(BuildUnread("d", read)), "a");
}

// A Deployment, say, often has the name of the Service before it.
TEST(FaultReachTest, WithoutAKindItDoesNotTakeTheNameOfAnother) {
  const Desired desired =
      Build({{"deployment", "apiVersion: apps/v1\n" + kMeta}, {"service", kA}});
  EXPECT_EQ(Services(desired), "a");
  EXPECT_EQ(desired.problems.size(), 1u) << ToText(desired.problems);
}

TEST(FaultReachTest, WhatABrokenFileRefusedBeforeStaysRefused) {
  const Desired before =
      Build({{"f", "apiVersion: v1\nkind: Service\n" + kMeta + "spec: x\n"}});
  ASSERT_TRUE(before.may_define.Contains("default/a"));
  const Desired unread = BuildUnread("f", before);
  EXPECT_TRUE(unread.may_define.Contains("default/a"));
  EXPECT_FALSE(unread.may_define.Contains("default/b"));
  EXPECT_EQ(Build({{"f", kB}}, unread).may_define, ipam::MayDefine());
}

}  // namespace
}  // namespace lb::config

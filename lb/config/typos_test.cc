// Mistyped names that are valid as such: labels, files, keys.
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/config/desired.h"
#include "lb/config/manifests.h"
#include "lb/config/testing/desired_text.h"
#include "lb/config/well_known_labels.h"

namespace lb::config {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

Desired Read(const std::string& text, const Desired& previous = {}) {
  Manifests manifests;
  ParseManifests("a.yaml", text, {}, &manifests);
  return BuildDesired(manifests, previous);
}

std::string Slice(const std::string& label, const std::string& endpoint) {
  return "apiVersion: v1\nkind: Service\nmetadata: {name: web}\n"
         "spec: {type: LoadBalancer, externalTrafficPolicy: Local}\n---\n"
         "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\n"
         "metadata: {name: web-1, labels: {" +
         label + ": web}}\naddressType: IPv4\nendpoints: [" + endpoint + "]\n";
}

// Else the service has no endpoint, and no node may announce it.
TEST(TyposTest, AMistypedEndpointSliceKeepsItsEndpoints) {
  const std::string label(kServiceNameLabel);
  const std::string good = "{nodeName: n1, conditions: {ready: true}}";
  const Desired before = Read(Slice(label, good));
  const Service& kept = before.services.begin()->second;
  ASSERT_TRUE(kept.traffic.endpoints.has_value());
  for (const std::string& text :
       {Slice("kubernetes.io/service-nam", good), Slice("service-name", good),
        Slice("Kubernetes.io/Service-Name", good),
        Slice(label, "{nodename: n1}"),
        Slice(label, "{nodeName: n1, ready: true}"),
        Slice(label, "{nodeName: n1, conditions: {redy: true}}")}) {
    const Desired after = Read(text, before);
    EXPECT_EQ(after.problems.size(), 1u) << ToText(after.problems);
    EXPECT_TRUE(after.services.begin()->second.traffic == kept.traffic) << text;
  }
}

TEST(TyposTest, LabelsThatWereMeantToBeWellKnown) {
  const std::vector<std::string_view> labels = {kExcludeLabel, kHostnameLabel,
                                                kZoneLabel};
  struct Case {
    std::string_view key, meant;
  };
  const Case kCases[] = {
      {"node.kubernetes.io/exclude-from-external-load-balancer", kExcludeLabel},
      {"node.kubernetes.io/exclude-from-external-loadbalancers", kExcludeLabel},
      {"kubernetes.io/exclude-from-external-load-balancers", kExcludeLabel},
      {"exclude-from-external-load-balancers", kExcludeLabel},
      {"alpha.service-controller.kubernetes.io/exclude-balancer",
       kExcludeLabel},
      {"kubernetes.io/Hostname", kHostnameLabel},
      {"kubernetes.io/hostnmae", kHostnameLabel},
      {"topology.kubernets.io/zone", kZoneLabel},
      {kExcludeLabel, ""},
      {"node.kubernetes.io/instance-type", ""},
      {"beta.kubernetes.io/os", ""},
      {"kubernetes.io/os", ""},
      {"topology.ebs.csi.aws.com/zone", ""},
      {"failure-domain.beta.kubernetes.io/zone", ""},
      {"topology.kubernetes.io/region", ""},
      {"hostname", ""},
      {"", ""},
  };
  for (const Case& c : kCases) {
    EXPECT_EQ(MeantLabel(c.key, labels), c.meant) << c.key;
  }
  EXPECT_EQ(
      MeantLabel("endpointslice.kubernetes.io/managed-by", {kServiceNameLabel}),
      "");
  EXPECT_EQ(MeantLabel("service.kubernetes.io/headless", {kServiceNameLabel}),
            "");
}

// With no Node object at all nothing can be said.
TEST(TyposTest, SelectorsThatMatchNothingAreNamed) {
  const std::string ad =
      "apiVersion: metallb.io/v1beta1\nkind: L2Advertisement\n"
      "metadata: {name: l}\nspec:\n  nodeSelectors:\n"
      "  - {matchLabels: {rack: a}}\n"
      "  - {matchExpressions: [{key: rak, operator: Exists}]}\n---\n";
  const std::string node =
      "apiVersion: v1\nkind: Node\nmetadata: {name: n1, labels: {rack: a}}\n";
  EXPECT_EQ(ToText(Read(ad).notices), "");
  EXPECT_EQ(ToText(Read(ad + node).notices),
            "a.yaml:7: L2Advertisement/l: spec.nodeSelectors[1]: matches none "
            "of the 1 Node objects: \"rak\", did you mean rack?\n");
}

class FolderTest : public testing::Test {
 protected:
  FolderTest() { fs::create_directories(folder_); }
  ~FolderTest() override { fs::remove_all(folder_); }

  void Write(const std::string& name) const {
    fs::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name) << "# Nothing.\n";
  }
  std::string Notices(const std::vector<std::string>& paths) const {
    return ToText(LoadManifests(paths, {}).notices);
  }

  const fs::path folder_ = fs::path(testing::TempDir()) / "typos_test";
};

TEST_F(FolderTest, ManifestsThatAreNotReadAreNamed) {
  for (const char* name :
       {"a.yaml", "b.YML", "c.yaml~", "d.jsn", ".e.json", ".#f.yaml",
        ".g.yaml.swp", "h.toml", "README.md", "sub/i.yaml", "sub/j.json",
        "empty/x.txt", "..data/k.yaml"}) {
    Write(name);
  }
  const std::string f = folder_.string() + "/";
  const Manifests manifests = LoadManifests({folder_.string()}, {});
  EXPECT_EQ(
      ToText(manifests.notices),
      f + ".e.json: not read: hidden, want a name without '.' in front\n" + f +
          "b.YML: not read, want a name that ends in .yml in lower case\n" + f +
          "c.yaml~: not read, want a name that ends in .yaml\n" + f +
          "d.jsn: not read, want a name that ends in .json\n" + f +
          "sub: a subfolder with 2 manifest files, not read: want it named "
          "with manifests, too\n");
  EXPECT_EQ(manifests.unread_files, 6u);
  EXPECT_THAT(CountsText(BuildDesired(manifests, {})),
              HasSubstr("; 6 files not read"));
}

TEST_F(FolderTest, WhatIsGivenItselfIsNotNamed) {
  Write("b.YML");
  Write("sub/i.yaml");
  const std::string f = folder_.string();
  EXPECT_EQ(Notices({f, f + "/sub/", f + "/./b.YML"}), "");
  EXPECT_THAT(Notices({f, f + "/sub"}), HasSubstr("b.YML"));
}

}  // namespace
}  // namespace lb::config

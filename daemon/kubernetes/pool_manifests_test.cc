#include "daemon/kubernetes/pool_manifests.h"

#include <string>
#include <string_view>
#include <vector>

#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/config/desired.h"
#include "lb/config/manifests.h"
#include "lb/config/object_change.h"

namespace lb {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string Pool(std::string_view name, std::string_view addresses) {
  return fmt::format(
      "---\n{{apiVersion: metallb.io/v1beta1, kind: IPAddressPool, metadata: "
      "{{name: {}}}, spec: {{addresses: [{}]}}}}\n",
      name, addresses);
}
constexpr std::string_view kService =
    "---\n{apiVersion: v1, kind: Service, metadata: {name: web, namespace: d}, "
    "spec: {type: LoadBalancer}}\n";

class PoolManifestsTest : public testing::Test {
 protected:
  // "IPAddressPool/a", "gone IPAddressPool/a", "Manifest/m.yaml: ...": what
  // changed.
  std::vector<std::string> Read(std::string_view text) {
    config::Manifests manifests;
    config::ParseManifests("m.yaml", text, {}, &manifests);
    RefuseOtherKinds(&manifests);
    read_ = config::BuildDesired(manifests, read_);
    std::vector<std::string> texts;
    for (const config::ObjectChange& change : pools_.ChangesTo(read_)) {
      std::string text = change.is_gone ? "gone " + change.name : change.name;
      for (const config::Problem& problem : change.problems) {
        text += ": " + problem.message;
        EXPECT_EQ(problem.object, change.name);
      }
      EXPECT_NE(change.object.has_value(),
                change.is_gone || !change.problems.empty());
      texts.push_back(std::move(text));
    }
    return texts;
  }

  PoolManifests pools_;
  config::Desired read_;
};

TEST_F(PoolManifestsTest, WhatGoesIsSaidOnce) {
  EXPECT_THAT(Read(Pool("a", "10.0.0.0/24") + Pool("b", "10.0.1.0/24")),
              ElementsAre("IPAddressPool/a", "IPAddressPool/b"));
  EXPECT_THAT(Read(Pool("b", "10.0.1.0/24")),
              ElementsAre("gone IPAddressPool/a", "IPAddressPool/b"));
  EXPECT_THAT(Read(Pool("b", "10.0.1.0/24")), ElementsAre("IPAddressPool/b"));
}

TEST_F(PoolManifestsTest, AFaultIsThatOfItsObject) {
  EXPECT_THAT(Read(Pool("a", "10.0.0.0/33")),
              ElementsAre(HasSubstr("IPAddressPool/a: \"10.0.0.0/33\"")));
}

TEST_F(PoolManifestsTest, AFaultOfAFileIsTheFiles) {
  EXPECT_THAT(Read("{a: [\n"), ElementsAre(HasSubstr("Manifest/m.yaml: ")));
  EXPECT_THAT(Read(Pool("a", "10.0.0.0/24")),
              ElementsAre("gone Manifest/m.yaml", "IPAddressPool/a"));
}

TEST_F(PoolManifestsTest, ObjectsOfOtherKindsAreRefusedByName) {
  EXPECT_THAT(Read(std::string(kService) + Pool("a", "10.0.0.0/24")),
              ElementsAre("IPAddressPool/a",
                          HasSubstr("Manifest/m.yaml: Service/d/web: with "
                                    "pools-from: manifests")));
  // No address is asked for here, and it is none of ours.
  EXPECT_THAT(
      Read("{apiVersion: v1, kind: Service, metadata: {name: web, namespace: "
           "d}, spec: {type: ClusterIP}}\n"),
      ElementsAre("gone IPAddressPool/a", "gone Manifest/m.yaml",
                  HasSubstr("Manifest/: Service/d/web: with pools-from")));
  EXPECT_THAT(read_.services, IsEmpty());
}

}  // namespace
}  // namespace lb

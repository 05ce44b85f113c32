#include "daemon/lbctl/move_check.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/config/desired.h"
#include "lb/config/manifests.h"
#include "lb/net/ip_address.h"

namespace lb::lbctl {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// MetalLB elects node-a for 192.168.1.240 and node-c for 192.168.1.241, if
// node-b is the third: rows of MetalLB's own test.
constexpr char kObjects[] = R"(
apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata: {name: pool}
spec: {addresses: [192.168.1.240/28]}
---
apiVersion: metallb.io/v1beta1
kind: L2Advertisement
metadata:
  name: all
  annotations: {lb.io/election-policy: balanced}
)";

std::string ServiceText(const std::string& name, const std::string& more = "") {
  return "---\napiVersion: v1\nkind: Service\nmetadata: {name: " + name + more +
         "}\nspec: {type: LoadBalancer, clusterIP: 10.0.0.1}\n";
}

std::string NodeText(const std::string& name, const std::string& label) {
  return "---\napiVersion: v1\nkind: Node\nmetadata: {name: " + name +
         ", labels: {" + label + ": \"\"}}\n";
}

class MoveCheckTest : public testing::Test {
 protected:
  MoveCheckTest() {
    facts_.members = {"node-a", "node-b", "node-c"};
    facts_.members_from = "by the test";
    SetObjects(kObjects + ServiceText("one") + ServiceText("two"));
    Assign("default/one", "192.168.1.240");
    Assign("default/two", "192.168.1.241");
    facts_.claims = {{"default/one", "node-a"}, {"default/two", "node-c"}};
  }

  void SetObjects(const std::string& text) {
    config::Manifests manifests;
    config::ParseManifests("test.yaml", text, {}, &manifests);
    facts_.desired =
        std::make_shared<config::Desired>(config::BuildDesired(manifests, {}));
  }
  void Assign(const std::string& service, const std::string& address) {
    facts_.assignments[service].addresses = {
        {*net::ParseIpAddress(address), "pool"}};
  }
  std::vector<Finding> Faults() const {
    std::vector<Finding> faults;
    for (const Finding& finding : JudgeMove(facts_, Detail::kSums)) {
      if (finding.grade == Grade::kFault) faults.push_back(finding);
    }
    return faults;
  }
  std::string Text() const { return RenderTable(JudgeMove(facts_, detail_)); }

  Detail detail_ = Detail::kSums;
  ClusterFacts facts_;
};

TEST_F(MoveCheckTest, WhatIsAlikeIsCounted) {
  EXPECT_THAT(Faults(), IsEmpty()) << Text();
  EXPECT_THAT(Text(), AllOf(HasSubstr("node-a, node-b, node-c: by the test"),
                            HasSubstr("2 of 2"), Not(HasSubstr("default/"))));
  detail_ = Detail::kEach;
  EXPECT_THAT(Text(), AllOf(HasSubstr("192.168.1.240: node-a"),
                            HasSubstr("192.168.1.241: node-c"),
                            Not(HasSubstr("2 of 2"))));
}

TEST_F(MoveCheckTest, AnotherNodeIsAFault) {
  facts_.claims[1].node = "node-b";
  ASSERT_THAT(
      Faults(),
      ElementsAre(AllOf(
          Field(&Finding::subject, "Service/default/two"),
          Field(&Finding::text,
                HasSubstr("192.168.1.241: MetalLB says node-b, lbd would elect "
                          "node-c: node-c ranks first of 3")),
          Field(&Finding::remedy, HasSubstr("node event")))))
      << Text();
  EXPECT_THAT(Text(), HasSubstr("1 of 2"));
}

TEST_F(MoveCheckTest, AMemberThatIsMissingIsNamed) {
  SetObjects(kObjects + ServiceText("one") + ServiceText("two") +
             NodeText("node-a", "rack"));
  facts_.members = {"node-b", "node-c"};
  EXPECT_THAT(
      Faults(),
      ElementsAre(AllOf(Field(&Finding::text, HasSubstr("node-a is notMember")),
                        Field(&Finding::remedy,
                              HasSubstr("speaker's pod of node-a is Ready")))))
      << Text();
  facts_.members.clear();
  EXPECT_THAT(Text(), HasSubstr("none: by the test"));
}

TEST_F(MoveCheckTest, ExcludedNodesCountAsTheSpeakersHaveIt) {
  SetObjects(
      kObjects + ServiceText("one") + ServiceText("two") +
      NodeText("node-a",
               "node.kubernetes.io/exclude-from-external-load-balancers"));
  EXPECT_THAT(Faults(),
              ElementsAre(AllOf(
                  Field(&Finding::text,
                        HasSubstr("node-a is nodeLabeledExcludeBalancers")),
                  Field(&Finding::remedy, HasSubstr("--ignore-exclude-lb")))))
      << Text();
  facts_.ignore_exclude_label = true;
  EXPECT_THAT(Faults(), IsEmpty()) << Text();
}

TEST_F(MoveCheckTest, OneSideAloneIsAFault) {
  facts_.claims.erase(facts_.claims.begin());
  EXPECT_THAT(Faults(),
              ElementsAre(Field(
                  &Finding::text,
                  HasSubstr("MetalLB says no node, lbd would elect node-a"))));
  facts_.claims.push_back({"default/one", "node-a"});
  facts_.claims.push_back({"default/one", "node-b"});
  EXPECT_THAT(
      Faults(),
      ElementsAre(
          AllOf(Field(&Finding::text, HasSubstr("MetalLB says node-a, node-b")),
                Field(&Finding::remedy, HasSubstr("wait until")))));
  // No advertisement any more: lbd would announce neither.
  facts_.claims.pop_back();
  const std::string pool(kObjects, std::string(kObjects).find("---"));
  SetObjects(pool + ServiceText("one") + ServiceText("two"));
  EXPECT_THAT(
      Faults(),
      ElementsAre(Field(&Finding::text, HasSubstr("lbd would elect no node")),
                  Field(&Finding::text, HasSubstr("lbd would elect no node"))))
      << Text();
}

TEST_F(MoveCheckTest, WithoutAnyStatusThereIsOneFault) {
  facts_.claims.clear();
  EXPECT_THAT(Faults(), ElementsAre(Field(&Finding::text,
                                          HasSubstr("no ServiceL2Status"))));
  facts_.assignments.clear();
  EXPECT_THAT(Faults(), IsEmpty());
  EXPECT_THAT(Text(), HasSubstr("0 of 0"));
}

TEST_F(MoveCheckTest, RefusedObjectsAreListed) {
  SetObjects(kObjects + ServiceText("one") +
             "---\napiVersion: metallb.io/v1beta1\nkind: IPAddressPool\n"
             "metadata: {name: odd}\nspec: {addresses: [10.0.0.9-10.0.0.1]}\n");
  EXPECT_THAT(
      Faults(),
      ElementsAre(AllOf(Field(&Finding::subject, "refused"),
                        Field(&Finding::text, HasSubstr("IPAddressPool/odd"))),
                  // It is not among the objects.
                  Field(&Finding::subject, "Service/default/two")))
      << Text();
}

// Services that share an address go together, as lbd has it.
TEST_F(MoveCheckTest, SharersAreOnOneNode) {
  const std::string shares =
      ", annotations: {metallb.io/allow-shared-ip: \"k\"}";
  SetObjects(kObjects + ServiceText("one", shares) +
             ServiceText("two", shares));
  Assign("default/two", "192.168.1.240");
  facts_.claims[1].node = "node-a";
  EXPECT_THAT(Faults(), IsEmpty()) << Text();
}

}  // namespace
}  // namespace lb::lbctl

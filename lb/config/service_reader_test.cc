#include <string>
#include <string_view>
#include <variant>

#include "gtest/gtest.h"
#include "lb/config/manifests.h"

namespace lb::config {
namespace {

Manifests Read(std::string_view text, const ManifestOptions& options = {}) {
  Manifests manifests;
  ParseManifests("a.yaml", text, options, &manifests);
  return manifests;
}

// The reasons that MetalLB's events would have.
TEST(ReadServiceTest, NamesMetallbsReasonForAService) {
  struct Case {
    std::string fields, reason;
  };
  const Case kCases[] = {
      {"loadBalancerIP: nine", "nolbIPsIPFamily"},
      {"clusterIPs: [nine]", "noclusterIPsIPFamily"},
      {"clusterIPs: [10.0.0.1, 10.0.0.2]", "noclusterIPsIPFamily"},
      {"clusterIPs: [10.0.0.1], ipFamilyPolicy: RequireDualStack",
       "not enough clusterips"},
      {"ipFamilyPolicy: Dual", ""},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.fields);
    const Manifests manifests = Read(
        "apiVersion: v1\nkind: Service\nmetadata: {name: s}\n"
        "spec: {type: LoadBalancer, " +
        c.fields + "}\n");
    ASSERT_EQ(manifests.problems.size(), 1u);
    EXPECT_EQ(manifests.problems[0].reason, c.reason);
  }
  const Manifests old = Read(
      "apiVersion: v1\nkind: Service\nmetadata: {name: s, annotations: "
      "{metallb.universe.tf/allow-shared-ip: k}}\n"
      "spec: {type: LoadBalancer}\n");
  ASSERT_EQ(old.notices.size(), 1u);
  EXPECT_EQ(old.notices[0].reason, "deprecatedAnnotation");
}

TEST(ReadServiceTest, AServiceAsksForAReservationInsteadOfAnAddress) {
  const std::string head =
      "apiVersion: v1\nkind: Service\nmetadata: {name: s, annotations: "
      "{lb.io/reservation: front}}\nspec: {type: LoadBalancer";
  const Manifests manifests = Read(head + "}\n");
  ASSERT_EQ(manifests.objects.size(), 1u);
  EXPECT_EQ(
      std::get<ServiceObject>(manifests.objects[0].value).request.reservation,
      "front");
  const Manifests both = Read(head + ", loadBalancerIP: 192.0.2.1}\n");
  ASSERT_EQ(both.problems.size(), 1u);
  EXPECT_EQ(both.problems[0].ToString(),
            "a.yaml:3: Service/default/s: "
            "metadata.annotations[lb.io/reservation]: set besides "
            "spec.loadBalancerIP, want one of the two");
}

TEST(ReadServiceTest, ReadsOnlyServicesOfItsTypeAndClass) {
  const std::string text = R"(
apiVersion: v1
kind: Service
metadata: {name: none}
spec: {type: LoadBalancer}
---
apiVersion: v1
kind: Service
metadata: {name: other}
spec: {type: LoadBalancer, loadBalancerClass: example.com/lb}
---
apiVersion: v1
kind: Service
metadata: {name: internal}
spec: {type: ClusterIP}
---
apiVersion: v1
kind: Service
metadata: {name: untyped}
)";
  const Manifests plain = Read(text);
  ASSERT_EQ(plain.objects.size(), 1u);
  EXPECT_EQ(plain.objects[0].name, "Service/default/none");
  const Manifests classed =
      Read(text, {.load_balancer_class = "example.com/lb"});
  ASSERT_EQ(classed.objects.size(), 1u);
  EXPECT_EQ(classed.objects[0].name, "Service/default/other");
}

}  // namespace
}  // namespace lb::config

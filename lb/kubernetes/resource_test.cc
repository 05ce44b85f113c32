#include "lb/kubernetes/resource.h"

#include "gtest/gtest.h"

namespace lb::kubernetes {
namespace {

const Resource kServices = {"", "v1", "services"};
const Resource kSlices = {"discovery.k8s.io", "v1", "endpointslices"};

TEST(ResourceTest, PathsAreThoseOfTheApi) {
  EXPECT_EQ(CollectionPath(kServices), "/api/v1/services");
  EXPECT_EQ(CollectionPath(kServices, "default"),
            "/api/v1/namespaces/default/services");
  EXPECT_EQ(CollectionPath(kSlices),
            "/apis/discovery.k8s.io/v1/endpointslices");
  EXPECT_EQ(ObjectPath(kServices, {"default", "web"}, "status"),
            "/api/v1/namespaces/default/services/web/status");
  EXPECT_EQ(ObjectPath({"", "v1", "nodes"}, {"", "n1"}), "/api/v1/nodes/n1");
}

TEST(ResourceTest, NamesAreThoseOfKubectl) {
  EXPECT_EQ(kServices.ToString(), "services");
  EXPECT_EQ(kSlices.ToString(), "endpointslices.discovery.k8s.io");
  EXPECT_EQ(kServices.ApiVersion(), "v1");
  EXPECT_EQ(kSlices.ApiVersion(), "discovery.k8s.io/v1");
}

TEST(ResourceTest, NoNameChangesThePath) {
  EXPECT_EQ(ObjectPath(kServices, {"../x", "a?b#c%/d e"}),
            "/api/v1/namespaces/..%2Fx/services/a%3Fb%23c%25%2Fd%20e");
}

TEST(QueryTest, EncodesNamesAndValues) {
  EXPECT_EQ(Query("/p").text(), "/p");
  EXPECT_EQ(Query("/p")
                .Add("fieldSelector", "spec.type=LoadBalancer")
                .Add("limit", 500)
                .Add("continue", "a+b/c==&")
                .text(),
            "/p?fieldSelector=spec.type%3DLoadBalancer&limit=500&"
            "continue=a%2Bb%2Fc%3D%3D%26");
}

}  // namespace
}  // namespace lb::kubernetes

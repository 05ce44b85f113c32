#include "daemon/kubernetes/service_l2_status.h"

#include <string>
#include <string_view>

#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/kubernetes/json_tree.h"

namespace lb {
namespace {

using testing::Pair;
using testing::UnorderedElementsAre;

constexpr std::string_view kLabels =
    R"("metallb.io/node":"n1","metallb.io/service-name":"web",)"
    R"("metallb.io/service-namespace":"default")";

StatusObjects::Object Read(std::string_view labels, std::string_view rest) {
  const auto object = kubernetes::ReadJson(fmt::format(
      R"({{"metadata":{{"name":"l2-x","labels":{{{}}}{}}})", labels, rest));
  EXPECT_TRUE(object.ok()) << object.status();
  return ReadServiceL2Status({.key = {"metallb-system", "l2-x"}}, *object);
}

TEST(ServiceL2StatusTest, HasTheLabelsAndFieldsOfMetallb) {
  const StatusObjects::Wish wish =
      WishOf({"n1", "default/web", {"eth0", "eth1"}});
  EXPECT_THAT(
      wish.labels,
      UnorderedElementsAre(Pair("metallb.io/node", "n1"),
                           Pair("metallb.io/service-name", "web"),
                           Pair("metallb.io/service-namespace", "default")));
  EXPECT_EQ(wish.status,
            R"({"node":"n1","serviceName":"web","serviceNamespace":"default",)"
            R"("interfaces":[{"name":"eth0"},{"name":"eth1"}]})");
}

TEST(ServiceL2StatusTest, WhatWasWrittenReadsTheSame) {
  for (const ServiceL2Status& status :
       {ServiceL2Status{"n1", "default/web", {}},
        ServiceL2Status{"n1", "default/web", {"eth0", "eth1"}}}) {
    const StatusObjects::Wish wish = WishOf(status);
    const StatusObjects::Object read =
        Read(kLabels, fmt::format(R"(}},"status":{})", wish.status));
    EXPECT_EQ(read.key, "default/web");
    EXPECT_EQ(read.name, "l2-x");
    EXPECT_EQ(read.says, wish);
  }
}

TEST(ServiceL2StatusTest, MetallbsObjectOfAllInterfacesReadsTheSame) {
  const StatusObjects::Object read =
      Read(kLabels, R"(},"status":{"node":"n1","serviceName":"web",)"
                    R"("serviceNamespace":"default"})");
  EXPECT_EQ(read.says, WishOf({"n1", "default/web", {}}));
}

TEST(ServiceL2StatusTest, AnObjectWithoutAStatusIsNotFinished) {
  for (const char* rest : {"}", R"(},"status":{})", R"(},"status":null)"}) {
    const StatusObjects::Object read = Read(kLabels, rest);
    EXPECT_EQ(read.key, "default/web") << rest;
    EXPECT_EQ(read.says.status, "") << rest;
  }
}

TEST(ServiceL2StatusTest, AnObjectThatContradictsItselfIsOfNoUse) {
  for (const char* status :
       {R"({"node":"n2","serviceName":"web","serviceNamespace":"default"})",
        R"({"node":"n1","serviceName":"w","serviceNamespace":"default"})",
        R"({"node":"n1","serviceName":"web","serviceNamespace":"other"})",
        R"({"serviceName":"web","serviceNamespace":"default"})",
        R"({"node":"n1"})"}) {
    const StatusObjects::Object read =
        Read(kLabels, fmt::format(R"(}},"status":{})", status));
    EXPECT_EQ(read.key, "") << status;
    EXPECT_EQ(read.name, "l2-x");
  }
}

TEST(ServiceL2StatusTest, AnObjectWithoutItsLabelsIsOfNoUse) {
  EXPECT_EQ(Read(R"("metallb.io/node":"n1")", "}").key, "");
  EXPECT_EQ(Read(R"("metallb.io/service-name":"web")", "}").key, "");
}

TEST(ServiceL2StatusTest, ReadsItsOwner) {
  EXPECT_EQ(Read(kLabels, R"(,"ownerReferences":[{"uid":"u1"},{"uid":"u2"}]})")
                .owner_uid,
            "u1");
  for (const char* owners : {"null", "[]", "[1]", "{}", "\"x\""}) {
    EXPECT_EQ(Read(kLabels, fmt::format(R"(,"ownerReferences":{}}})", owners))
                  .owner_uid,
              "")
        << owners;
  }
}

TEST(ServiceL2StatusTest, ALongListOfInterfacesIsCut) {
  std::string items = R"({"name":"a"})";
  for (int i = 0; i < 10'000; ++i) items += R"(,{"name":"a"})";
  const StatusObjects::Object read =
      Read(kLabels,
           fmt::format(R"(}},"status":{{"node":"n1","serviceName":"web",)"
                       R"("serviceNamespace":"default","interfaces":[{}]}})",
                       items));
  EXPECT_EQ(read.says,
            WishOf({"n1", "default/web",
                    std::vector<std::string>(kStatusInterfacesMax, "a")}));
}

TEST(ServiceL2StatusTest, ListsTheObjectsOfOneNode) {
  const kubernetes::ReflectorOptions list =
      ServiceL2StatusesOf("n1", "metallb-system");
  EXPECT_EQ(list.resource.ToString(), "servicel2statuses.metallb.io");
  EXPECT_EQ(list.name_space, "metallb-system");
  EXPECT_EQ(list.label_selector, "metallb.io/node=n1");
}

}  // namespace
}  // namespace lb

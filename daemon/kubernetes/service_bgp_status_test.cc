#include "daemon/kubernetes/service_bgp_status.h"

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

StatusObjects::Object Read(std::string_view status) {
  const auto object = kubernetes::ReadJson(fmt::format(
      R"({{"metadata":{{"name":"bgp-x","labels":{{"metallb.io/node":"n1",)"
      R"("metallb.io/service-name":"web",)"
      R"("metallb.io/service-namespace":"default"}}}}{}}})",
      status));
  EXPECT_TRUE(object.ok()) << object.status();
  return ReadServiceBgpStatus({.key = {"metallb-system", "bgp-x"}}, *object);
}

TEST(ServiceBgpStatusTest, HasTheLabelsAndFieldsOfMetallb) {
  const StatusObjects::Wish wish = WishOf({"n1", "default/web", {"a", "b"}});
  EXPECT_THAT(
      wish.labels,
      UnorderedElementsAre(Pair("metallb.io/node", "n1"),
                           Pair("metallb.io/service-name", "web"),
                           Pair("metallb.io/service-namespace", "default")));
  EXPECT_EQ(wish.status,
            R"({"node":"n1","serviceName":"web","serviceNamespace":"default",)"
            R"("peers":["a","b"]})");
}

TEST(ServiceBgpStatusTest, WhatWasWrittenReadsTheSame) {
  const StatusObjects::Wish wish = WishOf({"n1", "default/web", {"a", "b"}});
  const StatusObjects::Object read =
      Read(fmt::format(R"(,"status":{})", wish.status));
  EXPECT_EQ(read.key, "default/web");
  EXPECT_EQ(read.name, "bgp-x");
  EXPECT_EQ(read.says, wish);
}

TEST(ServiceBgpStatusTest, AnObjectThatContradictsItselfIsOfNoUse) {
  EXPECT_EQ(Read(R"(,"status":{"node":"n2","serviceName":"web",)"
                 R"("serviceNamespace":"default","peers":["a"]})")
                .key,
            "");
  const StatusObjects::Object unfinished = Read("");
  EXPECT_EQ(unfinished.key, "default/web");
  EXPECT_EQ(unfinished.says.status, "");
}

TEST(ServiceBgpStatusTest, ALongListOfPeersIsCut) {
  std::string items = R"("a")";
  for (int i = 0; i < 10'000; ++i) items += R"(,"a")";
  const StatusObjects::Object read =
      Read(fmt::format(R"(,"status":{{"node":"n1","serviceName":"web",)"
                       R"("serviceNamespace":"default","peers":[{}]}})",
                       items));
  EXPECT_EQ(read.says,
            WishOf({"n1", "default/web",
                    std::vector<std::string>(kStatusPeersMax, "a")}));
}

TEST(ServiceBgpStatusTest, ListsTheObjectsOfOneNode) {
  const kubernetes::ReflectorOptions list =
      ServiceBgpStatusesOf("n1", "metallb-system");
  EXPECT_EQ(list.resource.ToString(), "servicebgpstatuses.metallb.io");
  EXPECT_EQ(list.label_selector, "metallb.io/node=n1");
}

}  // namespace
}  // namespace lb

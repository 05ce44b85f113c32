#include "daemon/problems/findings.h"

#include <set>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/net/ip_address.h"

namespace lb {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> TextsOf(const std::vector<Finding>& findings) {
  std::vector<std::string> texts;
  for (const Finding& finding : findings) texts.push_back(finding.text);
  return texts;
}

LiveMembers Members(const std::vector<std::string>& names) {
  LiveMembers members;
  for (const std::string& name : names) {
    members.push_back({name, NodeMetadata{.interfaces = {{}}}});
  }
  return members;
}

config::Desired WithNode(const std::string& name) {
  config::Desired desired;
  desired.nodes[name] = election::NodeKnownByName(name);
  return desired;
}

TEST(FindWithoutAddressTest, WhatPassesByItselfIsListedIfAsked) {
  AddressEntries entries;
  entries["default/a"].reason = "Service/default/a: pool p: full";
  entries["default/b"] = {.reason = "waiting for n2 to assign an address",
                          .waiting = true};
  entries["default/c"].assignment.addresses = {
      {*net::ParseIpAddress("10.0.0.1"), "p"}};
  const auto remedy = [](const std::string&) { return std::string("more"); };
  EXPECT_THAT(
      TextsOf(FindWithoutAddress(entries, false, remedy)),
      ElementsAre("Service/default/a: no address: pool p: full, want more"));
  EXPECT_THAT(
      TextsOf(FindWithoutAddress(entries, true, remedy)),
      ElementsAre("Service/default/a: no address: pool p: full, want more",
                  "Service/default/b: no address: waiting for n2 to assign an "
                  "address"));
}

TEST(FindWithoutAddressTest, AReasonThatSaysWhatIsWantedNeedsNoRemedy) {
  AddressEntries entries;
  entries["default/a"].reason =
      "Service/default/a: pool p: 10.0.0.1 is n1's own, want an address that "
      "no host has";
  EXPECT_THAT(TextsOf(FindWithoutAddress(
                  entries, false, [](const std::string&) { return "more"; })),
              ElementsAre("Service/default/a: no address: pool p: 10.0.0.1 is "
                          "n1's own, want an address that no host has"));
}

// An owned address was listed a second time, as a service that no node
// announces.
TEST(FindWithoutAnnouncerTest, WhatHostsOwnIsAnotherFinding) {
  AddressEntries entries;
  const auto four = *net::ParseIpAddress("10.0.0.1");
  const auto six = *net::ParseIpAddress("fd00::1");
  entries["default/a"].assignment.addresses = {{four, "p"}, {six, "p"}};
  const Placement placement = {{"default/a", {.reason = "nobody may"}}};
  bool may_pass = false;
  const auto find = [&](const std::set<net::IpAddress>& owned) {
    return TextsOf(FindWithoutAnnouncer(
        entries, placement,
        [&](const auto& address) { return owned.contains(address); },
        [&](const std::string&) { return may_pass; },
        [](const std::string&) { return "a node"; }));
  };
  const std::string line = "Service/default/a: nobody may, want a node";
  EXPECT_THAT(find({}), ElementsAre(line));
  EXPECT_THAT(find({four}), ElementsAre(line));
  EXPECT_THAT(find({four, six}), IsEmpty());
  may_pass = true;
  EXPECT_THAT(find({}), IsEmpty());
}

TEST(FindUnableTest, EachAddressIsJudgedByItsFamilyAndInterfaces) {
  AddressEntries entries;
  entries["default/a"].assignment.addresses = {
      {*net::ParseIpAddress("10.0.0.1"), "p"},
      {*net::ParseIpAddress("fd00::1"), "p"}};
  Placement placement = {
      {"default/a", {.announcers = {{.node = "n1", .interfaces = {"eth0"}}}}}};
  LiveMembers members = Members({"n1"});
  members[0].metadata->interfaces = {
      {{.name = "eth0", .families = {.ipv4 = true}},
       {.name = "eth1", .families = {.ipv4 = true, .ipv6 = true}}}};
  EXPECT_THAT(
      TextsOf(FindUnable(entries, placement, members)),
      ElementsAre("Service/default/a: fd00::1: elected on n1, which cannot "
                  "announce it: wants NDP on eth0; it has eth0 (ARP), eth1 "
                  "(ARP and NDP)"));
  placement["default/a"].announcers[0].interfaces = {};  // All.
  EXPECT_THAT(FindUnable(entries, placement, members), IsEmpty());
  // The metadata of the other nodes is unknown.
  placement["default/a"] = {
      .announcers = {{.node = "n2", .interfaces = {"eth0"}}}};
  members.push_back({"n2", std::nullopt});
  EXPECT_THAT(FindUnable(entries, placement, members), IsEmpty());
  members.back().metadata = {.tells_families = false};
  EXPECT_THAT(FindUnable(entries, placement, members), IsEmpty());
}

TEST(FindMisnamedTest, WithoutNodeObjectsMembersNeedNone) {
  EXPECT_THAT(FindMisnamed({}, Members({"n1", "N2"})), IsEmpty());
  EXPECT_THAT(FindMisnamed(WithNode("n1"), Members({"n1"})), IsEmpty());
}

TEST(FindMisnamedTest, NamesTheNodeObjectThatIsNear) {
  for (const char* const name : {"Worker-01", "worker-01.example.org"}) {
    EXPECT_THAT(
        TextsOf(FindMisnamed(WithNode("worker-01"), Members({name}))),
        ElementsAre("Member/" + std::string(name) +
                    ": node-name: no Node object has this name, did you mean "
                    "\"worker-01\"?"));
  }
  EXPECT_THAT(
      TextsOf(FindMisnamed(WithNode("n2"), Members({"n1"}))),
      ElementsAre("Member/n1: node-name: no Node object has this name"));
}

TEST(FindMisnamedTest, SelectorsByHostName) {
  config::Desired desired;
  election::L2Advertisement advertisement = {.name = "l2"};
  const std::string key(election::kHostnameLabel);
  advertisement.node_selectors = {
      {{{key, "Worker-01"}}, {}},
      {{},
       {{.key = key,
         .op = LabelRequirement::Operator::kIn,
         .values = {"worker-02.example.org", "gone", "worker-03"}}}}};
  desired.advertisements = {advertisement};
  const auto members = Members({"worker-01", "worker-02", "worker-03"});
  EXPECT_THAT(
      TextsOf(FindMisnamed(desired, members)),
      ElementsAre("L2Advertisement/l2: nodeSelectors: kubernetes.io/hostname "
                  "\"Worker-01\": no node has this label, did you mean "
                  "\"worker-01\"?",
                  "L2Advertisement/l2: nodeSelectors: kubernetes.io/hostname "
                  "\"worker-02.example.org\": no node has this label, did you "
                  "mean \"worker-02\"?"));
}

TEST(FindMisnamedTest, EndpointsOfPolicyLocal) {
  config::Desired desired;
  config::Service& service = desired.services["default/web"];
  service.request.service = "default/web";
  service.traffic.endpoints = {{"Worker-01"}, {"elsewhere"}};
  const auto members = Members({"worker-01"});
  EXPECT_THAT(FindMisnamed(desired, members), IsEmpty());
  service.traffic.external_traffic_policy = election::TrafficPolicy::kLocal;
  EXPECT_THAT(TextsOf(FindMisnamed(desired, members)),
              ElementsAre("Service/default/web: endpoints: nodeName "
                          "\"Worker-01\" is no member, did you mean "
                          "\"worker-01\"?"));
}

TEST(FindWithoutMemberTest, ListsNodesThatNoMemberEverWas) {
  config::Desired desired = WithNode("n1");
  const auto nobody = [](const std::string&) { return false; };
  EXPECT_THAT(FindWithoutMember(desired, Members({"n1"}), nobody), IsEmpty());
  EXPECT_THAT(
      TextsOf(FindWithoutMember(desired, Members({"n2"}), nobody)),
      ElementsAre("Node/n1: no member has this name, want lbd to run there"));
  EXPECT_THAT(FindWithoutMember(desired, Members({"n2"}),
                                [](const std::string&) { return true; }),
              IsEmpty());
  desired.nodes["n1"].labels[std::string(election::kExcludeLabel)] = "";
  EXPECT_THAT(FindWithoutMember(desired, Members({"n2"}), nobody), IsEmpty());
}

TEST(FindDifferingOptionsTest, NamesTheMembersThatDiffer) {
  LiveMembers members = Members({"n1", "n2", "n3"});
  members.push_back({"speaker", std::nullopt});
  EXPECT_THAT(FindDifferingOptions("n1", members), IsEmpty());
  members[1].metadata->ignores_exclude_label = true;
  EXPECT_THAT(TextsOf(FindDifferingOptions("n1", members)),
              ElementsAre("Member/n2: ignore-exclude-lb: true there and false "
                          "here, want it alike on all nodes; until then the "
                          "label counts"));
  EXPECT_EQ(FindDifferingOptions("n2", members).size(), 2u);
}

}  // namespace
}  // namespace lb

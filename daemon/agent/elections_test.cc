#include "daemon/agent/elections.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/net/ip_address.h"

namespace lb {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Elections of n1, made of service names and their addresses.
class ElectionsTest : public testing::Test {
 protected:
  ElectionsTest() { desired_.advertisements.push_back({.name = "all"}); }

  void AddService(const std::string& name,
                  const std::vector<std::string>& addresses) {
    config::Service service;
    service.request.service = name;
    desired_.services.push_back(service);
    AddressBook::Entry& entry = entries_[name];
    for (const std::string& address : addresses) {
      entry.assignment.addresses.push_back(
          {*net::ParseIpAddress(address), "pool"});
    }
  }

  Placement Place() {
    std::vector<Elections::LiveMember> live;
    for (const std::string& member : members_) {
      live.push_back({member, NodeMetadata{}});
    }
    elections_.SetMembers(live);
    elections_.SetDesired(desired_);
    return elections_.Update(desired_, entries_);
  }
  std::string NodeOf(const std::string& service) {
    return Place().at(service).node;
  }
  // How many of the members announce the address.
  int AnnouncersOf(const std::string& address) {
    int count = 0;
    for (const std::string& member : members_) {
      count += AnnouncementsOf(member, entries_, Place())
                   .count(*net::ParseIpAddress(address));
    }
    return count;
  }

  std::vector<std::string> members_ = {"n1", "n2", "n3"};
  config::Desired desired_;
  AddressEntries entries_;
  Elections elections_{"n1", election::Policy::kCompat};
};

TEST_F(ElectionsTest, FirstAddressDecidesForBoth) {
  AddService("a", {"10.0.0.1"});
  AddService("b", {"10.0.0.2", "2001:db8::2"});
  const Placement placement = Place();
  EXPECT_EQ(placement.at("a").node, "n2");
  EXPECT_EQ(placement.at("b").node, "n1");
  EXPECT_EQ(AnnouncersOf("10.0.0.2"), 1);
  EXPECT_EQ(AnnouncersOf("2001:db8::2"), 1);
}

TEST_F(ElectionsTest, AServiceWithoutAddressesHasNoPlace) {
  AddService("a", {});
  EXPECT_THAT(Place(), IsEmpty());
}

TEST_F(ElectionsTest, NamesWhyNobodyMayAnnounce) {
  AddService("a", {"10.0.0.1"});
  desired_.advertisements.clear();
  EXPECT_EQ(NodeOf("a"), "");
  EXPECT_THAT(Place().at("a").reason, HasSubstr("n1 noMatchingAdvertisement"));
  EXPECT_EQ(AnnouncersOf("10.0.0.1"), 0);
}

TEST_F(ElectionsTest, NobodyAnnouncesWithoutMembers) {
  AddService("a", {"10.0.0.1"});
  members_.clear();
  EXPECT_EQ(NodeOf("a"), "");
}

// Each service alone would go by its own first address, so that two nodes would
// answer for a shared second one.
TEST_F(ElectionsTest, SharersOfAnAddressGoToOneNode) {
  for (int i = 1; i <= 20; ++i) {
    entries_.clear();
    desired_.services.clear();
    AddService("a", {"10.0.0." + std::to_string(i), "2001:db8::1"});
    AddService("b", {"2001:db8::1"});
    EXPECT_EQ(AnnouncersOf("2001:db8::1"), 1);
    EXPECT_EQ(NodeOf("a"), NodeOf("b"));
  }
}

TEST_F(ElectionsTest, SharersOfSharersGoThereToo) {
  for (int i = 1; i <= 20; ++i) {
    entries_.clear();
    desired_.services.clear();
    const std::string own = "10.0.0." + std::to_string(i);
    AddService("a", {own});
    AddService("b", {"2001:db8::1"});
    AddService("c", {own, "2001:db8::1"});
    EXPECT_EQ(AnnouncersOf(own), 1);
    EXPECT_EQ(AnnouncersOf("2001:db8::1"), 1);
  }
}

// What nobody may announce takes no other down with it.
TEST_F(ElectionsTest, ASharerWithoutANodeDoesNotDecide) {
  AddService("a", {"10.0.0.1"});
  AddService("b", {"10.0.0.1"});
  desired_.services[0].traffic.endpoints.emplace();  // None: no candidate.
  EXPECT_EQ(NodeOf("a"), "");
  EXPECT_EQ(NodeOf("b"), "n2");
  EXPECT_EQ(AnnouncersOf("10.0.0.1"), 1);
}

TEST_F(ElectionsTest, SharersAnnounceOnTheInterfacesOfBoth) {
  AddService("a", {"10.0.0.1"});
  AddService("b", {"10.0.0.1"});
  Placement placement = Place();
  placement["a"].interfaces = {"eth0"};
  placement["b"].interfaces = {"eth1"};
  const net::IpAddress shared = *net::ParseIpAddress("10.0.0.1");
  EXPECT_THAT(AnnouncementsOf("n2", entries_, placement).at(shared).interfaces,
              ElementsAre("eth0", "eth1"));
  placement["a"].interfaces = {};  // All.
  EXPECT_THAT(AnnouncementsOf("n2", entries_, placement).at(shared).interfaces,
              IsEmpty());
}

}  // namespace
}  // namespace lb

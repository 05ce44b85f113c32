#include "lb/announce/strict_arp.h"

#include <map>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/net/ip_prefix.h"

namespace lb::announce {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class StrictArpTest : public testing::Test {
 protected:
  StrictArpTest() {
    facts_.is_assigned = [](const net::IpAddress& address) {
      return address == *net::ParseIpAddress("10.0.0.1") ||
             address == *net::ParseIpAddress("fd00::1");
    };
    facts_.announcing = {"eth0"};
    facts_.sysctl = [this](const std::string& name) -> std::optional<int> {
      const auto it = settings_.find(name);
      if (it == settings_.end()) return std::nullopt;
      return it->second;
    };
    Set("arp_ignore", 0, 0);
    Set("arp_announce", 0, 0);
  }

  void Set(const std::string& setting, int all, int eth0) {
    settings_["net/ipv4/conf/all/" + setting] = all;
    settings_["net/ipv4/conf/eth0/" + setting] = eth0;
  }
  void Put(const std::string& link, const std::string& prefix) {
    facts_.links.push_back({.index = static_cast<int>(facts_.links.size()) + 1,
                            .name = link,
                            .addresses = {*net::ParseIpPrefix(prefix)}});
  }
  std::vector<std::string> Judge() { return JudgeStrictArp(facts_); }

  StrictArpFacts facts_;
  std::map<std::string, int> settings_;
};

TEST_F(StrictArpTest, AKernelWithoutTheAddressDoesNoHarm) {
  Put("lo", "127.0.0.1/8");
  Put("eth0", "10.0.0.9/24");
  EXPECT_THAT(Judge(), IsEmpty());
}

TEST_F(StrictArpTest, AnAddressElsewhereNeedsBothSettings) {
  Put("kube-ipvs0", "10.0.0.1/32");
  EXPECT_THAT(
      Judge(),
      ElementsAre(StartsWith("eth0: net.ipv4.conf.all.arp_announce: 0, want 2"),
                  StartsWith("eth0: net.ipv4.conf.all.arp_ignore: 0, want 1")));
  Set("arp_ignore", 1, 0);
  Set("arp_announce", 0, 2);
  EXPECT_THAT(Judge(), IsEmpty());
}

TEST_F(StrictArpTest, DeliveryOnLoopbackNeedsThemBeforeThereIsAnAddress) {
  facts_.delivers_on_loopback = true;
  Set("arp_announce", 2, 0);
  EXPECT_THAT(
      Judge(),
      ElementsAre("eth0: net.ipv4.conf.all.arp_ignore: 0, want 1: the kernel "
                  "answers for services' addresses, whichever node is elected; "
                  "sysctl -w net.ipv4.conf.all.arp_ignore=1"));
}

// It is the host's own, so that no node announces it.
TEST_F(StrictArpTest, AnAddressOnTheAnnouncingInterfaceIsNoFault) {
  Put("eth0", "10.0.0.1/24");
  EXPECT_THAT(Judge(), IsEmpty());
}

TEST_F(StrictArpTest, Ipv6IsAnsweredWhereTheAddressIsOnly) {
  Put("lo", "fd00::1/128");
  EXPECT_THAT(Judge(), IsEmpty());
}

TEST_F(StrictArpTest, SettingsThatCannotBeReadAreNoFault) {
  Put("lo", "10.0.0.1/32");
  settings_.clear();
  EXPECT_THAT(Judge(), IsEmpty());
  facts_.sysctl = nullptr;
  EXPECT_THAT(Judge(), IsEmpty());
}

}  // namespace
}  // namespace lb::announce

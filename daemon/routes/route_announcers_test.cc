#include "daemon/routes/route_announcers.h"

#include <string>
#include <vector>

#include "daemon/routes/prefixes_only_here.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lb {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr char kWeb[] = "default/web";

// Two peers for all nodes, and a service with an endpoint on n1.
class RouteAnnouncersTest : public testing::Test {
 protected:
  RouteAnnouncersTest() {
    for (const char* name : {"tor-a", "tor-b"}) {
      config::BgpPeer& peer = desired_.bgp.peers.emplace_back();
      peer.name = name;
      peer.my_as = {64512};
      peer.peer_as = {{65000}};
      peer.address = *net::ParseIpAddress("10.0.0.254");
    }
    desired_.bgp.advertisements = {{.name = "all"}};
    desired_.pools.push_back(
        {.name = "p", .ranges = {*net::ParseIpRange("192.0.2.0/24")}});
    config::Service& web = desired_.services[kWeb];
    web.request = {.service = kWeb, .service_namespace = "default"};
    web.traffic.endpoints =
        std::vector<election::ServiceEndpoint>{{.node = "n1", .ready = true}};
    entries_[kWeb].assignment = {
        .addresses = {{*net::ParseIpAddress("192.0.2.1"), "p"}}};
  }

  // "n1 to tor-a,tor-b" for each that announces it.
  std::vector<std::string> Announcers() const {
    const RouteAnnouncers announcers(desired_,
                                     {{.node = "n1"}, {.node = "n2"}});
    std::vector<std::string> texts;
    for (const auto& one : announcers.Of(desired_.services.at(kWeb),
                                         entries_.at(kWeb).assignment)) {
      texts.push_back(
          fmt::format("{} to {}", one.node, fmt::join(one.peers, ",")));
    }
    EXPECT_EQ(announcers.HasAny(desired_.services.at(kWeb),
                                entries_.at(kWeb).assignment),
              !texts.empty());
    return texts;
  }
  size_t OnlyHere(const std::string& other) const {
    return PrefixesOnlyHere(desired_, entries_, {.node = "n1"},
                            RouteAnnouncers(desired_, {{.node = other}}))
        .size();
  }

  config::Desired desired_;
  AddressEntries entries_;
};

TEST_F(RouteAnnouncersTest, EachNodeThatPassesAnnounces) {
  EXPECT_THAT(Announcers(),
              ElementsAre("n1 to tor-a,tor-b", "n2 to tor-a,tor-b"));
  desired_.bgp.advertisements[0].peers = {"tor-b"};
  EXPECT_THAT(Announcers(), ElementsAre("n1 to tor-b", "n2 to tor-b"));
  desired_.services[kWeb].traffic.external_traffic_policy =
      election::TrafficPolicy::kLocal;
  EXPECT_THAT(Announcers(), ElementsAre("n1 to tor-b"));
  desired_.bgp.advertisements.clear();
  EXPECT_THAT(Announcers(), IsEmpty());
}

TEST_F(RouteAnnouncersTest, ADrainKeepsWhatNoOtherNodeHas) {
  EXPECT_EQ(OnlyHere("n2"), 0u);
  desired_.services[kWeb].traffic.external_traffic_policy =
      election::TrafficPolicy::kLocal;
  EXPECT_EQ(OnlyHere("n2"), 1u);
  EXPECT_EQ(OnlyHere("n1"), 0u);
}

}  // namespace
}  // namespace lb

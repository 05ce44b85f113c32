// Two finders on one link find each other, in the simulation.
#include "lb/bgp/unnumbered/router_finder.h"

#include <memory>
#include <string>
#include <vector>

#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/io/sim/sim_host.h"
#include "lb/io/sim/sim_world.h"
#include "lb/io/testing/counted_frames.h"
#include "lb/net/router_discovery.h"

namespace lb::bgp {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Optional;

net::IpAddress Ip(const char* text) { return *net::ParseIpAddress(text); }

class RouterFinderTest : public testing::Test {
 protected:
  struct Node {
    io::SimHost* host = nullptr;
    std::unique_ptr<RouterFinder> finder;
    int changes = 0;
  };

  RouterFinderTest() {
    Add(node_, "n1", "fe80::1/64");
    Add(tor_, "tor", "fe80::a/64");
    Add(other_, "other", "fe80::b/64");
  }
  ~RouterFinderTest() override {
    for (Node* const node : {&node_, &tor_, &other_}) node->host->Crash();
  }

  void Add(Node& node, const char* name, const char* address) {
    node.host = world_.AddHost(
        {.name = name, .addresses = {*net::ParseIpPrefix(address)}});
  }
  void Start(Node& node, const char* interface = "eth0") {
    node.finder = std::make_unique<RouterFinder>(
        RouterFinderPorts::From(node.host->environment()));
    node.finder->SetObserver([&node] { ++node.changes; });
    node.host->environment().links->SetObserver(
        [&node] { node.finder->OnLinks(); });
    node.finder->Follow({interface});
  }
  const FoundRouter& Found(const Node& node, const char* interface = "eth0") {
    return node.finder->found().at(interface);
  }
  void RunFor(absl::Duration time) { world_.loop().RunFor(time); }
  std::vector<std::string> Events(const Node& node) {
    std::vector<std::string> texts;
    for (const Event& event : node.host->log().Since(0)) {
      texts.push_back(fmt::format("{} {}: {}", event.reason, event.object.name,
                                  event.message));
    }
    return texts;
  }

  io::SimWorld world_{1};
  Node node_;
  Node tor_;
  Node other_;
};

TEST_F(RouterFinderTest, TwoEndsFindEachOther) {
  Start(node_);
  RunFor(absl::Seconds(20));
  EXPECT_EQ(Found(node_),
            (FoundRouter{.interface = "eth0",
                         .own = Ip("fe80::1"),
                         .router = std::nullopt,
                         .why = "no router advertisement heard on eth0"}));
  EXPECT_EQ(node_.changes, 1);
  EXPECT_THAT(Events(node_), IsEmpty());
  Start(tor_);
  RunFor(absl::Milliseconds(2));
  EXPECT_EQ(Found(node_), (FoundRouter{.interface = "eth0",
                                       .own = Ip("fe80::1"),
                                       .router = Ip("fe80::a"),
                                       .why = ""}));
  EXPECT_EQ(node_.changes, 2);
  RunFor(absl::Seconds(4));
  EXPECT_THAT(Found(tor_).router, Optional(Ip("fe80::1")));
  RunFor(absl::Hours(1));
  EXPECT_EQ(node_.changes, 2);
  EXPECT_THAT(Events(node_), ElementsAre("RouterFound eth0: fe80::a on eth0"));
}

// Switches that snoop pass a group's frames to its members only.
TEST_F(RouterFinderTest, ASolicitationReachesItBehindASwitchThatSnoops) {
  world_.segment().SetMulticastSnooping(true);
  Start(tor_);
  RunFor(absl::Milliseconds(100));
  const auto port = *node_.host->environment().frames->Open("eth0", "icmp6");
  const uint64_t before = world_.segment().stats().delivered;
  ASSERT_TRUE(
      port->Send(net::RouterFrame(node_.host->mac(),
                                  {.source = Ip("fe80::1"),
                                   .destination = net::AllRoutersGroup(),
                                   .message = net::RouterSolicitation{}}))
          .ok());
  RunFor(absl::Milliseconds(100));
  EXPECT_EQ(world_.segment().stats().delivered, before + 1);
}

TEST_F(RouterFinderTest, WhyThereIsNone) {
  Start(node_, "eth7");
  EXPECT_EQ(Found(node_, "eth7").why, "there is no interface eth7");
  node_.finder->Follow({"lo"});
  EXPECT_EQ(Found(node_, "lo").why, "lo is no Ethernet interface");
  node_.host->SetCarrier(false);
  node_.finder->Follow({"eth0"});
  EXPECT_EQ(Found(node_).why, "eth0 has no carrier");
  node_.host->SetCarrier(true);
  node_.host->links().RemoveAddress("eth0", *net::ParseIpPrefix("fe80::1/64"));
  RunFor(absl::Seconds(1));
  EXPECT_EQ(Found(node_).why, "eth0 has no IPv6 link-local address");
  EXPECT_EQ(Found(node_).own, std::nullopt);
  io::Link down = *node_.host->links().Find("eth0");
  down.up = false;
  node_.host->links().SetLink(down);
  RunFor(absl::Seconds(1));
  EXPECT_EQ(Found(node_).why, "eth0 is down");
}

TEST_F(RouterFinderTest, AnInterfaceMayBeNamedByAnotherName) {
  io::Link link = *node_.host->links().Find("eth0");
  link.alt_names = {"uplink"};
  node_.host->links().SetLink(link);
  Start(node_, "uplink");
  Start(tor_);
  RunFor(absl::Seconds(5));
  EXPECT_EQ(Found(node_, "uplink").interface, "eth0");
  EXPECT_THAT(Found(node_, "uplink").router, Optional(Ip("fe80::a")));
}

TEST_F(RouterFinderTest, AnAddressThatComesLateBeginsTheSearch) {
  node_.host->links().RemoveAddress("eth0", *net::ParseIpPrefix("fe80::1/64"));
  Start(node_);
  Start(tor_);
  RunFor(absl::Seconds(5));
  EXPECT_EQ(Found(node_).router, std::nullopt);
  node_.host->links().AddAddress("eth0", *net::ParseIpPrefix("fe80::1/64"));
  RunFor(absl::Seconds(5));
  EXPECT_THAT(Found(node_).router, Optional(Ip("fe80::a")));
}

// The session has not ended yet, and its router is to be dialled again.
TEST_F(RouterFinderTest, ALinkThatIsCutKeepsItsRouter) {
  Start(node_);
  Start(tor_);
  RunFor(absl::Seconds(5));
  const int changes = node_.changes;
  node_.host->SetCarrier(false);
  RunFor(absl::Minutes(10));
  EXPECT_THAT(Found(node_).router, Optional(Ip("fe80::a")));
  EXPECT_EQ(node_.changes, changes);
  // What the router is told when the link is back.
  tor_.finder = nullptr;
  Start(tor_);
  RunFor(absl::Milliseconds(1));
  EXPECT_EQ(Found(tor_).router, std::nullopt);
  node_.host->SetCarrier(true);
  RunFor(absl::Milliseconds(2));
  EXPECT_THAT(Found(tor_).router, Optional(Ip("fe80::1")));
}

TEST_F(RouterFinderTest, APortThatIsRefusedIsTriedAgain) {
  io::CountedFrames frames(node_.host->environment().frames);
  frames.refuses = true;
  RouterFinderPorts ports = RouterFinderPorts::From(node_.host->environment());
  ports.frames = &frames;
  node_.finder = std::make_unique<RouterFinder>(ports);
  node_.finder->Follow({"eth0"});
  Start(tor_);
  RunFor(absl::Seconds(12));
  EXPECT_EQ(Found(node_).why, "no raw sockets here");
  frames.refuses = false;
  RunFor(absl::Seconds(12));
  EXPECT_THAT(Found(node_).router, Optional(Ip("fe80::a")));
  node_.finder = nullptr;
}

TEST_F(RouterFinderTest, TwoRoutersAreNamed) {
  Start(node_);
  Start(tor_);
  RunFor(absl::Seconds(5));
  Start(other_);
  RunFor(absl::Seconds(5));
  EXPECT_THAT(Found(node_).router, Optional(Ip("fe80::a")));
  EXPECT_EQ(Found(node_).why, "2 routers advertise on eth0 (fe80::a, fe80::b)");
  tor_.host->Crash();
  RunFor(absl::Minutes(3));
  EXPECT_THAT(Found(node_).router, Optional(Ip("fe80::b")));
  EXPECT_EQ(Found(node_).why, "");
  EXPECT_THAT(Events(node_),
              ElementsAre("RouterFound eth0: fe80::a on eth0",
                          "SeveralRouters eth0: 2 routers advertise on eth0 "
                          "(fe80::a, fe80::b)",
                          "RouterFound eth0: fe80::b on eth0"));
}

TEST_F(RouterFinderTest, WithoutInterfacesItIsSilent) {
  Start(node_);
  RunFor(absl::Seconds(5));
  node_.finder->Follow({});
  EXPECT_THAT(node_.finder->found(), IsEmpty());
  const uint64_t sent = world_.segment().stats().sent;
  RunFor(absl::Minutes(5));
  EXPECT_EQ(world_.segment().stats().sent, sent);
}

}  // namespace
}  // namespace lb::bgp

// Answers about BGP, of a node that consists of its parts only.
#include <string>

#include "absl/time/time.h"
#include "daemon/node_view/testing/node_parts.h"
#include "daemon/status_view/status_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/bgp/signature/testing/syn_frame.h"
#include "lb/bgp/testing/sim_router.h"
#include "lb/io/sim/sim_world.h"
#include "lb/status/v1/status.pb.h"

namespace lb {
namespace {

using status::v1::Peer;
using testing::HasSubstr;

class ListRoutesTest : public testing::Test {
 protected:
  ~ListRoutesTest() override { router_host_->Crash(); }

  // The node tells the router of two services.
  void Run() {
    node_.AddPeer("tor", "172.18.8.1");
    node_.Want("default/a");
    node_.Want("default/b");
    world_.loop().RunFor(absl::Seconds(1));
    node_.Elect();
    node_.Route();
    world_.loop().RunFor(absl::Seconds(3));
  }
  StatusView View() { return StatusView(node_.View()); }

  io::SimWorld world_{/*seed=*/1};
  NodeParts node_{world_.AddHost("n1", "172.18.8.11/24")};
  io::SimHost* const router_host_ = world_.AddHost("tor", "172.18.8.1/24");
};

TEST_F(ListRoutesTest, ThereIsNothingWithoutPeers) {
  EXPECT_EQ(View().ListPeers({})->peers_size(), 0);
  EXPECT_EQ(View().ListRoutes({})->routes_size(), 0);
  EXPECT_EQ(View().ListBfdSessions({})->sessions_size(), 0);
}

TEST_F(ListRoutesTest, APeerThatIsUpHasItsTerms) {
  bgp::SimRouter router(router_host_, {.hold_seconds = 30});
  Run();
  const auto peers = View().ListPeers({});
  ASSERT_EQ(peers->peers_size(), 1);
  const Peer& peer = peers->peers(0);
  EXPECT_EQ(peer.name(), "tor");
  EXPECT_EQ(peer.address(), "172.18.8.1:179");
  EXPECT_EQ(peer.state(), Peer::ESTABLISHED);
  EXPECT_EQ(peer.own_asn(), 64512u);
  EXPECT_EQ(peer.peer_asn(), 65000u);
  EXPECT_EQ(peer.local_address(), "172.18.8.11");
  EXPECT_EQ(peer.peer_router_id(), "10.0.0.254");
  EXPECT_EQ(peer.hold_time().seconds(), 30);
  ASSERT_EQ(peer.families_size(), 2);
  EXPECT_EQ(peer.families(0).family(), "IPv4");
  EXPECT_EQ(peer.families(0).advertised(), 2u);
  EXPECT_FALSE(peer.has_last_error());
  EXPECT_EQ(peer.counters().opens_sent(), 1u);
}

TEST_F(ListRoutesTest, APeerThatIsDownSaysWhy) {
  bgp::SimRouter router(router_host_, {.asn = 65009});
  Run();
  const auto peers = View().ListPeers({});
  ASSERT_EQ(peers->peers_size(), 1);
  const Peer& peer = peers->peers(0);
  EXPECT_EQ(peer.state(), Peer::IDLE);
  EXPECT_EQ(peer.last_error().origin(), status::v1::PeerError::US);
  EXPECT_EQ(peer.last_error().code(), 2u);
  EXPECT_EQ(peer.last_error().subcode(), 2u);
  EXPECT_THAT(peer.last_error().text(), HasSubstr("AS"));
  EXPECT_TRUE(peer.has_next_dial());
}

TEST_F(ListRoutesTest, APeerWithAnotherPasswordSaysSo) {
  bgp::SimRouter router(router_host_,
                        {.md5_key = "b", .md5_peer = node_.host->address()});
  Run();
  const auto port = *router_host_->environment().frames->Open("eth0", "tcp");
  ASSERT_TRUE(
      port->Send(bgp::MakeSynFrame({.from = {router_host_->address(), 40000},
                                    .to = {node_.host->address(), 179},
                                    .key = "b",
                                    .to_mac = node_.host->mac()}))
          .ok());
  world_.loop().RunFor(absl::Milliseconds(10));
  const auto peers = View().ListPeers({});
  ASSERT_EQ(peers->peers_size(), 1);
  EXPECT_EQ(peers->peers(0).last_error().origin(), status::v1::PeerError::TCP);
  EXPECT_THAT(peers->peers(0).last_error().text(),
              HasSubstr("; the router signs: it has a password, and this node "
                        "has none"));
}

TEST_F(ListRoutesTest, RoutesComeInPagesByPrefix) {
  bgp::SimRouter router(router_host_, {});
  Run();
  status::v1::ListRoutesRequest request;
  request.set_peer("tor");
  request.set_page_size(1);
  const auto first = View().ListRoutes(request);
  ASSERT_EQ(first->routes_size(), 1);
  EXPECT_THAT(first->routes(0).prefix(), HasSubstr("10.64."));
  request.set_page_token(first->next_page_token());
  const auto second = View().ListRoutes(request);
  ASSERT_EQ(second->routes_size(), 1);
  EXPECT_NE(second->routes(0).prefix(), first->routes(0).prefix());
  EXPECT_EQ(second->next_page_token(), "");
  request.set_peer("other");
  EXPECT_EQ(View().ListRoutes(request).status().code(),
            absl::StatusCode::kNotFound);
}

TEST_F(ListRoutesTest, AServiceHasItsAnnouncersOfBothProtocols) {
  bgp::SimRouter router(router_host_, {});
  Run();
  const auto service = View().DescribeService("default/a");
  ASSERT_EQ(service->announcers_size(), 2);
  EXPECT_EQ(service->announcers(0).protocol(),
            status::v1::Announcer::PROTOCOL_LAYER2);
  EXPECT_EQ(service->announcers(1).protocol(),
            status::v1::Announcer::PROTOCOL_BGP);
  EXPECT_EQ(service->announcers(1).node(), "n1");
  ASSERT_EQ(service->announcers(1).peers_size(), 1);
  EXPECT_EQ(service->announcers(1).peers(0), "tor");
  status::v1::ListServicesRequest request;
  request.set_node("n1");
  EXPECT_EQ(View().ListServices(request)->services_size(), 2);
  request.set_node("n2");
  EXPECT_EQ(View().ListServices(request)->services_size(), 0);
}

TEST_F(ListRoutesTest, AnExplanationHasEachNodeByBgp) {
  bgp::SimRouter router(router_host_, {});
  Run();
  const auto explained = View().Explain("default/a");
  ASSERT_EQ(explained->routes_size(), 1);
  EXPECT_EQ(explained->routes(0).node(), "n1");
  EXPECT_EQ(explained->routes(0).verdict(), "announces");
  EXPECT_THAT(explained->routes(0).routes(0), HasSubstr("to tor"));
}

}  // namespace
}  // namespace lb

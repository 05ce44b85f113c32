#include "lb/config/peer_on_node.h"

#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/net/address_text.h"

namespace lb::config {
namespace {

using testing::HasSubstr;

BgpPeer Peer() {
  BgpPeer peer;
  peer.name = "tor";
  peer.my_as = {64512};
  peer.dynamic_as = BgpPeer::DynamicAs::kExternal;
  peer.address = *net::ParseIpAddress("192.0.2.1");
  peer.from_node = {.my_as = "rack/asn",
                    .peer_as = "rack/tor-asn",
                    .address = "bgp.lb.io/tor"};
  return peer;
}

election::NodeAttributes Node(Labels labels, Labels annotations) {
  return {.name = "n1",
          .labels = std::move(labels),
          .bgp_annotations = std::move(annotations)};
}

TEST(PeerOnNodeTest, TheNodesValuesTakeThePlaceOfTheFields) {
  const auto here = PeerOnNode(
      Peer(), Node({{"rack/asn", "65001"}, {"rack/tor-asn", "65100"}},
                   {{"bgp.lb.io/tor", "2001:db8::1"}}));
  ASSERT_TRUE(here.ok()) << here.status();
  EXPECT_EQ(here->my_as, bgp::Asn{65001});
  EXPECT_EQ(here->peer_as, bgp::Asn{65100});
  EXPECT_EQ(here->dynamic_as, BgpPeer::DynamicAs::kNone);
  EXPECT_EQ(here->address->ToString(), "2001:db8::1");
}

TEST(PeerOnNodeTest, WithoutThemTheObjectCounts) {
  const auto here = PeerOnNode(Peer(), Node({{"rack", "7"}}, {}));
  ASSERT_TRUE(here.ok()) << here.status();
  EXPECT_EQ(*here, Peer());
}

TEST(PeerOnNodeTest, AnObjectWithoutKeysIsTheSameOnAllNodes) {
  BgpPeer peer = Peer();
  peer.from_node = {};
  const auto here = PeerOnNode(peer, Node({{"", "65001"}}, {}));
  ASSERT_TRUE(here.ok()) << here.status();
  EXPECT_EQ(*here, peer);
}

TEST(PeerOnNodeTest, ALabelGoesBeforeAnAnnotation) {
  const auto here = PeerOnNode(Peer(), Node({{"bgp.lb.io/tor", "192.0.2.7"}},
                                            {{"bgp.lb.io/tor", "192.0.2.8"}}));
  ASSERT_TRUE(here.ok()) << here.status();
  EXPECT_EQ(here->address->ToString(), "192.0.2.7");
}

TEST(PeerOnNodeTest, AnUnfitValueIsNamed) {
  BgpPeer peer = Peer();
  peer.source_address = *net::ParseIpAddress("192.0.2.9");
  const struct {
    const char* key;
    const char* value;
    const char* error;
  } kCases[] = {
      {"rack/asn", "0", "Node/n1: rack/asn is \"0\", want an AS number, 1 to"},
      {"rack/asn", "4294967296", "is \"4294967296\", want an AS number"},
      {"rack/tor-asn", "", "rack/tor-asn is \"\", want an AS number"},
      {"bgp.lb.io/tor", "tor-1", "is \"tor-1\", want the address of a router"},
      {"bgp.lb.io/tor", "0.0.0.0", "want the address of a router"},
      {"bgp.lb.io/tor", "224.0.0.1", "want the address of a router"},
      {"bgp.lb.io/tor", "fe80::1", "want the address of a router"},
      {"bgp.lb.io/tor", "2001:db8::1",
       "want an IPv4 address, as sourceAddress is one"},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.value);
    const auto here = PeerOnNode(peer, Node({{c.key, c.value}}, {}));
    EXPECT_EQ(here.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(here.status().message()), HasSubstr(c.error));
  }
}

}  // namespace
}  // namespace lb::config

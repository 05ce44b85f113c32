#include <cstdlib>
#include <string>

#include "daemon/lbctl/render.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace lb::lbctl {
namespace {

template <typename Message>
std::string Show(const std::string& text, const Style& style = {}) {
  setenv("TZ", "UTC", 1);
  Message message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message))
      << text;
  return Render(message, style);
}

TEST(RenderPeersTest, EachStateHasItsWord) {
  EXPECT_EQ(Show<status::v1::ListPeersResponse>(""), "No BGP peers.\n");
  EXPECT_EQ(Show<status::v1::ListPeersResponse>(R"(
          peers { name: "a" address: "10.0.0.1:179" state: ESTABLISHED
                  since { seconds: 60 } own_asn: 65001 peer_asn: 65000
                  families { family: "IPv4" advertised: 3 }
                  families { family: "IPv6" held_back: 2
                             held_back_for: "no next hop" }
                  last_error { text: "of the time before" } }
          peers { name: "b" address: "10.0.0.2:179" state: OPEN_CONFIRM
                  last_error { text: "the last reason" } }
          peers { name: "c" refused: "no address" })"),
            "PEER  ADDRESS       AS     STATE        SINCE                    "
            "ROUTES                                     WHY\n"
            "a     10.0.0.1:179  65000  Established  1970-01-01 00:01:00.000  "
            "3 IPv4, 0 IPv6 (2 held back: no next hop)  -\n"
            "b     10.0.0.2:179  -      OpenConfirm  -                        "
            "-                                          the last reason\n"
            "c     -             -      refused      -                        "
            "-                                          no address\n");
}

TEST(RenderPeersTest, AnInterfaceIsSaidWithTheRouterThatIsFoundThere) {
  EXPECT_EQ(Show<status::v1::ListPeersResponse>(R"(
          peers { name: "a" address: "[fe80::a]:179" interface: "eth1"
                  state: ESTABLISHED }
          peers { name: "b" interface: "eth2" refused: "nobody is there" }
          peers { name: "c" address: "[fe80::c]:179" interface: "eth3"
                  refused: "too many" })"),
            "PEER  ADDRESS                AS  STATE        SINCE  ROUTES  WHY\n"
            "a     [fe80::a]:179 on eth1  -   Established  -      -       -\n"
            "b     on eth2                -   searching    -      -       "
            "nobody is there\n"
            "c     [fe80::c]:179 on eth3  -   refused      -      -       "
            "too many\n");
}

TEST(RenderPeersTest, WideHasTheSessionToo) {
  EXPECT_EQ(Show<status::v1::ListPeersResponse>(
                R"(peers { name: "a" state: IDLE local_address: "10.0.0.9"
                           peer_router_id: "1.2.3.4" hold_time { seconds: 90 }
                           counters { updates_sent: 5 updates_received: 2 } })",
                {.wide = true}),
            "PEER  ADDRESS  AS  STATE  SINCE  ROUTES  WHY  LOCAL     "
            "ROUTER ID  HOLD  SENT       GOT\n"
            "a     -        -   Idle   -      -       -    10.0.0.9  "
            "1.2.3.4    90 s  5 updates  2 updates\n");
}

TEST(RenderServicesTest, BothProtocols) {
  EXPECT_EQ(
      Show<status::v1::ListServicesResponse>(R"(
                services { name: "a/b" addresses: "192.0.2.1" pool: "p"
                  announcers { protocol: PROTOCOL_LAYER2 node: "n2" }
                  announcers { protocol: PROTOCOL_BGP node: "n1" peers: "t2" }
                  announcers { protocol: PROTOCOL_BGP node: "n2" peers: "t1" } }
                services { name: "c/d" addresses: "192.0.2.2" pool: "p"
                  announcers { protocol: PROTOCOL_BGP node: "n1" peers: "t2" }
                })"),
      "SERVICE  EXTERNAL-IP  POOL  NODE          INTERFACES       REASON\n"
      "a/b      192.0.2.1    p     n2 BGP:n1,n2  all peers:t1,t2  -\n"
      "c/d      192.0.2.2    p     BGP:n1        peers:t2         -\n");
}

TEST(RenderRoutesTest, OneLineEach) {
  EXPECT_EQ(Show<status::v1::ListRoutesResponse>(""), "No routes.\n");
  EXPECT_EQ(Show<status::v1::ListRoutesResponse>(
                R"(routes { peer: "a" prefix: "192.0.2.1/32" }
                   routes { peer: "a" prefix: "192.0.2.2/32"
                            attributes: "local-preference 200" })"),
            "PEER  PREFIX        ATTRIBUTES\n"
            "a     192.0.2.1/32  -\n"
            "a     192.0.2.2/32  local-preference 200\n");
}

TEST(RenderExplanationTest, EachNodeByBgp) {
  EXPECT_EQ(Show<status::v1::ExplainResponse>(R"(
                service: "a/b" address: "192.0.2.1" policy: "compat"
                sentence: "no node may"
                routes { node: "n1" verdict: "announces"
                         routes: "192.0.2.0/24 to tor"
                         notices: "traffic for c/d comes too" }
                routes { node: "n2" verdict: "noLocalEndpoints" }
                routes { node: "n3" verdict: "conflictingAdvertisements"
                         text: "want the same" })"),
            "Service: a/b\n"
            "Address: 192.0.2.1\n"
            "Policy:  compat\n"
            "Holder:  none\n"
            "no node may\n"
            "\n"
            "NODE  RANK  VERDICT  DIGEST  SCORE  INTERFACES\n"
            "\n"
            "NODE  BY BGP                                    ROUTES\n"
            "n1    announces                                 "
            "192.0.2.0/24 to tor\n"
            "n2    noLocalEndpoints                          -\n"
            "n3    conflictingAdvertisements: want the same  -\n"
            "\n"
            "n1: traffic for c/d comes too\n");
}

TEST(RenderBfdTest, IntervalsOrWhyNot) {
  EXPECT_EQ(Show<status::v1::ListBfdSessionsResponse>(""),
            "No BFD sessions.\n");
  EXPECT_EQ(Show<status::v1::ListBfdSessionsResponse>(
                R"(sessions { session: "10.0.0.1 on eth0" peers: "a" peers: "b"
                              state: "Up" transmit_interval { nanos: 50000000 }
                              detection_time { nanos: 150000000 } }
                   sessions { session: "10.0.0.2" peers: "c" state: "Down"
                              diagnostic: "detection expired" })"),
            "SESSION           PEERS  STATE  SINCE  SENDS EVERY  DETECTS IN  "
            "WHY\n"
            "10.0.0.1 on eth0  a, b   Up     -      50 ms        150 ms      "
            "-\n"
            "10.0.0.2          c      Down   -      -            -           "
            "detection expired\n");
}

}  // namespace
}  // namespace lb::lbctl

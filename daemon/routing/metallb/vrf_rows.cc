// VRFs.
//
// Differences by design: a peer with `vrf` is refused by name. The others go
// on, and are told what they would be told without it.
#include "daemon/routing/metallb/golden_row.h"

namespace lb::goldens {
namespace {

std::string PeerAt(const std::string& name, const std::string& address,
                   const std::string& spec) {
  return Peer(name, kUsual + ("peerAddress: " + address) + ", " + spec);
}

}  // namespace

Rows VrfRows() {
  const std::string at = "10.2.2.254";
  const std::string red = PeerAt("p1", at, "vrf: red");
  const std::string red_far = PeerAt("p1", at, "ebgpMultiHop: true, vrf: red");
  const std::string far = PeerAt("p1", at, "ebgpMultiHop: true");
  const std::string line = std::string("p1 10.2.2.254:179") + kUsualLine;
  const std::string first_refused = "! BGPPeer/p1: spec.vrf\n";
  const std::string second_refused = "! BGPPeer/p2: spec.vrf\n";
  const std::string plain =
      "myASN: 100, peerASN: 200, peerAddress: 10.2.2.254, holdTime: 3s, "
      "keepaliveTime: 1s, password: password, ebgpMultiHop: true, ";
  const std::string other =
      "myASN: 300, peerASN: 400, sourceAddress: 10.3.3.254, routerID: "
      "10.3.3.254, holdTime: 3s, keepaliveTime: 1s, password: password, "
      "ebgpMultiHop: true, vrf: red, peerAddress: ";
  const std::string ten = "172.16.1.10";
  const std::string eleven = "172.16.1.11";
  const std::string tagged = "communities: ['1111:2222']";
  return {
      {"TestVRFSingleEBGPSessionMultiHop", red_far, first_refused},
      {"TestSingleVRFIBGPSession",
       Peer("p1",
            "myASN: 100, peerASN: 100, peerAddress: 10.2.2.254, "
            "sourceAddress: 10.1.1.254, routerID: 10.1.1.254, holdTime: 3s, "
            "keepaliveTime: 1s, password: password, vrf: red"),
       first_refused},
      {"TestTwoSessionsOneVRF", far + Peer("p2", other + "10.4.4.255"),
       line + second_refused},
      {"TestTwoSessionsSameIPVRF", far + Peer("p2", other + at),
       line + second_refused},
      {"TestTwoSessionsSameIPRouterIDASNVRF",
       Peer("p1", plain) + Peer("p2", plain + "vrf: red"),
       "p1 10.2.2.254:179, AS 100 to 200, hold 3s, keepalive 1s, password "
       "\"password\", IPv4\n" +
           second_refused},
      {"TestSingleAdvertisementVRF",
       red + Announced(ten,
                       "localPref: 300, communities: ['1111:2222', "
                       "'3333:4444']"),
       first_refused},
      {"TestSingleAdvertisementChangeVRF", red + Announced(eleven),
       first_refused, red + Announced(ten)},
      {"TestTwoAdvertisementsVRF",
       red + Announced(ten, tagged) + Announced(eleven), first_refused},
      {"TestTwoAdvertisementsTwoSessionsOneVRF",
       PeerAt("p1", at, "") + PeerAt("p2", "10.2.2.255", "vrf: red") +
           Announced(ten, tagged) +
           Announced(eleven, tagged + ", localPref: 2"),
       line +
           "  172.16.1.10/32 communities 1111:2222\n"
           "  172.16.1.11/32 local-preference 2, communities 1111:2222\n" +
           second_refused},
  };
}

}  // namespace lb::goldens

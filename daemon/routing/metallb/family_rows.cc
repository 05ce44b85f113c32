// Families: sessions over IPv6, and what families a session carries.
//
// A session carries that of its address, as in MetalLB since 0.15; with
// dualStackAddressFamily both. disableMP says what is so anyway.
//
// Differences by design: a session by `interface` has link-local addresses, so
// the sourceAddress of IPv4 that a golden has there is left out.
#include "daemon/routing/metallb/golden_row.h"

namespace lb::goldens {
namespace {

// The two peers of the goldens over IPv6, and the lines of these.
std::string First(const std::string& spec) {
  return Peer("p1",
              "myASN: 100, peerASN: 200, peerAddress: '10:2:2::254', "
              "sourceAddress: '10:1:1::254', routerID: 10.1.1.254, holdTime: "
              "3s, keepaliveTime: 1s, password: password, " +
                  spec);
}
std::string Second(const std::string& addresses, const std::string& spec) {
  return Peer("p2",
              "myASN: 300, peerASN: 400, routerID: 10.3.3.254, holdTime: 3s, "
              "keepaliveTime: 1s, password: password, " +
                  addresses + ", " + spec);
}
constexpr char kFourth[] =
    "peerAddress: 10.4.4.255, sourceAddress: 10.3.3.254, ebgpMultiHop: true";
constexpr char kFirstLine[] =
    "p1 [10:2:2::254]:179 from 10:1:1::254, AS 100 to 200, id 10.1.1.254, hold "
    "3s, keepalive 1s, password \"password\", ";
constexpr char kSecondLine[] =
    ", AS 300 to 400, id 10.3.3.254, hold 3s, keepalive 1s, password "
    "\"password\", ";

}  // namespace

Rows FamilyRows() {
  const std::string first = kFirstLine;
  const std::string fourth =
      std::string("p2 10.4.4.255:179 from 10.3.3.254") + kSecondLine;
  const std::string dual = "dualStackAddressFamily: true";
  const std::string no_mp = "disableMP: true";
  return {
      {"TestSingleIPv6EBGPSessionOneHop",
       Peer("p1",
            "myASN: 100, peerASN: 200, peerAddress: '127:0:0::2', "
            "sourceAddress: '10:1:1::254', routerID: 10.1.1.254, holdTime: 3s, "
            "keepaliveTime: 1s, password: password"),
       "p1 [127::2]:179 from 10:1:1::254, AS 100 to 200, id 10.1.1.254, hold "
       "3s, keepalive 1s, password \"password\", IPv6\n"},
      {"TestSingleIPv6IBGPSession",
       Peer("p1",
            "myASN: 100, peerASN: 100, peerAddress: '10:2:2::254', "
            "sourceAddress: '10:1:1::254', routerID: 10.1.1.254, holdTime: 3s, "
            "keepaliveTime: 1s, connectTime: 1s, password: password"),
       "p1 [10:2:2::254]:179 from 10:1:1::254, AS 100 to 100, id 10.1.1.254, "
       "hold 3s, keepalive 1s, connect 1s, password \"password\", IPv6\n"},
      {"TestTwoIPv6Sessions",
       First("") + Second("peerAddress: '10:4:4::255', sourceAddress: "
                          "'10:3:3::254'",
                          ""),
       first + "IPv6\np2 [10:4:4::255]:179 from 10:3:3::254" + kSecondLine +
           "IPv6\n"},
      {"TestIPv4AndIPv6SessionsDualStackFamily",
       First(dual) + Second(kFourth, dual),
       first + "IPv4 and IPv6\n" + fourth + "IPv4 and IPv6\n"},
      {"TestIPv4AndIPv6SessionsDisableMP",
       First(no_mp) + Second(kFourth, no_mp),
       first + "IPv6\n" + fourth + "IPv4\n"},
      // These wait for a router that says at the interface who it is.
      {"TestUnnumberedSession",
       Peer("p1",
            "myASN: 102, dynamicASN: external, interface: net0, routerID: "
            "10.1.1.254, enableGracefulRestart: true"),
       "p1: no session\n"},
      {"frr-k8s/TestSingleSessionWithInterface",
       Peer("p1",
            "myASN: 100, dynamicASN: internal, interface: net0, routerID: "
            "10.1.1.254"),
       "p1: no session\n"},
  };
}

}  // namespace lb::goldens

// Sessions: peers, their numbers, times and passwords.
//
// Differences by design:
//  - A session without times has a hold time of 90 s. FRR's is 180 s.
//  - ebgpMultiHop counts for BFD alone: each session is dialled with a TTL of
//    255, to peers on the link and behind routers.
//  - Two peers of one node may have two AS numbers and two router ids, which
//    MetalLB's API refuses in its FRR modes.
//  - sourceAddress and localASN count for each peer. The frr-k8s mode drops
//    both.
//  - A connectTime bounds the waits between dials, which begin at 0.1 s. FRR
//    waits for so long each time.
#include "daemon/routing/metallb/golden_row.h"

namespace lb::goldens {
namespace {

std::string Usual(const std::string& name, const std::string& spec) {
  return Peer(name, kUsual + spec);
}

// The second peer of the goldens that have two.
constexpr char kOther[] =
    "myASN: 300, peerASN: 400, sourceAddress: 10.3.3.254, "
    "routerID: 10.3.3.254, holdTime: 3s, keepaliveTime: 1s, "
    "peerAddress: 10.4.4.255, ebgpMultiHop: true, ";

constexpr char kSecret[] =
    "apiVersion: v1\nkind: Secret\n"
    "metadata: {name: test-secret, namespace: metallb-system}\n"
    "type: kubernetes.io/basic-auth\nstringData: {password: hidden}\n---\n";

Rows OneSession() {
  const std::string far = "peerAddress: 10.2.2.254, ebgpMultiHop: true";
  return {
      {"TestSingleEBGPSessionMultiHop", Usual("p1", far),
       std::string("p1 10.2.2.254:179") + kUsualLine},
      {"TestSingleEBGPSessionOneHop",
       Usual("p1", "peerAddress: 127.0.0.2, ebgpMultiHop: false"),
       std::string("p1 127.0.0.2:179") + kUsualLine},
      {"TestSingleIBGPSession",
       Peer("p1",
            "myASN: 100, peerASN: 100, peerAddress: 10.2.2.254, "
            "sourceAddress: 10.1.1.254, routerID: 10.1.1.254, holdTime: 3s, "
            "keepaliveTime: 1s, password: password"),
       "p1 10.2.2.254:179 from 10.1.1.254, AS 100 to 100, id 10.1.1.254, hold "
       "3s, keepalive 1s, password \"password\", IPv4\n"},
      {"TestSingleSessionClose", "", "", Usual("p1", far)},
      // The text for FRR that is added there has no place here.
      {"TestSingleSessionExtras",
       Usual("p1", "peerAddress: 127.0.0.2, connectTime: 1s"),
       "p1 127.0.0.2:179 from 10.1.1.254, AS 100 to 200, id 10.1.1.254, hold "
       "3s, keepalive 1s, connect 1s, password \"password\", IPv4\n"},
  };
}

Rows NumbersAndRestart() {
  const std::string graceful =
      "myASN: 102, peerAddress: 10.2.2.254, sourceAddress: 10.1.1.254, "
      "routerID: 10.1.1.254, enableGracefulRestart: true, ";
  const std::string dynamic =
      "myASN: 100, peerAddress: 10.2.2.254, routerID: 10.1.1.254, ";
  const std::string line = "p1 10.2.2.254:179 from 10.1.1.254, AS ";
  const std::string rest =
      ", id 10.1.1.254, hold 1m30s, keepalive 30s, restart 30s, IPv4\n";
  return {
      {"TestSingleSessionWithGracefulRestart",
       Peer("p1", graceful + "peerASN: 100"), line + "102 to 100" + rest},
      {"frr-k8s/TestSingleEBGPSessionGracefullRestart",
       Usual("p1", "peerAddress: 10.2.2.254, enableGracefulRestart: true"),
       line + "100 to 200, id 10.1.1.254, hold 3s, keepalive 1s, password "
              "\"password\", restart 30s, IPv4\n"},
      {"frr/TestSingleSessionWithInternalASN",
       Peer("p1", graceful + "dynamicASN: internal"),
       line + "102 to internal" + rest},
      {"frr-k8s/TestSingleSessionWithInternalASN",
       Peer("p1", dynamic + "dynamicASN: internal"),
       "p1 10.2.2.254:179, AS 100 to internal, id 10.1.1.254, hold 1m30s, "
       "keepalive 30s, IPv4\n"},
      {"frr/TestSingleSessionWithExternalASN",
       Peer("p1", graceful + "dynamicASN: external"),
       line + "102 to external" + rest},
      {"frr-k8s/TestSingleSessionWithExternalASN",
       Peer("p1", dynamic + "dynamicASN: external"),
       "p1 10.2.2.254:179, AS 100 to external, id 10.1.1.254, hold 1m30s, "
       "keepalive 30s, IPv4\n"},
      // The peer sees this number alone, in the OPEN and in paths.
      {"TestSingleSessionWithLocalASN",
       Usual("p1", "peerAddress: 10.2.2.254, localASN: 65410"),
       line + "65410 to 200, id 10.1.1.254, hold 3s, keepalive 1s, password "
              "\"password\", IPv4\n"},
  };
}

Rows Times() {
  const std::string plain = "myASN: 102, peerASN: 100, peerAddress: 10.2.2.254";
  return {
      {"TestSingleSessionWithNoTimers", Peer("p1", plain),
       "p1 10.2.2.254:179, AS 102 to 100, hold 1m30s, keepalive 30s, IPv4\n"},
      {"TestSingleSessionWithZeroTimers",
       Peer("p1", plain + ", holdTime: 0s, keepaliveTime: 0s"),
       "p1 10.2.2.254:179, AS 102 to 100, hold 0, IPv4\n"},
      {"TestSingleSessionWithZeroTimers", Peer("p1", plain + ", holdTime: 0s"),
       "p1 10.2.2.254:179, AS 102 to 100, hold 0, IPv4\n"},
  };
}

Rows TwoSessions() {
  const std::string near = "peerAddress: 10.2.2.254, ebgpMultiHop: true, ";
  const std::string first = std::string("p1 10.2.2.254:179") + kUsualLine;
  const std::string timed =
      "p1 10.2.2.254:179 from 10.1.1.254, AS 100 to 200, id 10.1.1.254, hold "
      "3s, keepalive 1s, connect 1s, password \"password\", IPv4\n";
  const std::string second =
      "p2 10.4.4.255:179 from 10.3.3.254, AS 300 to 400, id 10.3.3.254, hold "
      "3s, keepalive 1s, ";
  return {
      {"frr/TestTwoSessions",
       Usual("p1", near + "connectTime: 1s") +
           Peer("p2",
                std::string(kOther) + "password: password, connectTime: 1s"),
       timed + second + "connect 1s, password \"password\", IPv4\n"},
      {"frr-k8s/TestTwoSessions",
       Usual("p1", near) + kSecret +
           Peer("p2", std::string(kOther) +
                          "passwordSecret: {name: test-secret, namespace: "
                          "metallb-system}"),
       first + second + "password \"hidden\", IPv4\n"},
      // There the two are one neighbour of FRR. Here the second is refused.
      {"TestTwoSessionsDuplicate", Usual("p1", near) + Usual("p2", near),
       first + "! BGPPeer/p2: spec.peerAddress\n"},
      {"TestTwoSessionsDuplicateRouter",
       Usual("p1", near) +
           Peer("p2",
                "myASN: 100, peerASN: 400, peerAddress: 10.4.4.255, "
                "sourceAddress: 10.1.1.254, routerID: 10.1.1.254, holdTime: "
                "3s, keepaliveTime: 1s, password: password, ebgpMultiHop: "
                "true"),
       first +
           "p2 10.4.4.255:179 from 10.1.1.254, AS 100 to 400, id 10.1.1.254, "
           "hold 3s, keepalive 1s, password \"password\", IPv4\n"},
  };
}

}  // namespace

Rows SessionRows() {
  Rows rows;
  for (const Rows& more :
       {OneSession(), NumbersAndRestart(), Times(), TwoSessions()}) {
    rows.insert(rows.end(), more.begin(), more.end());
  }
  return rows;
}

}  // namespace lb::goldens

// BFD: profiles, and sessions by these.
//
// A profile has no session before a peer names it, so most goldens have two
// rows here: the profile alone, and with a peer.
//
// Differences by design: no echo packet is sent, so echoMode and echoInterval
// count for nothing.
#include "daemon/routing/metallb/golden_row.h"

namespace lb::goldens {
namespace {

std::string Profile(const std::string& name, const std::string& spec = "") {
  return Object("BFDProfile", name, spec);
}

constexpr char kGiven[] =
    "receiveInterval: 60, transmitInterval: 70, detectMultiplier: 5, "
    "echoInterval: 90, minimumTtl: 60";

std::string On(const std::string& name, const std::string& address,
               const std::string& spec) {
  return Peer(
      name, "myASN: 100, peerASN: 200, peerAddress: " + address + ", " + spec);
}

std::string LineOf(const std::string& name, const std::string& address) {
  return name + " " + address +
         ":179, AS 100 to 200, hold 1m30s, keepalive 30s, IPv4\n";
}

}  // namespace

Rows BfdRows() {
  const std::string both = Profile("foo", kGiven) + Profile("bar", kGiven);
  const std::string near = "10.2.2.254";  // On eth0 of this node.
  const std::string far = "10.9.9.254";
  const std::string near_line = LineOf("p1", near) + "  bfd 10.2.2.254 on eth0";
  const std::string far_line = LineOf("p2", far) + "  bfd multihop 10.9.9.254";
  const std::string given = ", receive 60ms, send 70ms, x5";
  const std::string passive =
      std::string(kGiven) + ", echoMode: true, passiveMode: true";
  return {
      {"TestBFDProfileNoSessions", both, ""},
      {"TestBFDProfileNoSessions",
       both + On("p1", near, "bfdProfile: foo") +
           On("p2", far, "bfdProfile: bar"),
       near_line + given + "\n" + far_line + given + ", ttl 60\n"},
      {"TestBFDProfileCornerCases", Profile("foo", passive), ""},
      {"TestBFDProfileCornerCases",
       Profile("foo", passive) + On("p1", near, "bfdProfile: foo"),
       near_line + given + ", passive\n"},
      {"TestBFDProfileAllDefault",
       Profile("foo", kGiven) + Profile("bar") +
           On("p1", near, "bfdProfile: foo") + On("p2", far, "bfdProfile: bar"),
       near_line + given + "\n" + far_line +
           ", receive 300ms, send 300ms, x3, ttl 254\n"},
      {"TestBFDProfileThenDelete", "", "", Profile("foo", kGiven)},
      {"TestBFDProfileThenDelete", On("p1", near, ""), LineOf("p1", near),
       Profile("foo", kGiven) + On("p1", near, "bfdProfile: foo")},
      {"TestBFDWithSession",
       both + Peer("p1",
                   "myASN: 100, peerASN: 200, peerAddress: 10.2.2.254, "
                   "sourceAddress: 10.1.1.254, routerID: 10.1.1.254, holdTime: "
                   "3s, keepaliveTime: 2s, password: password, ebgpMultiHop: "
                   "true, bfdProfile: foo"),
       "p1 10.2.2.254:179 from 10.1.1.254, AS 100 to 200, id 10.1.1.254, hold "
       "3s, keepalive 2s, password \"password\", IPv4\n"
       "  bfd multihop 10.2.2.254 from 10.1.1.254, receive 60ms, send 70ms, "
       "x5, ttl 60\n"},
  };
}

}  // namespace lb::goldens

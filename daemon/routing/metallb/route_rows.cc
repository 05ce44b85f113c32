// Routes: which prefix each peer is told, and with what.
//
// The next hop is the session's own, as in FRR. Only internal peers are told a
// local preference on the wire, as in FRR.
#include <utility>

#include "daemon/routing/metallb/golden_row.h"
#include "fmt/format.h"

namespace lb::goldens {
namespace {

std::string PeerAt(const std::string& name, const std::string& address,
                   const std::string& spec = "") {
  return Peer(name, kUsual + ("peerAddress: " + address) +
                        ", ebgpMultiHop: true, " + spec);
}

std::string LineOf(const std::string& name, const std::string& address) {
  return name + " " + address + ":179" + kUsualLine;
}

constexpr char kTwoCommunities[] =
    "localPref: 300, communities: ['1111:2222', '3333:4444']";
constexpr char kTwoTold[] =
    "local-preference 300, communities 1111:2222 3333:4444\n";

Rows OneAdvertisement() {
  const std::string peer = PeerAt("p1", "10.2.2.254");
  const std::string timed = PeerAt("p1", "10.2.2.254", "connectTime: 1s");
  const std::string line = LineOf("p1", "10.2.2.254");
  const std::string timed_line =
      "p1 10.2.2.254:179 from 10.1.1.254, AS 100 to 200, id 10.1.1.254, hold "
      "3s, keepalive 1s, connect 1s, password \"password\", IPv4\n";
  const std::string ten = Announced("172.16.1.10");
  const std::string eleven = Announced("172.16.1.11");
  return {
      {"TestSingleAdvertisement",
       timed + Announced("172.16.1.10", kTwoCommunities),
       timed_line + "  172.16.1.10/32 " + kTwoTold},
      // The length of the golden: an aggregate.
      {"TestSingleAdvertisement",
       timed + Object("IPAddressPool", "net", "addresses: [172.16.1.0/24]") +
           Object(
               "BGPAdvertisement", "net",
               fmt::format("ipAddressPools: [net], aggregationLength: 24, {}",
                           kTwoCommunities)) +
           "apiVersion: v1\nkind: Service\nmetadata: {name: net}\n"
           "spec: {type: LoadBalancer}\n---\n",
       timed_line + "  172.16.1.0/24 " + kTwoTold},
      {"TestSingleAdvertisementNoRouterID",
       Peer("p1",
            "myASN: 100, peerASN: 200, peerAddress: 10.2.2.254, "
            "sourceAddress: 10.1.1.254, holdTime: 3s, keepaliveTime: 1s, "
            "password: password, ebgpMultiHop: true") +
           ten,
       "p1 10.2.2.254:179 from 10.1.1.254, AS 100 to 200, hold 3s, keepalive "
       "1s, password \"password\", IPv4\n  172.16.1.10/32\n"},
      {"TestSingleAdvertisementStop", peer, line, peer + ten},
      {"TestSingleAdvertisementChange", peer + eleven,
       line + "  172.16.1.11/32\n", peer + ten},
      {"TestLargeCommunities",
       peer + Announced("172.16.1.10",
                        "localPref: 300, communities: ['large:1111:2222:3333', "
                        "'large:2222:3333:4444', '3333:4444']"),
       line + "  172.16.1.10/32 local-preference 300, communities 3333:4444 "
              "large:1111:2222:3333 large:2222:3333:4444\n"},
  };
}

// Ten addresses, one community.
GoldenRow Many() {
  std::string objects = PeerAt("p1", "10.2.2.254", "connectTime: 1s");
  std::string wanted =
      "p1 10.2.2.254:179 from 10.1.1.254, AS 100 to 200, id 10.1.1.254, hold "
      "3s, keepalive 1s, connect 1s, password \"password\", IPv4\n";
  for (int i = 0; i < 10; ++i) {
    objects +=
        Announced(fmt::format("172.16.1.{}", i), "communities: ['1111:2222']");
    wanted += fmt::format("  172.16.1.{}/32 communities 1111:2222\n", i);
  }
  return {"TestManyAdvertisementsSameCommunity", objects, wanted};
}

Rows TwoAdvertisements() {
  const std::string peer = PeerAt("p1", "10.2.2.254");
  const std::string other = PeerAt("p2", "10.2.2.255");
  const std::string line = LineOf("p1", "10.2.2.254");
  const std::string other_line = LineOf("p2", "10.2.2.255");
  const std::string told =
      "  172.16.1.10/32 communities 1111:2222\n"
      "  172.16.1.11/32 local-preference 2, communities 1111:2222\n";
  const std::string first =
      Announced("172.16.1.10", "communities: ['1111:2222']");
  const std::string second =
      Announced("172.16.1.11", "communities: ['1111:2222'], localPref: 2");
  const std::string again =
      "ipAddressPools: [a172-16-1-10], localPref: 300, communities: "
      "['1111:2222', '3333:4444']";
  return {
      {"TestTwoAdvertisements", peer + first + Announced("172.16.1.11"),
       line + "  172.16.1.10/32 communities 1111:2222\n  172.16.1.11/32\n"},
      // One route, and no word about the second.
      {"TestTwoAdvertisementsDuplicate",
       peer + Announced("172.16.1.10") +
           Object("BGPAdvertisement", "again",
                  "ipAddressPools: [a172-16-1-10]"),
       line + "  172.16.1.10/32\n"},
      // One advertisement is for p1 by name, the other for all peers.
      {"frr-k8s/TestTwoAdvertisementsWithSamePrefix",
       peer + other + Announced("172.16.1.10", kTwoCommunities) +
           Object("BGPAdvertisement", "again", again + ", peers: [p1]"),
       line + "  172.16.1.10/32 " + kTwoTold + other_line +
           "  172.16.1.10/32 " + kTwoTold},
      {"TestTwoAdvertisementsTwoSessions", peer + other + first + second,
       line + told + other_line + told},
      // The order of the objects counts for nothing.
      {"TestTwoAdvertisementsTwoSessions", second + other + first + peer,
       line + told + other_line + told},
  };
}

}  // namespace

Rows RouteRows() {
  Rows rows = OneAdvertisement();
  rows.push_back(Many());
  for (GoldenRow& row : TwoAdvertisements()) rows.push_back(std::move(row));
  return rows;
}

}  // namespace lb::goldens

// GoldenRow: what a golden file of MetalLB's FRR modes says, as objects in and
// what one node does out; and the words in which rows are written.
//
// The goldens are those of MetalLB 0.16: of its frr mode
// (internal/bgp/frr/testdata) and of its frr-k8s mode
// (internal/bgp/frrk8s/testdata). Rows have their facts, not their text.
//
// Rows differ from the goldens where no object can ask for the same, in MetalLB
// neither:
//  - Hold times of 1 s. Rows have 3 s, the least of RFC 4271.
//  - An address with the length 24. Rows have the address itself, and the
//    aggregate where the length counts.
//  - Sessions that were closed, and routes that were changed, by a call. Here
//    the objects change.
#ifndef LB_DAEMON_ROUTING_METALLB_GOLDEN_ROW_H_
#define LB_DAEMON_ROUTING_METALLB_GOLDEN_ROW_H_

#include <string>
#include <string_view>
#include <vector>

namespace lb::goldens {

struct GoldenRow {
  // "TestLargeCommunities": of both modes, where both have it.
  // "frr-k8s/TestTwoSessions": of this mode.
  std::string golden;
  std::string objects;
  std::string wanted;       // NodeText() of the objects.
  std::string before = "";  // The objects that this node had earlier.
};

using Rows = std::vector<GoldenRow>;

// One file for each.
Rows SessionRows();
Rows FamilyRows();
Rows BfdRows();
Rows RouteRows();
Rows VrfRows();

// Objects of MetalLB; `spec` is the inside of a map in YAML.
std::string Object(std::string_view kind, std::string_view name,
                   std::string_view spec);
std::string Peer(std::string_view name, std::string_view spec);
// A pool of this one address, an advertisement of it, and a service that has
// it.
std::string Announced(std::string_view address, std::string_view spec = "");

// Most sessions of the goldens have these fields; the address is missing.
inline constexpr char kUsual[] =
    "myASN: 100, peerASN: 200, sourceAddress: 10.1.1.254, "
    "routerID: 10.1.1.254, holdTime: 3s, keepaliveTime: 1s, "
    "password: password, ";
// The line of a session with these fields.
inline constexpr char kUsualLine[] =
    " from 10.1.1.254, AS 100 to 200, id 10.1.1.254, hold 3s, keepalive 1s, "
    "password \"password\", IPv4\n";

// Has this node the objects `before`, then `objects`, it opens these sessions
// and tells these routes. For each peer one line, then its BFD session and its
// routes; at the end, the objects that were refused:
//
//   p1 192.0.2.1:179, AS 100 to 200, hold 1m30s, keepalive 30s, IPv4
//     bfd multihop 192.0.2.1, receive 300ms, send 300ms, x3, ttl 254
//     10.0.0.1/32 local-preference 300
//   ! BGPPeer/p2: spec.vrf
std::string NodeText(const std::string& before, const std::string& objects);

}  // namespace lb::goldens

#endif  // LB_DAEMON_ROUTING_METALLB_GOLDEN_ROW_H_

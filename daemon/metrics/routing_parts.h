// The part of the page about BGP and BFD, made of plain values.
//
// The names and the label are those of MetalLB's speaker, of its native mode
// and of those that use FRR. Without peers there is no family.
//
// Pure: the same values give the same families.
#ifndef LB_DAEMON_METRICS_ROUTING_PARTS_H_
#define LB_DAEMON_METRICS_ROUTING_PARTS_H_

#include <string>
#include <vector>

#include "daemon/metrics/families.h"
#include "lb/bfd/session_status.h"
#include "lb/bgp/peer_status.h"

namespace lb::metrics {

struct PeerFacts {
  std::string peer;  // "172.18.8.1:179"
  bgp::PeerStatus status;
};
struct BfdFacts {
  std::string peer;  // "172.18.8.1"
  bfd::SessionStatus status;
};

void AddPeers(const std::vector<PeerFacts>& peers, Families* families);
void AddBfd(const std::vector<BfdFacts>& sessions, Families* families);

}  // namespace lb::metrics

#endif  // LB_DAEMON_METRICS_ROUTING_PARTS_H_

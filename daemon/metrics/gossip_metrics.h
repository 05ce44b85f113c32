// The gossip's part of the metrics: members, health, counters.
#ifndef LB_DAEMON_METRICS_GOSSIP_METRICS_H_
#define LB_DAEMON_METRICS_GOSSIP_METRICS_H_

#include "daemon/agent/agent.h"
#include "daemon/metrics/families.h"

namespace lb::metrics {

void AddGossip(const Agent& agent, Families* families);

}  // namespace lb::metrics

#endif  // LB_DAEMON_METRICS_GOSSIP_METRICS_H_

// Withheld addresses for people: which ones, by whom, and since when.
#ifndef LB_DAEMON_STATUS_VIEW_WITHHELD_H_
#define LB_DAEMON_STATUS_VIEW_WITHHELD_H_

#include "daemon/agent/agent.h"
#include "lb/ipam/assignment.h"
#include "lb/status/v1/status.pb.h"

namespace lb {

// Adds to `service` which of its addresses the agent does not announce because
// another host has them; then its reason says so.
void DescribeWithheld(const Agent& agent, const ipam::Assignment& assignment,
                      status::v1::Service& service);

// "; withheld here: eth0: 02:00:5e:00:53:01 (no member) has it", or nothing.
std::string WithheldSentence(const Agent& agent, const net::IpAddress& vip);

}  // namespace lb

#endif  // LB_DAEMON_STATUS_VIEW_WITHHELD_H_

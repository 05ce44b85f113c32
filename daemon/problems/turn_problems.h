// Problems of the loop: a turn was so long that the node came near its fence.
//
// A node that is not run for StallMaxOf() falls silent (event Stalled): others
// may have its addresses by then. One turn that takes half of that is a problem
// of this node for TurnMeter::kRecent.
//
// Only processor time counts, because that is the node's own work. On a busy
// machine a turn may also be long because the thread waits for a processor; the
// metric of lengths shows that.
//
// Loop thread only; changes nothing.
#ifndef LB_DAEMON_PROBLEMS_TURN_PROBLEMS_H_
#define LB_DAEMON_PROBLEMS_TURN_PROBLEMS_H_

#include "daemon/node_view/node_view.h"
#include "daemon/problems/problem_collector.h"

namespace lb {

// Appends the recent turn that used most processor time, if it used too much.
void AddLongTurn(const NodeView& view, ProblemCollector& problems);

}  // namespace lb

#endif  // LB_DAEMON_PROBLEMS_TURN_PROBLEMS_H_

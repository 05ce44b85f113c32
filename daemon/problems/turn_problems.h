// Problems of the loop: a turn so long that the node came near its fence.
//
// A node that is not run for StallMaxOf() falls silent (event Stalled): others
// may have its addresses by then. One turn that takes half of that is a problem
// of this node for TurnMeter::kRecent.
//
// What counts is the processor time, which is what this node does itself. On a
// busy machine a turn may be long because the thread waits for a processor;
// that is no fault of what the node does, and the metric of lengths has it.
//
// Loop thread only; changes nothing.
#ifndef LB_DAEMON_PROBLEMS_TURN_PROBLEMS_H_
#define LB_DAEMON_PROBLEMS_TURN_PROBLEMS_H_

#include "daemon/node_view/node_view.h"
#include "daemon/problems/problem_collector.h"

namespace lb {

// Appends the recent turn that used most processor time, if that is too much.
void AddLongTurn(const NodeView& view, ProblemCollector& problems);

}  // namespace lb

#endif  // LB_DAEMON_PROBLEMS_TURN_PROBLEMS_H_

// The interfaces on which a node announces a service, as far as it has those
// that advertisements name.
#ifndef LB_DAEMON_STATUS_VIEW_ANNOUNCING_INTERFACES_H_
#define LB_DAEMON_STATUS_VIEW_ANNOUNCING_INTERFACES_H_

#include <string>
#include <vector>

#include "daemon/node_view/node_view.h"
#include "lb/ipam/assignment.h"

namespace lb {

// Returns those of `named` on which `node` can announce at least one of the
// addresses, by its metadata. Returns all of them if the node tells none, or
// can announce on none.
std::vector<std::string> AnnouncingInterfaces(
    const NodeView& view, const std::string& node,
    const std::vector<std::string>& named, const ipam::Assignment& assignment);

}  // namespace lb

#endif  // LB_DAEMON_STATUS_VIEW_ANNOUNCING_INTERFACES_H_

// Withheld addresses for people: the address, the host that has it, since when,
// and what to do.
#ifndef LB_DAEMON_STATUS_VIEW_WITHHELD_H_
#define LB_DAEMON_STATUS_VIEW_WITHHELD_H_

#include <string>

#include "daemon/node_view/node_view.h"
#include "google/protobuf/repeated_ptr_field.h"
#include "lb/ipam/assignment.h"
#include "lb/status/v1/status.pb.h"

namespace lb {

using WithheldList = google::protobuf::RepeatedPtrField<status::v1::Withheld>;

// The addresses of the service that are not announced because a host has them.
WithheldList DescribeWithheld(const NodeView& view, const std::string& service,
                              const ipam::Assignment& assignment);

// "172.18.8.201 withheld: eth0: 02:00:5e:00:53:01 (no member) has it"; empty:
// none is.
std::string WithheldReason(const WithheldList& withheld);

// True if all addresses of the assignment are among them.
bool IsAllWithheld(const WithheldList& withheld,
                   const ipam::Assignment& assignment);

}  // namespace lb

#endif  // LB_DAEMON_STATUS_VIEW_WITHHELD_H_

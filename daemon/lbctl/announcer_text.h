// The texts that `lbctl services` shows for a service's announcers, in their
// order.
//
// Pure functions. A text is empty if no node announces the service.
#ifndef LB_DAEMON_LBCTL_ANNOUNCER_TEXT_H_
#define LB_DAEMON_LBCTL_ANNOUNCER_TEXT_H_

#include <string>

#include "lb/status/v1/status.pb.h"

namespace lb::lbctl {

// "n1,n2"
std::string NodesText(const status::v1::Service& service);

// "eth0,eth1;all": the interfaces of the first announcer, then those of the
// second.
std::string InterfacesText(const status::v1::Service& service);

// Since when each announces it.
std::string SinceText(const status::v1::Service& service);

}  // namespace lb::lbctl

#endif  // LB_DAEMON_LBCTL_ANNOUNCER_TEXT_H_

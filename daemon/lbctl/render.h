// Renders the status service's answers as tables for people.
//
// Pure functions: an answer in, text out.
#ifndef LB_DAEMON_LBCTL_RENDER_H_
#define LB_DAEMON_LBCTL_RENDER_H_

#include <string>

#include "lb/status/v1/status.pb.h"

namespace lb::lbctl {

std::string Render(const status::v1::GetNodeResponse& node);
std::string Render(const status::v1::ListServicesResponse& services);
std::string Render(const status::v1::ListPoolsResponse& pools);
std::string Render(const status::v1::ListMembersResponse& members);
// One line; events come one at a time.
std::string Render(const status::v1::Event& event);

}  // namespace lb::lbctl

#endif  // LB_DAEMON_LBCTL_RENDER_H_

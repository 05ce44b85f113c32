// HostName: this host's name, as gethostname(2) has it; cut after 255 bytes.
// BootId: names the boot of its kernel, as random(4) has it; empty: unknown.
#ifndef LB_DAEMON_HOST_NAME_H_
#define LB_DAEMON_HOST_NAME_H_

#include <string>

namespace lb {

std::string HostName();
std::string BootId();

}  // namespace lb

#endif  // LB_DAEMON_HOST_NAME_H_

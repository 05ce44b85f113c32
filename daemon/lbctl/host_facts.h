// ReadHostFacts: looks at this host for Diagnose() (doctor.h).
//
// Reads /proc and netlink, tries to bind the gossip ports, looks names of the
// join list up, connects to each of its members and tries the secret there:
// eight seconds at most. Changes nothing, needs no rights; what it may not see
// counts as not there.
#ifndef LB_DAEMON_LBCTL_HOST_FACTS_H_
#define LB_DAEMON_LBCTL_HOST_FACTS_H_

#include <string>

#include "daemon/lbctl/doctor.h"
#include "daemon/options/options.h"

namespace lb::lbctl {

// `server`: where lbctl would ask, if it was told so; empty: lbd is looked for
// where the options say that it listens.
HostFacts ReadHostFacts(const Options& options, const std::string& server);

}  // namespace lb::lbctl

#endif  // LB_DAEMON_LBCTL_HOST_FACTS_H_

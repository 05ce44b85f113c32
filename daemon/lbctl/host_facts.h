// ReadHostFacts: looks at this host for Diagnose() (doctor.h).
//
// Reads /proc and netlink, tries to bind the gossip ports, looks up the names
// of the join list, connects to each peer and tries the secret there. Takes at
// most eight seconds. Changes nothing and needs no rights; a fact that this
// user may not read counts as absent.
#ifndef LB_DAEMON_LBCTL_HOST_FACTS_H_
#define LB_DAEMON_LBCTL_HOST_FACTS_H_

#include <string>

#include "daemon/lbctl/doctor.h"
#include "daemon/options/options.h"

namespace lb::lbctl {

// `server` is the --server that lbctl was given. If it is empty, lbd is looked
// for where the options say that it listens.
HostFacts ReadHostFacts(const Options& options, const std::string& server);

}  // namespace lb::lbctl

#endif  // LB_DAEMON_LBCTL_HOST_FACTS_H_

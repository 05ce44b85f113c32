// EnterSandbox: makes the kernel refuse what lbd never does.
//
//   fence                          what is refused
//   seccomp(2), system calls       to run programs, to look into processes, to
//                                  change mounts, namespaces, modules, clocks;
//                                  sockets of families that lbd does not speak;
//                                  docs/security.md has the list
//   Landlock, files                to write, make or remove anything but in the
//                                  given folders; to run any file
//
// Reading is left to the files' modes: manifests, certificates and
// /etc/resolv.conf are replaced by rename, and Landlock knows a file by its
// inode. The unit's own filters (lbd.service) go further; these hold without
// systemd too.
#ifndef LB_DAEMON_SANDBOX_H_
#define LB_DAEMON_SANDBOX_H_

#include <string>
#include <vector>

#include "absl/types/span.h"

namespace lb {

// Raises the fences for this thread and the threads that it starts: call it
// before the first other thread, and after privileges were dropped. There is no
// way back. Missing folders are left out.
//
// Returns a line for each fence that could not be raised: a kernel or a
// container may have no seccomp or no Landlock. lbd works without them.
std::vector<std::string> EnterSandbox(
    absl::Span<const std::string> writable_folders);

}  // namespace lb

#endif  // LB_DAEMON_SANDBOX_H_

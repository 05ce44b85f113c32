// EnterSandbox: what lbd never does, the kernel refuses from then on.
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

// Raises the fences for this thread and those that it starts: call it before
// the first other thread, and after privileges were dropped. There is no way
// back. Folders that are not there are left out.
//
// Returns what could not be raised, a line each: a kernel or a container may
// have no seccomp or no Landlock. Nothing of that keeps lbd from its work.
std::vector<std::string> EnterSandbox(
    absl::Span<const std::string> writable_folders);

}  // namespace lb

#endif  // LB_DAEMON_SANDBOX_H_

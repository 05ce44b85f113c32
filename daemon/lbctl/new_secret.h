// DrawSecret, WriteSecret: make the secret of `lbctl secret new`.
//
// The bytes come from the system's generator and are in no other file, no log
// and no argument of a process.
#ifndef LB_DAEMON_LBCTL_NEW_SECRET_H_
#define LB_DAEMON_LBCTL_NEW_SECRET_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace lb::lbctl {

// 32 random bytes as a line of base64, as `openssl rand -base64 32` prints
// them: 44 characters and a newline, which belongs to the secret.
std::string DrawSecret();

// Makes the file, mode 0400. AlreadyExists: the path exists, and stays as it
// is. Unavailable: the file cannot be made or written; then there is none. The
// message names the file.
absl::Status WriteSecret(const std::string& path, std::string_view secret);

}  // namespace lb::lbctl

#endif  // LB_DAEMON_LBCTL_NEW_SECRET_H_

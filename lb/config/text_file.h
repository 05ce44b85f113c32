// ReadTextFile: a small file, whole.
#ifndef LB_CONFIG_TEXT_FILE_H_
#define LB_CONFIG_TEXT_FILE_H_

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"

namespace lb::config {

// The file's bytes. NotFound, PermissionDenied, ... : it cannot be read, the
// message says why. FailedPrecondition: it is no regular file.
// ResourceExhausted: it is larger than `bytes_max`. No message names the file.
absl::StatusOr<std::string> ReadTextFile(const std::string& path,
                                         size_t bytes_max);

}  // namespace lb::config

#endif  // LB_CONFIG_TEXT_FILE_H_

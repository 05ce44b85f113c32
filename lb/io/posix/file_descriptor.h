// FileDescriptor: owns a file descriptor; SystemError: errno as a Status.
//
// Internal to lb/io/posix.
#ifndef LB_IO_POSIX_FILE_DESCRIPTOR_H_
#define LB_IO_POSIX_FILE_DESCRIPTOR_H_

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "fmt/format.h"

namespace lb::io {

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&&) = delete;
  ~FileDescriptor() {
    if (fd_ >= 0) close(fd_);
  }

  bool ok() const { return fd_ >= 0; }
  int get() const { return fd_; }
  int Release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

// The error of the call that just failed. ResourceExhausted: disk full; else
// Unavailable.
inline absl::Status SystemError(std::string_view place) {
  const int error = errno;
  const std::string text = fmt::format("{}: {}", place, strerror(error));
  return error == ENOSPC || error == EDQUOT ? absl::ResourceExhaustedError(text)
                                            : absl::UnavailableError(text);
}

}  // namespace lb::io

#endif  // LB_IO_POSIX_FILE_DESCRIPTOR_H_

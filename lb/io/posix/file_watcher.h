// FileWatcher: tells when files or folders changed, through inotify.
//
// A file is watched by way of its folder, and so is what it links to; so it
// sees editors that rename a new file over the old one, and the links that
// Kubernetes swaps below a mounted ConfigMap. A folder is watched for its
// entries, not for those of its subfolders. Paths need not exist yet, but their
// parents must. It tells that something may have changed, not what: who is told
// reads again and compares. Loop thread only.
#ifndef LB_IO_POSIX_FILE_WATCHER_H_
#define LB_IO_POSIX_FILE_WATCHER_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lb/io/posix/posix_loop.h"

namespace lb::io {

// After the last of several changes it waits this long before it tells, but
// from the first one at most kFileDebounceMax.
inline constexpr absl::Duration kFileDebounce = absl::Milliseconds(100);
inline constexpr absl::Duration kFileDebounceMax = absl::Seconds(1);

class FileWatcher {
 public:
  // `loop` must outlive it. Unavailable: inotify refused, or the folder of a
  // path is not there.
  static absl::StatusOr<std::unique_ptr<FileWatcher>> Create(
      PosixLoop* loop, std::vector<std::string> paths,
      absl::AnyInvocable<void()> on_change);
  ~FileWatcher();

 private:
  struct State;

  explicit FileWatcher(std::shared_ptr<State> state);

  const std::shared_ptr<State> state_;
};

}  // namespace lb::io

#endif  // LB_IO_POSIX_FILE_WATCHER_H_

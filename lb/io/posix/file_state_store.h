// FileStateStore: a StateStore in a folder, one file per name.
//
// A value is written to a temporary file, fsynced, renamed over the old one,
// and the folder fsynced, all on one worker thread; so a reader finds the old
// value or the new one, whatever fails. At most one write per name waits for
// the worker, and one value per name for that write. The folder is locked: a
// second store, of any process, cannot have it. Files have mode 0600. The
// folder is opened once, and must be this user's alone (folder.h); its files
// are no links, no pipes and no devices, and of at most 64 MB.
#ifndef LB_IO_POSIX_FILE_STATE_STORE_H_
#define LB_IO_POSIX_FILE_STATE_STORE_H_

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "lb/io/posix/file_descriptor.h"
#include "lb/io/posix/posix_loop.h"
#include "lb/io/state_store.h"

namespace lb::io {

class FileStateStore final : public StateStore {
 public:
  // Creates the folder, mode 0700, if it is not there. `loop` must outlive it.
  // ResourceExhausted: the disk is full. PermissionDenied: it belongs to
  // another user, or others may write there. Unavailable: it cannot be made,
  // locked or used.
  static absl::StatusOr<std::unique_ptr<FileStateStore>> Create(
      PosixLoop* loop, const std::string& folder);
  // Writes what was accepted; `on_written` comes no more.
  ~FileStateStore() override;

  absl::StatusOr<std::string> Read(const std::string& name) override;
  void Write(const std::string& name, std::string value,
             OnWritten on_written) override;

 private:
  struct Pending {  // Of one name.
    bool writing = false;
    std::string value;                // The newest, if any are waiting.
    std::vector<OnWritten> answered;  // By the write under way.
    std::vector<OnWritten> waiting;
  };
  struct Job {
    std::string name;
    std::string value;
  };

  FileStateStore(PosixLoop* loop, std::string path, FileDescriptor folder,
                 FileDescriptor lock);

  void StartWrite(const std::string& name);
  void OnWriteDone(const std::string& name, const absl::Status& outcome);
  void RunWorker();
  bool HasWork() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return stopping_ || !jobs_.empty();
  }

  PosixLoop* const loop_;
  const std::string path_;  // The folder's, for messages.
  const FileDescriptor folder_;
  const FileDescriptor lock_;  // Of the lock file.

  // Loop thread:
  std::map<std::string, Pending> pending_;
  // Told to answers on their way to the loop.
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);

  absl::Mutex mutex_;
  std::deque<Job> jobs_
      ABSL_GUARDED_BY(mutex_);  // One per name, but at the end.
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread worker_;
};

}  // namespace lb::io

#endif  // LB_IO_POSIX_FILE_STATE_STORE_H_

#include "lb/io/posix/file_state_store.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>
#include <system_error>
#include <utility>

#include "fmt/format.h"
#include "lb/base/check.h"
#include "lb/base/status_macros.h"
#include "lb/io/posix/file_descriptor.h"
#include "lb/io/posix/folder.h"

namespace lb::io {
namespace {

constexpr int kFileMode = 0600;
constexpr size_t kValueBytesMax = 64 << 20;  // Of a file that is read.

absl::Status WriteAll(const FileDescriptor& file, std::string_view rest,
                      const std::string& path) {
  while (!rest.empty()) {
    const ssize_t size = write(file.get(), rest.data(), rest.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return SystemError(path);
    rest.remove_prefix(static_cast<size_t>(size));
  }
  return absl::OkStatus();
}

// Opens a regular file of the folder, no link; never waits for a pipe's other
// end.
FileDescriptor OpenIn(const FileDescriptor& folder, const std::string& name,
                      int flags) {
  return FileDescriptor(openat(folder.get(), name.c_str(),
                               flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
                               kFileMode));
}

absl::Status CheckRegular(const FileDescriptor& file, const std::string& path) {
  struct stat found = {};
  if (fstat(file.get(), &found) != 0) return SystemError(path);
  if (S_ISREG(found.st_mode)) return absl::OkStatus();
  return absl::UnavailableError(
      fmt::format("{}: no regular file, want one, or none", path));
}

// A name never begins with '.', so a temporary file is no value's, and a
// leftover one goes.
absl::Status Replace(const FileDescriptor& folder, const std::string& path,
                     const std::string& name, std::string_view value) {
  const std::string temporary = fmt::format(".{}.new", name);
  unlinkat(folder.get(), temporary.c_str(), 0);
  absl::Status status;
  {
    const FileDescriptor file =
        OpenIn(folder, temporary, O_WRONLY | O_CREAT | O_EXCL);
    if (!file.ok()) return SystemError(path);
    status = WriteAll(file, value, path);
    if (status.ok() && fsync(file.get()) != 0) status = SystemError(path);
  }
  if (status.ok() && renameat(folder.get(), temporary.c_str(), folder.get(),
                              name.c_str()) != 0) {
    status = SystemError(path);
  }
  if (!status.ok()) {
    unlinkat(folder.get(), temporary.c_str(), 0);
    return status;
  }
  return fsync(folder.get()) == 0 ? absl::OkStatus() : SystemError(path);
}

}  // namespace

absl::StatusOr<std::unique_ptr<FileStateStore>> FileStateStore::Create(
    PosixLoop* loop, const std::string& folder) {
  LB_RETURN_IF_ERROR(MakeFolder(
      folder, {.mode = 0700, .user = geteuid(), .group = getegid()}));
  LB_ASSIGN_OR_RETURN(FileDescriptor opened, OpenOwnFolder(folder));
  const std::string path = fmt::format("{}/.lock", folder);
  FileDescriptor lock = OpenIn(opened, ".lock", O_WRONLY | O_CREAT);
  if (!lock.ok()) return SystemError(path);
  LB_RETURN_IF_ERROR(CheckRegular(lock, path));
  if (flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    return absl::UnavailableError(fmt::format(
        "{}: in use by another process, want a folder of one's own", folder));
  }
  try {
    return std::unique_ptr<FileStateStore>(
        new FileStateStore(loop, folder, std::move(opened), std::move(lock)));
  } catch (const std::system_error& error) {  // Of std::thread.
    return absl::UnavailableError(
        fmt::format("{}: worker thread: {}", folder, error.what()));
  }
}

FileStateStore::FileStateStore(PosixLoop* loop, std::string path,
                               FileDescriptor folder, FileDescriptor lock)
    : loop_(loop),
      path_(std::move(path)),
      folder_(std::move(folder)),
      lock_(std::move(lock)),
      worker_([this] { RunWorker(); }) {}

FileStateStore::~FileStateStore() {
  *alive_ = false;
  {
    const absl::MutexLock lock(&mutex_);
    stopping_ = true;
    // Newer values of names that are being written.
    for (auto& [name, pending] : pending_) {
      if (pending.waiting.empty()) continue;
      jobs_.push_back({.name = name, .value = std::move(pending.value)});
    }
  }
  worker_.join();
}

absl::StatusOr<std::string> FileStateStore::Read(const std::string& name) {
  LB_CHECK(IsStateName(name));
  const std::string path = fmt::format("{}/{}", path_, name);
  const FileDescriptor file = OpenIn(folder_, name, O_RDONLY);
  if (!file.ok() && errno == ENOENT) {
    return absl::NotFoundError(fmt::format("{}: never written", path));
  }
  if (!file.ok()) return SystemError(path);
  LB_RETURN_IF_ERROR(CheckRegular(file, path));
  std::string value;
  std::array<char, 65536> buffer;
  while (value.size() <= kValueBytesMax) {
    const ssize_t size = read(file.get(), buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return SystemError(path);
    if (size == 0) return value;
    value.append(buffer.data(), static_cast<size_t>(size));
  }
  return absl::UnavailableError(fmt::format(
      "{}: more than {} bytes, which lbd never writes", path, kValueBytesMax));
}

void FileStateStore::Write(const std::string& name, std::string value,
                           OnWritten on_written) {
  LB_CHECK(IsStateName(name));
  Pending& pending = pending_[name];
  pending.value = std::move(value);
  pending.waiting.push_back(std::move(on_written));
  if (!pending.writing) StartWrite(name);
}

void FileStateStore::StartWrite(const std::string& name) {
  Pending& pending = pending_[name];
  pending.writing = true;
  pending.answered = std::exchange(pending.waiting, {});
  const absl::MutexLock lock(&mutex_);
  jobs_.push_back({.name = name, .value = std::move(pending.value)});
}

void FileStateStore::OnWriteDone(const std::string& name,
                                 const absl::Status& outcome) {
  Pending& pending = pending_[name];
  pending.writing = false;
  auto answered = std::exchange(pending.answered, {});
  if (!pending.waiting.empty()) StartWrite(name);
  const auto alive = alive_;
  for (OnWritten& on_written : answered) {
    if (*alive && on_written) on_written(outcome);
  }
}

void FileStateStore::RunWorker() {
  while (true) {
    Job job;
    {
      const absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(this, &FileStateStore::HasWork));
      if (jobs_.empty()) return;
      job = std::move(jobs_.front());
      jobs_.pop_front();
    }
    absl::Status outcome = Replace(
        folder_, fmt::format("{}/{}", path_, job.name), job.name, job.value);
    loop_->Post([this, alive = alive_, name = std::move(job.name),
                 outcome = std::move(outcome)] {
      if (*alive) OnWriteDone(name, outcome);
    });
  }
}

}  // namespace lb::io

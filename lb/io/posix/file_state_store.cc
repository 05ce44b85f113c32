#include "lb/io/posix/file_state_store.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include "fmt/format.h"
#include "lb/base/check.h"
#include "lb/base/status_macros.h"
#include "lb/io/posix/file_descriptor.h"

namespace lb::io {
namespace {

constexpr int kFileMode = 0600;

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

absl::Status WriteFile(const std::string& path, std::string_view value) {
  const FileDescriptor file(
      open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, kFileMode));
  if (!file.ok()) return SystemError(path);
  LB_RETURN_IF_ERROR(WriteAll(file, value, path));
  return fsync(file.get()) == 0 ? absl::OkStatus() : SystemError(path);
}

absl::Status SyncFolder(const std::string& folder) {
  const FileDescriptor file(
      open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!file.ok() || fsync(file.get()) != 0) return SystemError(folder);
  return absl::OkStatus();
}

// Names have no '.' in front: a temporary file is nobody's.
absl::Status Replace(const std::string& folder, const std::string& name,
                     std::string_view value) {
  const std::string path = fmt::format("{}/{}", folder, name);
  const std::string temporary = fmt::format("{}/.{}.new", folder, name);
  absl::Status status = WriteFile(temporary, value);
  if (status.ok() && rename(temporary.c_str(), path.c_str()) != 0) {
    status = SystemError(path);
  }
  if (!status.ok()) {
    unlink(temporary.c_str());
    return status;
  }
  return SyncFolder(folder);
}

absl::Status CreateFolder(const std::string& folder) {
  std::error_code error;
  const std::filesystem::path parent =
      std::filesystem::absolute(folder, error).lexically_normal().parent_path();
  std::filesystem::create_directories(parent, error);
  if (error) {
    return absl::UnavailableError(
        fmt::format("{}: {}", parent.string(), error.message()));
  }
  if (mkdir(folder.c_str(), 0700) != 0) {
    return errno == EEXIST ? absl::OkStatus() : SystemError(folder);
  }
  return SyncFolder(parent.string());
}

}  // namespace

absl::StatusOr<std::unique_ptr<FileStateStore>> FileStateStore::Create(
    PosixLoop* loop, const std::string& folder) {
  LB_RETURN_IF_ERROR(CreateFolder(folder));
  const std::string path = fmt::format("{}/.lock", folder);
  FileDescriptor lock(
      open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, kFileMode));
  if (!lock.ok()) return SystemError(path);
  if (flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    return absl::UnavailableError(fmt::format(
        "{}: in use by another process, want a folder of one's own", folder));
  }
  try {
    return std::unique_ptr<FileStateStore>(
        new FileStateStore(loop, folder, std::move(lock)));
  } catch (const std::system_error& error) {  // Of std::thread.
    return absl::UnavailableError(
        fmt::format("{}: worker thread: {}", folder, error.what()));
  }
}

FileStateStore::FileStateStore(PosixLoop* loop, std::string folder,
                               FileDescriptor lock)
    : loop_(loop),
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
  const std::string path = fmt::format("{}/{}", folder_, name);
  const FileDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.ok() && errno == ENOENT) {
    return absl::NotFoundError(fmt::format("{}: never written", path));
  }
  if (!file.ok()) return SystemError(path);
  std::string value;
  std::array<char, 65536> buffer;
  while (true) {
    const ssize_t size = read(file.get(), buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return SystemError(path);
    if (size == 0) return value;
    value.append(buffer.data(), static_cast<size_t>(size));
  }
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
    absl::Status outcome = Replace(folder_, job.name, job.value);
    loop_->Post([this, alive = alive_, name = std::move(job.name),
                 outcome = std::move(outcome)] {
      if (*alive) OnWriteDone(name, outcome);
    });
  }
}

}  // namespace lb::io

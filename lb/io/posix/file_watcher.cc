#include "lb/io/posix/file_watcher.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <map>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>

#include "asio/io_context.hpp"
#include "asio/posix/stream_descriptor.hpp"
#include "fmt/format.h"
#include "lb/base/status_macros.h"
#include "lb/io/posix/file_descriptor.h"

namespace lb::io {
namespace {

namespace fs = std::filesystem;

constexpr uint32_t kEvents = IN_CLOSE_WRITE | IN_CREATE | IN_DELETE |
                             IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF |
                             IN_MOVE_SELF | IN_ONLYDIR;
// The link that Kubernetes swaps when a ConfigMap or Secret changes.
constexpr std::string_view kConfigMapLink = "..data";

// Which entries of a folder matter; empty: all.
using Names = std::set<std::string>;

// By folder.
std::map<fs::path, Names> FoldersOf(const std::vector<std::string>& paths) {
  std::map<fs::path, Names> named;
  std::set<fs::path> whole;
  const auto add = [&](const fs::path& path) {
    named[path.parent_path()].insert(path.filename());
    std::error_code ignored;
    if (fs::is_directory(path, ignored)) whole.insert(path);
  };
  for (const std::string& text : paths) {
    std::error_code error;
    fs::path path = fs::absolute(text, error).lexically_normal();
    if (!path.has_filename()) path = path.parent_path();
    add(path);
    const fs::path target = fs::canonical(path, error);
    if (!error && target != path) add(target);
  }
  for (const fs::path& folder : whole) named[folder] = {};
  return named;
}

}  // namespace

// Lives on in the handler that waits for events.
struct FileWatcher::State : std::enable_shared_from_this<State> {
  explicit State(PosixLoop* on_loop)
      : loop(on_loop), descriptor(on_loop->context()) {}

  absl::Status Open();
  absl::Status Watch();
  void Wait();
  void ReadEvents();
  bool Matters(const inotify_event& event, std::string_view name) const;
  void Debounce();
  void Tell();
  void Close();

  PosixLoop* const loop;
  asio::posix::stream_descriptor descriptor;  // Owned.
  std::vector<std::string> paths;
  std::map<int, Names> watches;  // By watch descriptor.
  std::unique_ptr<Timer> timer;
  absl::Time changed_at = absl::InfiniteFuture();  // First one not told.
  std::shared_ptr<absl::AnyInvocable<void()>> on_change;
};

absl::Status FileWatcher::State::Open() {
  FileDescriptor inotify(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!inotify.ok()) return SystemError("inotify");
  asio::error_code error;
  descriptor.assign(inotify.get(), error);
  if (error) {
    return absl::UnavailableError(fmt::format("inotify: {}", error.message()));
  }
  inotify.Release();
  return absl::OkStatus();
}

// Watches all again, as links may lead elsewhere now.
absl::Status FileWatcher::State::Watch() {
  const int fd = descriptor.native_handle();
  std::map<int, Names> fresh;
  absl::Status status;
  for (const auto& [folder, names] : FoldersOf(paths)) {
    const int watch = inotify_add_watch(fd, folder.c_str(), kEvents);
    if (watch < 0) {
      status.Update(SystemError(folder.string()));
      continue;
    }
    const auto [known, added] = fresh.emplace(watch, names);
    if (added) continue;
    // Two ways to one folder.
    if (names.empty()) known->second.clear();
    if (!known->second.empty()) {
      known->second.insert(names.begin(), names.end());
    }
  }
  for (const auto& [watch, names] : watches) {
    if (!fresh.contains(watch)) inotify_rm_watch(fd, watch);
  }
  watches = std::move(fresh);
  return status;
}

void FileWatcher::State::Wait() {
  descriptor.async_wait(asio::posix::stream_descriptor::wait_read,
                        [self = shared_from_this()](const asio::error_code&) {
                          const PosixLoop::MeasuredTurn turn(
                              self->loop, "takes news of files");
                          if (!self->descriptor.is_open()) return;
                          self->ReadEvents();
                          self->Wait();
                        });
}

void FileWatcher::State::ReadEvents() {
  alignas(inotify_event) std::array<char, 16384> buffer;
  bool changed = false;
  while (true) {
    const ssize_t size =
        read(descriptor.native_handle(), buffer.data(), buffer.size());
    if (size <= 0) break;
    const std::string_view bytes(buffer.data(), static_cast<size_t>(size));
    for (size_t at = 0; at + sizeof(inotify_event) <= bytes.size();) {
      inotify_event event;
      std::memcpy(&event, bytes.data() + at, sizeof(event));
      std::string_view name = bytes.substr(at + sizeof(event), event.len);
      name = name.substr(0, name.find('\0'));
      changed = changed || Matters(event, name);
      at += sizeof(event) + event.len;
    }
  }
  if (changed) Debounce();
}

bool FileWatcher::State::Matters(const inotify_event& event,
                                 std::string_view name) const {
  if ((event.mask & IN_Q_OVERFLOW) != 0) return true;
  const auto found = watches.find(event.wd);
  if (found == watches.end()) return false;
  const Names& names = found->second;
  return names.empty() || name.empty() || name == kConfigMapLink ||
         names.contains(std::string(name));
}

void FileWatcher::State::Debounce() {
  const absl::Time now = loop->Now();
  changed_at = std::min(changed_at, now);
  timer->Arm(std::min(now + kFileDebounce, changed_at + kFileDebounceMax));
}

void FileWatcher::State::Tell() {
  changed_at = absl::InfiniteFuture();
  // A folder that is gone is seen by its parent when it comes back.
  (void)Watch();
  const auto called = on_change;  // Lives while it runs.
  if (called != nullptr) (*called)();
}

void FileWatcher::State::Close() {
  asio::error_code ignored;
  descriptor.close(ignored);
  timer = nullptr;
  // Destroyed last: it may own objects that call back.
  const auto called = std::exchange(on_change, nullptr);
}

absl::StatusOr<std::unique_ptr<FileWatcher>> FileWatcher::Create(
    PosixLoop* loop, std::vector<std::string> paths,
    absl::AnyInvocable<void()> on_change) {
  auto state = std::make_shared<State>(loop);
  LB_RETURN_IF_ERROR(state->Open());
  state->paths = std::move(paths);
  state->on_change =
      std::make_shared<absl::AnyInvocable<void()>>(std::move(on_change));
  state->timer =
      loop->NewTimer([raw = state.get()] { raw->Tell(); });  // Dies with it.
  LB_RETURN_IF_ERROR(state->Watch());
  state->Wait();
  return std::unique_ptr<FileWatcher>(new FileWatcher(std::move(state)));
}

FileWatcher::FileWatcher(std::shared_ptr<State> state)
    : state_(std::move(state)) {}

FileWatcher::~FileWatcher() { state_->Close(); }

}  // namespace lb::io

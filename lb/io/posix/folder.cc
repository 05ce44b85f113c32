#include "lb/io/posix/folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_split.h"
#include "fmt/format.h"
#include "lb/base/status_macros.h"

namespace lb::io {
namespace {

constexpr mode_t kParentMode = 0755;
constexpr mode_t kWritableByOthers = 022;

// A folder's name, and the folder that it is in.
struct Place {
  FileDescriptor parent;
  std::string name;  // "." for "/" and the like.
};

// Parents that are missing are made, if that is wanted.
enum class Missing { kFail, kMake };

absl::StatusOr<Place> FindPlace(const std::string& path, Missing missing) {
  std::vector<std::string> names = absl::StrSplit(path, '/', absl::SkipEmpty());
  std::string last = ".";
  if (!names.empty()) {
    last = names.back();
    names.pop_back();
  }
  std::string walked = path.starts_with('/') ? "/" : ".";
  const int flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
  std::optional<FileDescriptor> folder(std::in_place,
                                       open(walked.c_str(), flags));
  for (const std::string& name : names) {
    if (!folder->ok()) break;
    walked = walked == "/" ? "/" + name : walked + "/" + name;
    FileDescriptor next(openat(folder->get(), name.c_str(), flags));
    if (!next.ok() && errno == ENOENT && missing == Missing::kMake &&
        (mkdirat(folder->get(), name.c_str(), kParentMode) == 0 ||
         errno == EEXIST)) {
      FileDescriptor made(
          openat(folder->get(), name.c_str(), flags | O_NOFOLLOW));
      folder.emplace(std::move(made));
    } else {
      folder.emplace(std::move(next));
    }
  }
  if (!folder->ok()) return SystemError(walked);
  return Place{std::move(*folder), std::move(last)};
}

absl::Status Sync(const Place& place, const std::string& path) {
  const FileDescriptor folder(
      openat(place.parent.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.ok() || fsync(folder.get()) != 0) return SystemError(path);
  return absl::OkStatus();
}

bool IsTrusted(uid_t user) { return user == 0 || user == geteuid(); }

}  // namespace

absl::Status MakeFolder(const std::string& path, const FolderRights& rights) {
  LB_ASSIGN_OR_RETURN(const Place place, FindPlace(path, Missing::kMake));
  if (mkdirat(place.parent.get(), place.name.c_str(), rights.mode) != 0) {
    return errno == EEXIST ? absl::OkStatus() : SystemError(path);
  }
  const FileDescriptor folder(
      openat(place.parent.get(), place.name.c_str(),
             O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct stat made = {};
  if (!folder.ok() || fstat(folder.get(), &made) != 0) return SystemError(path);
  if (made.st_uid != geteuid()) {
    return absl::UnavailableError(
        fmt::format("{}: another user put something in its place", path));
  }
  if ((made.st_uid != rights.user || made.st_gid != rights.group) &&
      fchown(folder.get(), rights.user, rights.group) != 0) {
    return SystemError(path);
  }
  return Sync(place, path);
}

absl::StatusOr<FileDescriptor> OpenOwnFolder(const std::string& path) {
  LB_ASSIGN_OR_RETURN(const Place place, FindPlace(path, Missing::kFail));
  struct stat named = {};
  if (fstatat(place.parent.get(), place.name.c_str(), &named,
              AT_SYMLINK_NOFOLLOW) != 0) {
    return SystemError(path);
  }
  const bool link = S_ISLNK(named.st_mode);
  if (link && !IsTrusted(named.st_uid)) {
    return absl::PermissionDeniedError(
        fmt::format("{}: a link that another user made (uid {}), want a folder",
                    path, named.st_uid));
  }
  FileDescriptor folder(
      openat(place.parent.get(), place.name.c_str(),
             O_RDONLY | O_DIRECTORY | O_CLOEXEC | (link ? 0 : O_NOFOLLOW)));
  struct stat found = {};
  if (!folder.ok() || fstat(folder.get(), &found) != 0) {
    return SystemError(path);
  }
  if (found.st_uid != geteuid()) {
    return absl::PermissionDeniedError(fmt::format(
        "{0}: belongs to another user (uid {1}), want a folder of uid {2} "
        "alone: chown -R {2} {0}",
        path, found.st_uid, geteuid()));
  }
  if ((found.st_mode & kWritableByOthers) != 0) {
    return absl::PermissionDeniedError(fmt::format(
        "{0}: others may write there (mode {1:o}), want chmod go-w {0}", path,
        found.st_mode & 07777));
  }
  return folder;
}

}  // namespace lb::io

#include "daemon/privileges.h"

#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "lb/base/status_macros.h"
#include "lb/io/posix/folder.h"

namespace lb {
namespace {

constexpr char kDefaultUser[] = "lbd";

using Capabilities =
    std::unique_ptr<std::remove_pointer_t<cap_t>, int (*)(void*)>;

// A user that the process may become.
struct User {
  std::string name;
  uid_t id = 0;
  gid_t group = 0;
};

absl::Status Refused(std::string_view what) {
  return absl::UnavailableError(
      fmt::format("privileges: {}: {}", what, std::strerror(errno)));
}

absl::StatusOr<User> FindUser(const std::string& name) {
  errno = 0;
  const passwd* const entry = getpwnam(name.c_str());
  if (entry == nullptr) {
    return absl::NotFoundError(
        fmt::format("user: \"{}\", want a user of this host", name));
  }
  return User{name, entry->pw_uid, entry->pw_gid};
}

// Chooses the user of the process: its present one if it is not root.
absl::StatusOr<User> ChooseUser(const std::string& wanted) {
  const User self = {"", geteuid(), getegid()};
  if (!wanted.empty()) {
    LB_ASSIGN_OR_RETURN(User user, FindUser(wanted));
    if (self.id != 0 && user.id != self.id) {
      return absl::PermissionDeniedError(fmt::format(
          "user: \"{}\", want the user that started lbd, or root to start it",
          wanted));
    }
    return user;
  }
  if (self.id != 0) return self;
  const absl::StatusOr<User> user = FindUser(kDefaultUser);
  if (user.ok()) return *user;
  return absl::NotFoundError(fmt::format(
      "user: started as root, and this host has no user \"{0}\", want it "
      "(adduser --system --group --home /var/lib/lbd --no-create-home {0}), "
      "another by --user NAME, or --user root to stay root",
      kDefaultUser));
}

// A folder that must exist, and be open to the user, for lbd to start.
struct Folder {
  std::filesystem::path path;
  mode_t mode = 0;  // If it is made.
};

std::vector<Folder> Folders(const Options& options) {
  // A controller alone keeps no state and has no status service.
  if (!options.kubernetes.speaks()) return {};
  std::vector<Folder> folders = {{options.state_dir, 0700}};
  constexpr std::string_view kUnix = "unix:";
  for (const std::string& listen : options.status.listen) {
    if (!listen.starts_with(kUnix)) continue;
    folders.push_back(
        {std::filesystem::path(listen.substr(kUnix.size())).parent_path(),
         0755});
  }
  return folders;
}

absl::Status CheckFolder(const Folder& folder, const User& user) {
  const std::string path = folder.path.string();
  if (access(path.c_str(), R_OK | W_OK | X_OK) == 0) return absl::OkStatus();
  return absl::PermissionDeniedError(
      fmt::format("{}: {} may not write there ({}); want \"chown -R {} {}\", "
                  "or another --user",
                  path, user.name, std::strerror(errno), user.name, path));
}

// The user's permitted capabilities survive; libcap sees to that.
absl::Status Become(const User& user) {
  std::vector<gid_t> groups(1);
  int count = 0;
  // The first call says how many there are.
  getgrouplist(user.name.c_str(), user.group, groups.data(), &count);
  groups.resize(count);
  getgrouplist(user.name.c_str(), user.group, groups.data(), &count);
  if (cap_setgroups(user.group, groups.size(), groups.data()) != 0) {
    return Refused("setgroups");
  }
  if (cap_setuid(user.id) != 0) return Refused("setuid");
  return absl::OkStatus();
}

absl::Status KeepOnly(const std::vector<cap_value_t>& wanted) {
  const Capabilities present(cap_get_proc(), cap_free);
  const Capabilities kept(cap_init(), cap_free);
  if (present == nullptr || kept == nullptr) return Refused("capabilities");
  for (const cap_value_t capability : wanted) {
    cap_flag_value_t permitted = CAP_CLEAR;
    cap_get_flag(present.get(), capability, CAP_PERMITTED, &permitted);
    for (const cap_flag_t set : {CAP_PERMITTED, CAP_EFFECTIVE}) {
      cap_set_flag(kept.get(), set, 1, &capability, permitted);
    }
  }
  if (cap_set_proc(kept.get()) != 0) return Refused("cap_set_proc");
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    return Refused("no_new_privs");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status DropPrivileges(const Options& options) {
  LB_ASSIGN_OR_RETURN(const User user, ChooseUser(options.user));
  std::vector<cap_value_t> wanted = {CAP_NET_RAW};
  if (options.deliver == Deliver::kLoopback) {
    wanted.push_back(CAP_NET_ADMIN);
  }
  if (options.bgp_listen && options.bgp_listen->port < 1024) {
    wanted.push_back(CAP_NET_BIND_SERVICE);
  }
  const std::vector<Folder> folders = Folders(options);
  // An existing folder may be any folder of the host (/tmp), so it keeps its
  // owner.
  for (const Folder& folder : folders) {
    LB_RETURN_IF_ERROR(io::MakeFolder(
        folder.path.string(),
        {.mode = folder.mode, .user = user.id, .group = user.group}));
  }
  if (user.id == geteuid()) return KeepOnly(wanted);
  LB_RETURN_IF_ERROR(Become(user));
  LB_RETURN_IF_ERROR(KeepOnly(wanted));
  for (const Folder& folder : folders) {
    LB_RETURN_IF_ERROR(CheckFolder(folder, user));
  }
  return absl::OkStatus();
}

std::vector<std::string> OwnFolders(const Options& options) {
  std::vector<std::string> paths;
  for (const Folder& folder : Folders(options)) {
    paths.push_back(folder.path.string());
  }
  return paths;
}

}  // namespace lb

#include "daemon/sandbox.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <type_traits>

#include "absl/cleanup/cleanup.h"

namespace lb {
namespace {

using Filter =
    std::unique_ptr<std::remove_pointer_t<scmp_filter_ctx>, void (*)(void*)>;

// These are names, because the library skips calls that this machine does not
// have.
constexpr auto kForbidden = std::to_array<const char*>({
    // Calls that run another program.
    "execve",
    "execveat",
    // Calls that look into other processes, or change them.
    "ptrace",
    "process_vm_readv",
    "process_vm_writev",
    "process_madvise",
    "pidfd_getfd",
    "kcmp",
    // Calls that change the host's mounts and names.
    "mount",
    "umount",
    "umount2",
    "pivot_root",
    "chroot",
    "open_tree",
    "move_mount",
    "fsopen",
    "fsconfig",
    "fsmount",
    "fspick",
    "mount_setattr",
    "unshare",
    "setns",
    "open_by_handle_at",
    "swapon",
    "swapoff",
    "acct",
    "quotactl",
    "quotactl_fd",
    "sethostname",
    "setdomainname",
    // Calls that change the kernel, its clock and its ports.
    "init_module",
    "finit_module",
    "delete_module",
    "kexec_load",
    "kexec_file_load",
    "reboot",
    "syslog",
    "settimeofday",
    "stime",
    "clock_settime",
    "clock_settime64",
    "clock_adjtime",
    "clock_adjtime64",
    "adjtimex",
    "iopl",
    "ioperm",
    "modify_ldt",
    "vhangup",
    // Large parts of the kernel that lbd does not use.
    "bpf",
    "perf_event_open",
    "userfaultfd",
    "io_uring_setup",
    "io_uring_enter",
    "io_uring_register",
    "add_key",
    "request_key",
    "keyctl",
    "nfsservctl",
    "uselib",
    "_sysctl",
    "lookup_dcookie",
    "personality",
});

constexpr auto kNamespaces = std::to_array<uint64_t>(
    {CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWUSER,
     CLONE_NEWPID, CLONE_NEWNET});

bool IsSpoken(int family) {
  return family == AF_UNSPEC || family == AF_UNIX || family == AF_INET ||
         family == AF_INET6 || family == AF_NETLINK || family == AF_PACKET;
}

// Returns 0, or a negative errno value.
int AddRules(scmp_filter_ctx filter) {
  for (const char* const name : kForbidden) {
    const int call = seccomp_syscall_resolve_name(name);
    if (call == __NR_SCMP_ERROR) continue;
    const int added = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), call, 0);
    if (added != 0) return added;
  }
  for (const uint64_t flag : kNamespaces) {
    const int added =
        seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
                         SCMP_A0(SCMP_CMP_MASKED_EQ, flag, flag));
    if (added != 0) return added;
  }
  // Its flags are in memory, where no filter sees them; libc then takes clone.
  int added =
      seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
  for (int family = 0; family < AF_PACKET && added == 0; ++family) {
    if (IsSpoken(family)) continue;
    added = seccomp_rule_add(
        filter, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket), 1,
        SCMP_A0(SCMP_CMP_EQ, static_cast<uint64_t>(family)));
  }
  if (added != 0) return added;
  added =
      seccomp_rule_add(filter, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket),
                       1, SCMP_A0(SCMP_CMP_GT, uint64_t{AF_PACKET}));
  if (added != 0) return added;
  // This ioctl types into the terminal that lbd was started from.
  return seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(ioctl), 1,
                          SCMP_A1(SCMP_CMP_EQ, uint64_t{TIOCSTI}));
}

// Nullopt: the filter is up. Otherwise the reason why not.
std::optional<std::string> FilterSystemCalls() {
  const Filter filter(seccomp_init(SCMP_ACT_ALLOW), seccomp_release);
  if (filter == nullptr) return std::strerror(ENOMEM);
  int error = AddRules(filter.get());
  if (error == 0) error = seccomp_load(filter.get());
  if (error == 0) return std::nullopt;
  return std::strerror(-error);
}

// The rights to change files that lbd needs in its own folders, for values by
// rename, a lock and sockets.
constexpr uint64_t kOwnFolder =
    LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_FILE |
    LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK;
constexpr uint64_t kFenced =
    kOwnFolder | LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
    LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR |
    LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |
    LANDLOCK_ACCESS_FS_MAKE_SYM;

void AllowFolder(int rules, const std::string& path) {
  const int folder = open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return;
  const landlock_path_beneath_attr rule = {.allowed_access = kOwnFolder,
                                           .parent_fd = folder};
  syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
  close(folder);
}

std::optional<std::string> FenceFiles(
    absl::Span<const std::string> writable_folders) {
  const landlock_ruleset_attr fenced = {.handled_access_fs = kFenced};
  const int rules = static_cast<int>(
      syscall(SYS_landlock_create_ruleset, &fenced, sizeof(fenced), 0));
  if (rules < 0) return std::strerror(errno);
  const absl::Cleanup close_rules = [rules] { close(rules); };
  for (const std::string& path : writable_folders) AllowFolder(rules, path);
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      syscall(SYS_landlock_restrict_self, rules, 0) != 0) {
    return std::strerror(errno);
  }
  return std::nullopt;
}

}  // namespace

std::vector<std::string> EnterSandbox(
    absl::Span<const std::string> writable_folders) {
#ifdef LB_WITHOUT_SANDBOX
  // Builds that measure lbd write files of their own, or trace it.
  static_cast<void>(writable_folders);
  static_cast<void>(&FenceFiles);
  static_cast<void>(&FilterSystemCalls);
  return {"sandbox: left out of this build: no seccomp, no Landlock"};
#else
  std::vector<std::string> missing;
  if (const auto why = FenceFiles(writable_folders)) {
    missing.push_back(fmt::format(
        "files are not fenced by Landlock ({}), want Linux 5.13 with it",
        *why));
  }
  if (const auto why = FilterSystemCalls()) {
    missing.push_back(fmt::format(
        "system calls are not filtered by seccomp ({}), want a kernel, or a "
        "container, with it",
        *why));
  }
  return missing;
#endif
}

}  // namespace lb

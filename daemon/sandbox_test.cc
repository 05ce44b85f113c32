// Each case is a child that enters the sandbox and tries something. Its exit
// status says how the try ended.
#include "daemon/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lb {
namespace {

// Returns 0 if a try succeeded, or else its errno.
int ErrorOf(int result) { return result < 0 ? errno : 0; }

class SandboxTest : public testing::Test {
 protected:
  // In a child in the sandbox. -1: the try did not end.
  int Try(const std::function<int()>& attempt) const {
    const pid_t child = fork();
    if (child == 0) {
      EnterSandbox({inside_});
      _exit(attempt());
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  // Is the fence, "files" or "system calls", up? Asked in a child.
  bool IsUp(const std::string& fence) const {
    const pid_t child = fork();
    if (child == 0) {
      for (const std::string& missing : EnterSandbox({inside_})) {
        if (missing.starts_with(fence) || missing.starts_with("sandbox")) {
          std::fprintf(stderr, "%s\n", missing.c_str());
          _exit(1);
        }
      }
      _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
  }

  static int Write(const std::string& path) {
    const int file = open(path.c_str(), O_WRONLY | O_CREAT, 0600);
    const int error = ErrorOf(file);
    return error != 0 || write(file, "x", 1) == 1 ? error : EIO;
  }

  const std::string inside_ = testing::TempDir() + "/inside";
  const std::string outside_ = testing::TempDir() + "/outside";

  void SetUp() override {
    mkdir(inside_.c_str(), 0700);
    mkdir(outside_.c_str(), 0700);
  }
};

TEST_F(SandboxTest, RefusesToBecomeAnotherProgram) {
  if (!IsUp("system calls")) GTEST_SKIP() << "SKIPPED: no seccomp here";
  EXPECT_EQ(Try([] { return ErrorOf(execl("/bin/true", "true", nullptr)); }),
            EPERM);
}

TEST_F(SandboxTest, RefusesWhatLbdHasNoUseFor) {
  if (!IsUp("system calls")) GTEST_SKIP() << "SKIPPED: no seccomp here";
  EXPECT_EQ(
      Try([] { return ErrorOf(ptrace(PTRACE_TRACEME, 0, nullptr, nullptr)); }),
      EPERM);
  EXPECT_EQ(Try([] { return ErrorOf(unshare(CLONE_NEWUSER)); }), EPERM);
  for (const int family : {AF_X25, AF_KEY, AF_BLUETOOTH, AF_VSOCK}) {
    EXPECT_EQ(Try([family] { return ErrorOf(socket(family, SOCK_DGRAM, 0)); }),
              EAFNOSUPPORT);
  }
}

TEST_F(SandboxTest, LetsTheDaemonWork) {
  EXPECT_EQ(Try([] { return ErrorOf(socket(AF_INET6, SOCK_STREAM, 0)); }), 0);
  EXPECT_EQ(Try([] { return ErrorOf(socket(AF_NETLINK, SOCK_RAW, 0)); }), 0);
  EXPECT_EQ(Try([] { return ErrorOf(open("/etc/hosts", O_RDONLY)); }), 0);
  EXPECT_EQ(Try([this] {
              const int error = Write(inside_ + "/.new");
              return error != 0 ? error
                                : ErrorOf(rename((inside_ + "/.new").c_str(),
                                                 (inside_ + "/value").c_str()));
            }),
            0);
  EXPECT_EQ(
      Try([this] { return ErrorOf(unlink((inside_ + "/value").c_str())); }), 0);
}

TEST_F(SandboxTest, RefusesToWriteOutsideOfItsFolders) {
  if (!IsUp("files")) GTEST_SKIP() << "SKIPPED: no Landlock here";
  const std::string there = outside_ + "/there";
  std::ofstream(there) << "theirs";
  EXPECT_EQ(Try([&] { return Write(there); }), EACCES);
  EXPECT_EQ(Try([this] { return Write(outside_ + "/new"); }), EACCES);
  EXPECT_THAT(Try([] { return ErrorOf(open("/etc/passwd", O_WRONLY)); }),
              testing::AnyOf(EACCES, EROFS));  // Bazel's own sandbox.
  EXPECT_EQ(Try([&] { return ErrorOf(unlink(there.c_str())); }), EACCES);
  EXPECT_EQ(Try([this] {
              return ErrorOf(mkdir((inside_ + "/folder").c_str(), 0700));
            }),
            EACCES);
}

TEST_F(SandboxTest, AFolderThatIsNotThereIsLeftOut) {
  const pid_t child = fork();
  if (child == 0) {
    EnterSandbox({"/nonexistent", inside_});
    _exit(Write(inside_ + "/value"));
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

}  // namespace
}  // namespace lb

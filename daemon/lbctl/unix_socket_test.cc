#include "daemon/lbctl/unix_socket.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

#include "daemon/lbctl/testing/sockets.h"
#include "gtest/gtest.h"

namespace lb::lbctl {
namespace {

class UnixSocketTest : public testing::Test {
 protected:
  void SetUp() override {
    // Short, because the path of a unix socket has at most 107 bytes.
    folder_ = "/tmp/lbctl-test.XXXXXX";
    ASSERT_NE(mkdtemp(folder_.data()), nullptr);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string folder_;
};

TEST_F(UnixSocketTest, ConnectsToWhatListens) {
  const std::string path = folder_ + "/a.sock";
  const UnixListener listener(path);
  EXPECT_EQ(ConnectUnix(path), -ECONNREFUSED);  // It does not listen yet.
  listener.Listen();
  const int fd = ConnectUnix(path);
  EXPECT_GE(fd, 0);
  EXPECT_EQ(WhyNotConnected(path), "");
  close(fd);
}

TEST_F(UnixSocketTest, SaysWhyNobodyCanBeAsked) {
  const std::string dead = folder_ + "/dead.sock";
  { const UnixListener gone(dead); }
  const std::string file = folder_ + "/file";
  std::ofstream(file) << "x";
  const std::pair<std::string, std::string> cases[] = {
      {folder_ + "/none.sock",
       "there is no such socket: is lbd running here? --server names another, "
       "as its option status-listen has it"},
      {dead,
       "no process listens at this socket: lbd has ended; `systemctl status "
       "lbd` says why"},
      {file + "/below",
       "Not a directory: is lbd running here? --server names another socket"},
      {folder_ + "/" + std::string(100, 'x'),
       "File name too long: is lbd running here? --server names another "
       "socket"},
  };
  for (const auto& [path, want] : cases) {
    EXPECT_EQ(WhyNotConnected(path), want);
  }
}

TEST_F(UnixSocketTest, ASocketOfOthersIsRefused) {
  if (geteuid() == 0) GTEST_SKIP() << "SKIPPED: root may open all sockets";
  const std::string path = folder_ + "/a.sock";
  const UnixListener listener(path);
  listener.Listen();
  std::filesystem::permissions(path, std::filesystem::perms::none);
  EXPECT_EQ(WhyNotConnected(path),
            "permission denied: want root, or a user of the socket's group, as "
            "lbd's option status-group has it");
}

}  // namespace
}  // namespace lb::lbctl

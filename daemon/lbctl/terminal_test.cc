// Tests Terminal on a terminal of the test's own.
#include "daemon/lbctl/terminal.h"

#include <pty.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <string_view>

#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace lb::lbctl {
namespace {

// Makes standard input and output a terminal while it lives.
class PseudoTerminal {
 public:
  explicit PseudoTerminal(unsigned short rows) {
    winsize size = {.ws_row = rows, .ws_col = 80};
    if (openpty(&master_, &slave_, nullptr, nullptr, &size) != 0) return;
    fflush(stdout);
    dup2(slave_, STDIN_FILENO);
    dup2(slave_, STDOUT_FILENO);
  }
  ~PseudoTerminal() {
    fflush(stdout);
    dup2(input_, STDIN_FILENO);
    dup2(output_, STDOUT_FILENO);
    for (const int fd : {input_, output_, master_, slave_}) close(fd);
  }
  PseudoTerminal(const PseudoTerminal&) = delete;
  PseudoTerminal& operator=(const PseudoTerminal&) = delete;

  bool is_there() const { return slave_ >= 0; }
  void Press(std::string_view keys) const {
    EXPECT_EQ(write(master_, keys.data(), keys.size()),
              static_cast<ssize_t>(keys.size()));
  }
  bool IsLineByLine() const {
    termios settings = {};
    EXPECT_EQ(tcgetattr(slave_, &settings), 0);
    return (settings.c_lflag & ICANON) != 0 && (settings.c_lflag & ECHO) != 0;
  }

 private:
  const int input_ = dup(STDIN_FILENO);
  const int output_ = dup(STDOUT_FILENO);
  int master_ = -1;
  int slave_ = -1;
};

constexpr absl::Duration kLong = absl::Hours(1);

TEST(TerminalTest, IsLiveOnATerminalAndGivesItBack) {
  const PseudoTerminal pty(24);
  if (!pty.is_there()) GTEST_SKIP() << "SKIPPED: no pseudo terminal";
  {
    const Terminal terminal;
    EXPECT_TRUE(terminal.IsLive());
    EXPECT_EQ(terminal.Rows(), 23);
    EXPECT_EQ(terminal.Clear(), "\x1b[H\x1b[2J");
    EXPECT_FALSE(pty.IsLineByLine());
  }
  EXPECT_TRUE(pty.IsLineByLine());
}

TEST(TerminalTest, ATerminalWithoutASizeHasAllRows) {
  const PseudoTerminal pty(0);
  if (!pty.is_there()) GTEST_SKIP() << "SKIPPED: no pseudo terminal";
  EXPECT_EQ(Terminal().Rows(), std::numeric_limits<int>::max());
}

TEST(TerminalTest, KeysEndTheWait) {
  const PseudoTerminal pty(24);
  if (!pty.is_there()) GTEST_SKIP() << "SKIPPED: no pseudo terminal";
  Terminal terminal;
  EXPECT_TRUE(terminal.WaitForNext(absl::Milliseconds(1)));  // The time is up.
  pty.Press("x");
  EXPECT_TRUE(terminal.WaitForNext(kLong));  // The next frame, at once.
  pty.Press("q");
  EXPECT_FALSE(terminal.WaitForNext(kLong));
  pty.Press("\x04");  // Without line mode, Ctrl-D is a usual key.
  EXPECT_TRUE(terminal.WaitForNext(kLong));
}

TEST(TerminalTest, WithoutATerminalFramesFollowEachOther) {
  if (isatty(STDOUT_FILENO) != 0) GTEST_SKIP() << "SKIPPED: on a terminal";
  Terminal terminal;
  EXPECT_FALSE(terminal.IsLive());
  EXPECT_EQ(terminal.Rows(), std::numeric_limits<int>::max());
  EXPECT_EQ(terminal.Clear(), "");
  EXPECT_TRUE(terminal.WaitForNext(absl::Milliseconds(1)));
}

TEST(ShowsColoursTest, OnATerminalThatHasThem) {
  const PseudoTerminal pty(24);
  if (!pty.is_there()) GTEST_SKIP() << "SKIPPED: no pseudo terminal";
  unsetenv("NO_COLOR");
  setenv("TERM", "xterm", 1);
  EXPECT_TRUE(ShowsColours());
  setenv("NO_COLOR", "", 1);
  EXPECT_FALSE(ShowsColours());
  unsetenv("NO_COLOR");
  setenv("TERM", "dumb", 1);
  EXPECT_FALSE(ShowsColours());
  unsetenv("TERM");
  EXPECT_FALSE(ShowsColours());
}

TEST(ShowsColoursTest, NotInAFile) {
  if (isatty(STDOUT_FILENO) != 0) GTEST_SKIP() << "SKIPPED: on a terminal";
  setenv("TERM", "xterm", 1);
  EXPECT_FALSE(ShowsColours());
}

TEST(TerminalTest, AnInterruptEndsTheWait) {
  const PseudoTerminal pty(24);
  if (!pty.is_there()) GTEST_SKIP() << "SKIPPED: no pseudo terminal";
  Terminal terminal;
  raise(SIGINT);
  EXPECT_FALSE(terminal.WaitForNext(absl::Milliseconds(1)));
}

}  // namespace
}  // namespace lb::lbctl

#include "daemon/lbctl/terminal.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <limits>

namespace lb::lbctl {
namespace {

volatile std::sig_atomic_t interrupted = 0;

void OnInterrupt(int) { interrupted = 1; }

}  // namespace

bool ShowsColours() {
  const char* const term = std::getenv("TERM");
  return isatty(STDOUT_FILENO) != 0 && std::getenv("NO_COLOR") == nullptr &&
         term != nullptr && std::string_view(term) != "dumb";
}

Terminal::Terminal() {
  termios settings = {};
  if (isatty(STDOUT_FILENO) == 0 || tcgetattr(STDIN_FILENO, &settings) != 0) {
    return;
  }
  before_ = settings;
  interrupted = 0;
  settings.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
  tcsetattr(STDIN_FILENO, TCSANOW, &settings);
  struct sigaction action = {};
  action.sa_handler = OnInterrupt;  // Without SA_RESTART: poll() ends.
  sigaction(SIGINT, &action, nullptr);
}

Terminal::~Terminal() {
  if (before_.has_value()) tcsetattr(STDIN_FILENO, TCSANOW, &*before_);
}

int Terminal::Rows() const {
  winsize size = {};
  if (!before_.has_value() || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 ||
      size.ws_row == 0) {
    return std::numeric_limits<int>::max();
  }
  return size.ws_row - 1;  // The last row is the cursor's.
}

std::string_view Terminal::Clear() const {
  return before_.has_value() ? "\x1b[H\x1b[2J" : "";
}

bool Terminal::WaitForNext(absl::Duration interval) {
  pollfd keys = {.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
  const int count = poll(&keys, before_.has_value() ? 1 : 0,
                         static_cast<int>(absl::ToInt64Milliseconds(interval)));
  if (interrupted != 0) return false;
  if (count <= 0) return true;
  char key = 'q';  // The end of the input means the same.
  return read(STDIN_FILENO, &key, 1) == 1 && key != 'q';
}

}  // namespace lb::lbctl

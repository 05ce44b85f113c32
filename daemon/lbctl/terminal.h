// Terminal: the screen of `lbctl top`, and its keys.
//
// If input and output are a terminal it is live: each frame replaces the last,
// and 'q' or Ctrl-C ends it. Otherwise the frames follow each other. The
// destructor restores the terminal.
#ifndef LB_DAEMON_LBCTL_TERMINAL_H_
#define LB_DAEMON_LBCTL_TERMINAL_H_

#include <termios.h>

#include <optional>
#include <string_view>

#include "absl/time/time.h"

namespace lb::lbctl {

// True if standard output is a terminal that shows colours, and NO_COLOR is not
// set.
bool ShowsColours();

class Terminal {
 public:
  Terminal();
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  bool IsLive() const { return before_.has_value(); }
  int Rows() const;
  // Returns the text to write before a frame, so that it replaces the last one.
  std::string_view Clear() const;
  // False: the user wants to end.
  bool WaitForNext(absl::Duration interval);

 private:
  std::optional<termios> before_;  // Unset: it is not live.
};

}  // namespace lb::lbctl

#endif  // LB_DAEMON_LBCTL_TERMINAL_H_

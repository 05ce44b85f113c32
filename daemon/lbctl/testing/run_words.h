// RunWords: lbctl's command line, run in the test's own process.
#ifndef LB_DAEMON_LBCTL_TESTING_RUN_WORDS_H_
#define LB_DAEMON_LBCTL_TESTING_RUN_WORDS_H_

#include <string>
#include <string_view>

namespace lb::lbctl {

struct Outcome {
  int status = 0;
  std::string out;
  std::string err;
};

// `line` has the words after "lbctl", with one space between them; '' is an
// empty word.
Outcome RunWords(std::string_view line);

}  // namespace lb::lbctl

#endif  // LB_DAEMON_LBCTL_TESTING_RUN_WORDS_H_

#include "daemon/lbctl/testing/run_words.h"

#include <vector>

#include "absl/strings/str_split.h"
#include "daemon/lbctl/command_line.h"
#include "gtest/gtest.h"

namespace lb::lbctl {

Outcome RunWords(std::string_view line) {
  std::vector<std::string> words = {"lbctl"};
  for (const absl::string_view word :
       absl::StrSplit(absl::string_view(line.data(), line.size()), ' ')) {
    words.emplace_back(word == "''" ? "" : word);
  }
  if (line.empty()) words.pop_back();
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  Outcome outcome;
  outcome.status = RunCommandLine(static_cast<int>(argv.size()), argv.data());
  outcome.out = testing::internal::GetCapturedStdout();
  outcome.err = testing::internal::GetCapturedStderr();
  return outcome;
}

}  // namespace lb::lbctl

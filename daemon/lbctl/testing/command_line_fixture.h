// CommandLineTest: tests whole command lines against a node that answers by a
// script.
#ifndef LB_DAEMON_LBCTL_TESTING_COMMAND_LINE_FIXTURE_H_
#define LB_DAEMON_LBCTL_TESTING_COMMAND_LINE_FIXTURE_H_

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "daemon/lbctl/testing/fake_node.h"
#include "daemon/lbctl/testing/run_words.h"
#include "fmt/format.h"
#include "gtest/gtest.h"

namespace lb::lbctl {

// A command line and its expected result.
struct Case {
  const char* line;
  const char* want;
};

class CommandLineTest : public testing::Test {
 protected:
  void SetUp() override {
    setenv("TZ", "UTC", 1);
    folder_ = testing::TempDir() + "/command-line";
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directory(folder_);
  }

  Outcome Ask(std::string_view line) const {
    return RunWords(fmt::format("--server {} {}", node_.server(), line));
  }
  // Returns the text that was printed, then the exit status. "SERVER" stands
  // for the server.
  std::string Show(std::string_view line) const {
    const Outcome outcome = Ask(line);
    std::string text = outcome.out + outcome.err;
    for (size_t at; (at = text.find(node_.server())) != text.npos;) {
      text.replace(at, node_.server().size(), "SERVER");
    }
    return fmt::format("{}exit {}", text, outcome.status);
  }

  std::string Write(const std::string& name, const std::string& text) const {
    const std::string path = folder_ + "/" + name;
    std::ofstream(path) << text;
    return path;
  }

  FakeNode node_;
  std::string folder_;
};

}  // namespace lb::lbctl

#endif  // LB_DAEMON_LBCTL_TESTING_COMMAND_LINE_FIXTURE_H_

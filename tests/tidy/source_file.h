// SourceFile: one file of the tree, as the house rules read it.
//
// Beside the text it has the code alone: comments and the contents of literals
// are blanked, so that a rule about code does not fire on a sentence about it.
// Lines keep their numbers and columns. Pure: reads no file.
#ifndef TESTS_TIDY_SOURCE_FILE_H_
#define TESTS_TIDY_SOURCE_FILE_H_

#include <string>
#include <string_view>
#include <vector>

namespace lb::tidy {

struct SourceFile {
  std::string path;                // From the top of the tree: "lb/net/arp.h".
  std::vector<std::string> lines;  // As they stand.
  std::vector<std::string> code;   // As many, blanked.

  bool IsHeader() const;
  bool IsTestOrBenchmark() const;  // By its name.
  bool IsBelow(std::string_view folder) const;
};

// A fault that a rule finds in a line of a file. Line 0: the whole file.
struct Finding {
  std::string_view rule;
  std::string path;
  int line = 0;
  std::string message;  // Names what to do instead.

  std::string ToString() const;  // "path:line: message [rule]"
};

SourceFile ParseSource(std::string path, std::string_view text);

}  // namespace lb::tidy

#endif  // TESTS_TIDY_SOURCE_FILE_H_

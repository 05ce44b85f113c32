// The classes, fields and functions of the tree, as Universal Ctags reads them.
//
// Ctags parses C++ without its headers, the whole tree in two seconds.
// ParseTags is pure; ReadTags runs the program of Debian's package
// universal-ctags.
#ifndef TESTS_TIDY_TAGS_H_
#define TESTS_TIDY_TAGS_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lb::tidy {

// One definition, or one field.
struct Tag {
  std::string kind;  // "class", "struct", "union", "member", "function", ...
  std::string name;
  std::string scope;  // "lb::Agent"; empty: none.
  std::string path;
  int first_line = 0;  // That of the name.
  int last_line = 0;
  std::string signature;  // Of a function: "(int a,const B & b) const".
  bool is_static = false;

  int LineCount() const { return last_line - first_line + 1; }
  bool IsClass() const;
  std::string FullName() const;  // "lb::Agent" for the class itself.
};

// `text` is what ctags prints, one tag a line. Lines of another form are left
// out.
std::vector<Tag> ParseTags(std::string_view text);

// Runs ctags over the folders `tops` below `root`. Paths are those below
// `root`. None: the program is not installed, or failed.
std::optional<std::vector<Tag>> ReadTags(const std::string& root,
                                         std::string_view tops);

// The parameters of a signature.
std::vector<std::string> SplitParameters(std::string_view signature);

}  // namespace lb::tidy

#endif  // TESTS_TIDY_TAGS_H_

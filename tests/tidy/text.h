// Questions about text as std::string_view, which is not Debian's Abseil's.
#ifndef TESTS_TIDY_TEXT_H_
#define TESTS_TIDY_TEXT_H_

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace lb::tidy {

// May `c` be a part of a name?
inline bool IsNamePart(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '_';
}

inline bool Contains(std::string_view text, std::string_view part) {
  return text.find(part) != text.npos;
}

inline std::string_view Trim(std::string_view text) {
  const size_t first = text.find_first_not_of(" \n");
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(" \n") + 1 - first);
}

// A newline at the end begins no further line.
inline std::vector<std::string> SplitLines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    lines.emplace_back(line);
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
  return lines;
}

}  // namespace lb::tidy

#endif  // TESTS_TIDY_TEXT_H_

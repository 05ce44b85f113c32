// The phrases that CONTRIBUTING.md forbids, as far as a machine finds them with
// hardly a false alarm.
//
// It reads comments of sources, scripts and BUILD files, and the text of pages.
// Code, and what stands in backticks or in double quotes, is not prose.
#ifndef TESTS_TIDY_PHRASES_H_
#define TESTS_TIDY_PHRASES_H_

#include <string_view>
#include <vector>

#include "tests/tidy/source_file.h"

namespace lb::tidy {

// True for the kinds of files that CheckPhrases() reads, by their extension.
bool HasProse(std::string_view path);

// Each finding has the line of the phrase, and says what to write instead. A
// phrase may go over the end of a line.
std::vector<Finding> CheckPhrases(std::string_view path, std::string_view text);

}  // namespace lb::tidy

#endif  // TESTS_TIDY_PHRASES_H_

// The house rules that a machine can check, each a pure function of a file, or
// of what ctags says of all.
//
// Every finding says what to do instead. What a rule lets through on purpose
// (the real clock in lb/io/posix) stands in its table; what one file may do for
// a reason of its own stands in exceptions.h.
#ifndef TESTS_TIDY_RULES_H_
#define TESTS_TIDY_RULES_H_

#include <string>
#include <string_view>
#include <vector>

#include "tests/tidy/source_file.h"
#include "tests/tidy/tags.h"

namespace lb::tidy {

// Columns, lines of a file.
std::vector<Finding> CheckLimits(const SourceFile& file);

// Lines and parameters of each function in `tags`. For classes see classes.h.
std::vector<Finding> CheckFunctions(const std::vector<Tag>& tags);

// Words that must not occur: clocks, sleeps, threads, hash containers, ...
std::vector<Finding> CheckBans(const SourceFile& file);

// A row may include the lower ones, siblings of row 3 never each other, and
// socket headers are only for folders close to the kernel.
std::vector<Finding> CheckIncludes(const SourceFile& file);

// A header's first lines say what it is; a TODO has the number of its issue.
std::vector<Finding> CheckComments(const SourceFile& file);

// `text` is that of the BUILD file at `path`: tests have a size, no globs.
std::vector<Finding> CheckBuildFile(std::string_view path,
                                    std::string_view text);

// Is `file`, below the folder of the BUILD file, named in it?
std::vector<Finding> CheckNamedInBuild(std::string_view file,
                                       std::string_view build_path,
                                       std::string_view build_text);

// All that concern one source.
std::vector<Finding> CheckSource(const SourceFile& file);

}  // namespace lb::tidy

#endif  // TESTS_TIDY_RULES_H_

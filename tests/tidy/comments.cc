#include <cctype>
#include <cstddef>

#include "tests/tidy/rules.h"
#include "tests/tidy/text.h"

namespace lb::tidy {
namespace {

// "TODO(#12): ..."
bool HasIssueNumber(std::string_view after_todo) {
  return after_todo.starts_with("(#") && after_todo.size() > 2 &&
         std::isdigit(static_cast<unsigned char>(after_todo[2]));
}

}  // namespace

std::vector<Finding> CheckComments(const SourceFile& file) {
  std::vector<Finding> findings;
  if (file.IsHeader() &&
      (file.lines.empty() || !file.lines[0].starts_with("//"))) {
    findings.push_back({"file-comment", file.path, 1,
                        "a header opens with a comment: what it is, what it "
                        "never does, threads"});
  }
  for (size_t i = 0; i < file.lines.size(); ++i) {
    const std::string_view line = file.lines[i];
    const size_t at = line.find("// TODO");
    if (at == line.npos || HasIssueNumber(line.substr(at + 7))) continue;
    // In a literal, whose closing quote is code?
    if (!Trim(std::string_view(file.code[i]).substr(at)).empty()) continue;
    findings.push_back({"todo", file.path, static_cast<int>(i) + 1,
                        "a TODO without its issue: file one, then TODO(#12)"});
  }
  return findings;
}

std::vector<Finding> CheckSource(const SourceFile& file) {
  std::vector<Finding> findings;
  for (const auto check :
       {CheckLimits, CheckBans, CheckIncludes, CheckComments}) {
    for (Finding& finding : check(file)) findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace lb::tidy

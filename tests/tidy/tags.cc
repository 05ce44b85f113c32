#include "tests/tidy/tags.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdio>
#include <utility>

#include "fmt/format.h"
#include "tests/tidy/text.h"

namespace lb::tidy {
namespace {

// Names of the kinds and fields that Tag has. The macro would hide a field.
constexpr std::string_view kCommand =
    "cd '{}' && ctags-universal -R -f - --sort=no --languages=C++ "
    "--langmap=C++:.h.cc --kinds-C++=csumfv --fields=neKSsZ "
    "--fields-C++='{{properties}}' -D 'ABSL_GUARDED_BY(x)=' {} 2>/dev/null";

int ToNumber(std::string_view text) {
  int number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

// "class:lb::Agent" without the kind.
std::string ScopeOf(std::string_view value) {
  return std::string(value.substr(value.find(':') + 1));
}

void SetField(std::string_view field, Tag& tag) {
  const std::string_view key = field.substr(0, field.find(':'));
  if (key.size() == field.size()) {  // The kind alone has no key.
    tag.kind = field;
    return;
  }
  const std::string_view value = field.substr(key.size() + 1);
  if (key == "line") tag.first_line = ToNumber(value);
  if (key == "end") tag.last_line = ToNumber(value);
  if (key == "scope") tag.scope = ScopeOf(value);
  if (key == "signature") tag.signature = value;
  if (key == "properties") tag.is_static = Contains(value, "static");
}

// The fields begin behind the pattern, which may itself have tabs.
constexpr std::string_view kEndOfPattern = ";\"\t";

std::optional<Tag> ParseTag(std::string_view line) {
  const size_t name_end = line.find('\t');
  const size_t fields = line.rfind(kEndOfPattern);
  if (name_end == line.npos || fields == line.npos) return std::nullopt;
  const size_t path_end = line.find('\t', name_end + 1);
  if (path_end == line.npos || path_end > fields) return std::nullopt;
  Tag tag{
      .name = std::string(line.substr(0, name_end)),
      .path = std::string(line.substr(name_end + 1, path_end - name_end - 1))};
  std::string_view rest = line.substr(fields + kEndOfPattern.size());
  while (!rest.empty()) {
    const std::string_view field = rest.substr(0, rest.find('\t'));
    SetField(field, tag);
    rest.remove_prefix(std::min(field.size() + 1, rest.size()));
  }
  return tag;
}

}  // namespace

bool Tag::IsClass() const {
  return kind == "class" || kind == "struct" || kind == "union";
}

std::string Tag::FullName() const {
  return scope.empty() ? name : fmt::format("{}::{}", scope, name);
}

std::vector<Tag> ParseTags(std::string_view text) {
  std::vector<Tag> tags;
  for (const std::string& line : SplitLines(text)) {
    if (std::optional<Tag> tag = ParseTag(line)) {
      tags.push_back(*std::move(tag));
    }
  }
  return tags;
}

std::optional<std::vector<Tag>> ReadTags(const std::string& root,
                                         std::string_view tops) {
  const std::string command = fmt::format(kCommand, root, tops);
  std::FILE* output = popen(command.c_str(), "r");
  if (output == nullptr) return std::nullopt;
  std::string text;
  char buffer[1 << 16];
  while (const size_t size = std::fread(buffer, 1, sizeof(buffer), output)) {
    text.append(buffer, size);
  }
  if (pclose(output) != 0) return std::nullopt;
  return ParseTags(text);
}

std::vector<std::string> SplitParameters(std::string_view signature) {
  std::vector<std::string> parameters;
  int depth = 0;
  std::string parameter;
  for (const char c : signature) {
    if (c == ')' || c == '>' || c == '}' || c == ']') --depth;
    if (depth == 0 && c == ')') break;
    if (depth == 1 && c == ',') {
      parameters.push_back(std::exchange(parameter, ""));
    } else if (depth > 0) {
      parameter += c;
    }
    if (c == '(' || c == '<' || c == '{' || c == '[') ++depth;
  }
  if (!Trim(parameter).empty()) parameters.push_back(parameter);
  return parameters;
}

}  // namespace lb::tidy

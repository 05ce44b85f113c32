#include "lb/config/yaml_error.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "fmt/format.h"
#include "lb/net/address_text.h"

namespace lb::config {
namespace {

constexpr std::string_view kUnknownAnchor =
    "the referenced anchor is not defined";
constexpr size_t kShownMax = 60;
constexpr int kLinesBefore = 3;  // In which the mistake may be.

std::string_view Trim(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

std::string Quoted(std::string_view text) {
  const bool is_long = text.size() > kShownMax;
  return fmt::format("\"{}{}\"", net::EscapedText(text.substr(0, kShownMax)),
                     is_long ? "..." : "");
}

bool HasTabInFront(std::string_view line) {
  return line.substr(0, line.find_first_not_of(" \t")).find('\t') !=
         std::string_view::npos;
}

bool IsConflictMark(std::string_view line) {
  return line.starts_with("<<<<<<<") || line.starts_with(">>>>>>>") ||
         Trim(line) == "=======";
}

// "--- text" and "----" begin no document.
bool IsBadSeparator(std::string_view line) {
  if (!line.starts_with("---")) return Trim(line) == "---" && !line.empty();
  const std::string_view rest = Trim(line.substr(3));
  return !rest.empty() && rest.front() != '#';
}

// "kind:Service" is a text, not a key and its value.
bool LacksSpace(std::string_view line) {
  const std::string_view text = Trim(line);
  const size_t colon = text.find(':');
  if (colon == 0 || colon == std::string_view::npos) return false;
  const bool is_key =
      std::all_of(text.begin(), text.begin() + static_cast<ptrdiff_t>(colon),
                  [](unsigned char c) { return absl::ascii_isalnum(c); });
  return is_key && colon + 1 < text.size() && text[colon + 1] != ' ' &&
         text[colon + 1] != '/';
}

// What is wrong with one line; empty: nothing that is known here.
std::string WantedOf(std::string_view line) {
  if (IsConflictMark(line)) return ", want no marks of a merge conflict";
  if (line.find("{{") != std::string_view::npos ||
      line.find("{%") != std::string_view::npos) {
    return ", want what the template makes, not the template";
  }
  if (IsBadSeparator(line)) {
    return fmt::format(
        ", want \"---\" at the beginning of the line and nothing behind it, "
        "not {}",
        Quoted(line));
  }
  if (LacksSpace(line)) {
    return fmt::format(", want a space after the ':' in {}",
                       Quoted(Trim(line)));
  }
  return "";
}

// A line that ends with CR alone is none to the parser.
bool EndsLinesWithCrAlone(std::string_view text) {
  return text.find('\r') != std::string_view::npos &&
         text.find('\n') == std::string_view::npos;
}

std::string_view AliasAt(std::string_view line, size_t column) {
  const size_t star = line.find('*', std::min(column, line.size()));
  if (star == std::string_view::npos) return "";
  return line.substr(star, line.find_first_of(" \t\r,]}", star) - star);
}

bool NamesPassword(std::string_view line) {
  const std::string lower =
      absl::AsciiStrToLower(absl::string_view(line.data(), line.size()));
  return lower.find("password") != std::string::npos;
}

}  // namespace

std::string ExplainYamlError(std::string_view text, int line, int column,
                             std::string_view message) {
  if (EndsLinesWithCrAlone(text)) {
    return fmt::format("{}, want lines that end with LF, not with CR alone",
                       message);
  }
  const std::vector<absl::string_view> lines =
      absl::StrSplit(absl::string_view(text.data(), text.size()), '\n');
  if (line < 1 || line > static_cast<int>(lines.size())) {
    return std::string(message);
  }
  const auto at = [&](int number) {
    const absl::string_view found = lines[number - 1];
    return std::string_view(found.data(), found.size());
  };
  for (int back = 0; back <= kLinesBefore && back < line; ++back) {
    if (!NamesPassword(at(line - back))) continue;
    return fmt::format("{}; the text has a password and is not shown", message);
  }
  if (message == kUnknownAnchor) {
    const std::string_view alias = AliasAt(at(line), column);
    if (alias.size() > 1) {
      return fmt::format(
          "{}: no such anchor, want {} before it in the same document",
          Quoted(alias), Quoted(fmt::format("&{}", alias.substr(1))));
    }
  }
  std::string wanted;
  if (HasTabInFront(at(line))) wanted = ", want spaces in front, not a tab";
  for (int back = 0; back <= kLinesBefore && wanted.empty(); ++back) {
    if (line - back >= 1) wanted = WantedOf(at(line - back));
  }
  if (wanted.empty() && message.find("flow not found") != message.npos) {
    wanted = message.find("map") != message.npos ? ", want a closing }"
                                                 : ", want a closing ]";
  }
  const std::string_view shown = Trim(at(line));
  return fmt::format("{}{}{}", message,
                     shown.empty() ? "" : ": " + Quoted(shown), wanted);
}

}  // namespace lb::config

#include "lb/config/broken_text.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "absl/strings/ascii.h"
#include "fmt/format.h"
#include "lb/config/kinds.h"

namespace lb::config {
namespace {

bool IsNameCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' ||
         c == '.' || c == '_';
}

std::string_view SkipAll(std::string_view text, std::string_view what) {
  const size_t end = text.find_first_not_of(what);
  return end == std::string_view::npos ? "" : text.substr(end);
}

// The value of a key whose end `text` begins with; empty if it was no key.
std::string_view ValueAfterKey(std::string_view text) {
  text = SkipAll(text, "\"' \t");
  if (!text.starts_with(':')) return "";
  text = SkipAll(text.substr(1), "\"' \t");
  const auto end = std::find_if_not(text.begin(), text.end(), IsNameCharacter);
  return text.substr(0, end - text.begin());
}

// Values of the key, wherever it stands.
std::set<std::string_view> ValuesOf(std::string_view key,
                                    std::string_view text) {
  std::set<std::string_view> values;
  for (size_t at = text.find(key); at != std::string_view::npos;
       at = text.find(key, at + key.size())) {
    if (at > 0 && IsNameCharacter(text[at - 1])) continue;
    const std::string_view value = ValueAfterKey(text.substr(at + key.size()));
    if (!value.empty()) values.insert(value);
    if (values.size() > kMentionsMax) break;
  }
  return values;
}

}  // namespace

std::optional<std::set<std::string>> ObjectsMentioned(std::string_view text) {
  const std::set<std::string_view> names = ValuesOf("name", text);
  const std::set<std::string_view> kinds = ValuesOf("kind", text);
  std::set<std::string> objects;
  for (const std::string_view kind : ReadKinds()) {
    if (!kinds.contains(kind)) continue;
    for (const std::string_view name : names) {
      if (objects.size() >= kMentionsMax) return std::nullopt;
      objects.insert(fmt::format("{}/{}", kind, name));
    }
  }
  return objects;
}

}  // namespace lb::config

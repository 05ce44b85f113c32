#include "lb/config/flow_yaml.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/strings/ascii.h"
#include "fmt/format.h"

namespace lb::config {
namespace {

using Kind = YamlNode::Kind;

// Means the same with quotes and without, but for being a number or a bool.
bool IsPlain(std::string_view text) {
  constexpr std::array<std::string_view, 3> kNulls = {"null", "Null", "NULL"};
  const auto is_safe = [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' ||
           c == '/' || c == '_' || c == '-';
  };
  return !text.empty() && text.front() != '-' &&
         std::all_of(text.begin(), text.end(), is_safe) &&
         std::find(kNulls.begin(), kNulls.end(), text) == kNulls.end();
}

void AppendQuoted(std::string_view text, std::string* out) {
  *out += '"';
  for (const char c : text) {
    const auto byte = static_cast<uint8_t>(c);
    if (byte < 0x20 || byte == 0x7f) {
      *out += fmt::format("\\x{:02x}", byte);
      continue;
    }
    if (c == '"' || c == '\\') *out += '\\';
    *out += c;
  }
  *out += '"';
}

void Append(const YamlNode& node, std::string* out);

// Calls Append for each child, with commas between.
void AppendChildren(const YamlNode& node, std::string* out) {
  bool is_first = true;
  for (const YamlNode& child : node.children) {
    if (!is_first) *out += ", ";
    is_first = false;
    if (node.kind == Kind::kMap) {
      if (IsPlain(child.key)) {
        *out += child.key;
      } else {
        AppendQuoted(child.key, out);
      }
      *out += ": ";
    }
    Append(child, out);
  }
}

void Append(const YamlNode& node, std::string* out) {
  switch (node.kind) {
    case Kind::kNull:
      *out += "null";
      break;
    case Kind::kScalar:
      if (node.plain && IsPlain(node.text)) {
        *out += node.text;
      } else {
        AppendQuoted(node.text, out);
      }
      break;
    case Kind::kSequence:
      *out += '[';
      AppendChildren(node, out);
      *out += ']';
      break;
    case Kind::kMap:
      *out += '{';
      AppendChildren(node, out);
      *out += '}';
      break;
  }
}

}  // namespace

std::string ToFlowYaml(const YamlNode& node) {
  std::string text;
  Append(node, &text);
  return text;
}

}  // namespace lb::config

#include "lb/config/yaml_text.h"

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace lb::config {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD
constexpr size_t kEscapeSize = 6;                          // \uXXXX

// The number of the escape \uXXXX that `text` begins with.
std::optional<uint32_t> EscapeAt(std::string_view text) {
  if (text.size() < kEscapeSize || !text.starts_with("\\u")) {
    return std::nullopt;
  }
  uint32_t number = 0;
  const char* const end = text.data() + kEscapeSize;
  const auto [stop, error] = std::from_chars(text.data() + 2, end, number, 16);
  if (error != std::errc() || stop != end) return std::nullopt;
  return number;
}

bool IsHigh(uint32_t number) { return number >= 0xd800 && number <= 0xdbff; }
bool IsLow(uint32_t number) { return number >= 0xdc00 && number <= 0xdfff; }

std::string Utf8(uint32_t code) {  // Above U+FFFF.
  return {static_cast<char>(0xf0 | (code >> 18)),
          static_cast<char>(0x80 | ((code >> 12) & 0x3f)),
          static_cast<char>(0x80 | ((code >> 6) & 0x3f)),
          static_cast<char>(0x80 | (code & 0x3f))};
}

// Appends what the backslash at the beginning of `text` means; returns how many
// bytes that were.
size_t AppendEscape(std::string_view text, std::string* out) {
  const std::optional<uint32_t> first = EscapeAt(text);
  if (!first || (!IsHigh(*first) && !IsLow(*first))) {
    *out += text.substr(0, 2);  // The second may be a backslash, too.
    return text.size() < 2 ? 1 : 2;
  }
  const std::optional<uint32_t> second =
      IsHigh(*first) ? EscapeAt(text.substr(kEscapeSize)) : std::nullopt;
  if (!second || !IsLow(*second)) {
    *out += kReplacement;
    return kEscapeSize;
  }
  *out += Utf8(0x10000 + ((*first - 0xd800) << 10) + (*second - 0xdc00));
  return 2 * kEscapeSize;
}

}  // namespace

std::string PrepareYamlText(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const bool begins_line = out.empty() || out.back() == '\n';
    if (begins_line && text.substr(at).starts_with(kByteOrderMark)) {
      at += kByteOrderMark.size();
    } else if (text[at] == '\\') {
      at += AppendEscape(text.substr(at), &out);
    } else {
      out += text[at++];
    }
  }
  return out;
}

}  // namespace lb::config

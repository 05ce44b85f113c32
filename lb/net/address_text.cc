#include "lb/net/address_text.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "fmt/format.h"

namespace lb::net {
namespace {

struct Character {
  char32_t code = 0;
  size_t size = 1;    // Bytes.
  bool valid = true;  // UTF-8; else `code` is the byte.
};

uint8_t ByteAt(std::string_view text, size_t at) {
  return static_cast<uint8_t>(text[at]);
}

// Returns the first character of `text`.
Character FirstOf(std::string_view text) {
  const uint8_t first = ByteAt(text, 0);
  if (first < 0x80) return {first, 1, true};
  const size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  constexpr std::array<char32_t, 5> kLeast = {0, 0, 0x80, 0x800, 0x10000};
  if (first < 0xc2 || first > 0xf4 || size > text.size()) {
    return {first, 1, false};
  }
  char32_t code = first & (0x7f >> size);
  for (size_t i = 1; i < size; ++i) {
    if ((ByteAt(text, i) & 0xc0) != 0x80) return {first, 1, false};
    code = (code << 6) | (ByteAt(text, i) & 0x3f);
  }
  const bool surrogate = code >= 0xd800 && code <= 0xdfff;
  if (code < kLeast[size] || code > 0x10ffff || surrogate) {
    return {first, 1, false};
  }
  return {code, size, true};
}

struct CodeRange {
  char32_t first, last;
};

template <size_t N>
bool IsIn(char32_t code, const std::array<CodeRange, N>& ranges) {
  return std::any_of(ranges.begin(), ranges.end(), [=](const CodeRange& range) {
    return range.first <= code && code <= range.last;
  });
}

// True for white space and for characters without a width.
bool IsBlank(char32_t code) {
  constexpr std::array<CodeRange, 15> kBlanks = {{{0x09, 0x0d},
                                                  {' ', ' '},
                                                  {0x85, 0x85},
                                                  {0xa0, 0xa0},
                                                  {0xad, 0xad},
                                                  {0x1680, 0x1680},
                                                  {0x180e, 0x180e},
                                                  {0x2000, 0x200f},
                                                  {0x2028, 0x202f},
                                                  {0x205f, 0x2064},
                                                  {0x2066, 0x2069},
                                                  {0x2800, 0x2800},
                                                  {0x3000, 0x3000},
                                                  {0x3164, 0x3164},
                                                  {0xfeff, 0xfeff}}};
  return IsIn(code, kBlanks);
}

bool IsDash(char32_t code) {
  constexpr std::array<CodeRange, 14> kDashes = {{{'-', '-'},
                                                  {0x02d7, 0x02d7},
                                                  {0x058a, 0x058a},
                                                  {0x1806, 0x1806},
                                                  {0x2010, 0x2015},
                                                  {0x2043, 0x2043},
                                                  {0x207b, 0x207b},
                                                  {0x208b, 0x208b},
                                                  {0x2212, 0x2212},
                                                  {0x2796, 0x2796},
                                                  {0x2e3a, 0x2e3b},
                                                  {0xfe58, 0xfe58},
                                                  {0xfe63, 0xfe63},
                                                  {0xff0d, 0xff0d}}};
  return IsIn(code, kDashes);
}

}  // namespace

std::string NormalizeAddressText(std::string_view text) {
  std::string out;
  std::string blanks;  // Since the last other character.
  for (size_t at = 0; at < text.size();) {
    const Character character = FirstOf(text.substr(at));
    const std::string_view bytes = text.substr(at, character.size);
    at += character.size;
    if (character.valid && IsBlank(character.code)) {
      blanks += bytes;
      continue;
    }
    const bool is_dash = character.valid && IsDash(character.code);
    const bool follows_text = !out.empty() && out.back() != '-';
    if (!is_dash && follows_text) out += blanks;
    blanks.clear();
    out += is_dash ? "-" : bytes;
  }
  return out;
}

std::string EscapedText(std::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const Character character = FirstOf(text.substr(at));
    const uint32_t code = character.code;
    if (!character.valid) {
      out += fmt::format("\\x{:02x}", code);
    } else if (code >= 0x20 && code < 0x7f) {
      out += static_cast<char>(code);
    } else if (code > 0xffff) {
      out += fmt::format("\\U{:08x}", code);
    } else {
      out += fmt::format("\\u{:04x}", code);
    }
    at += character.size;
  }
  return out;
}

}  // namespace lb::net

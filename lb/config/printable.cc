#include "lb/config/printable.h"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "fmt/format.h"

namespace lb::config {
namespace {

// A form of UTF-8 (RFC 3629): first bytes, and the second byte's range, which
// keeps out overlong forms, surrogates and what is beyond U+10FFFF.
struct Form {
  uint8_t first_min, first_max;
  uint8_t second_min, second_max;
  size_t size;
};

constexpr std::array<Form, 8> kForms = {{
    {0xc2, 0xc2, 0xa0, 0xbf, 2},  // U+0080..U+009F are controls.
    {0xc3, 0xdf, 0x80, 0xbf, 2},
    {0xe0, 0xe0, 0xa0, 0xbf, 3},
    {0xe1, 0xec, 0x80, 0xbf, 3},
    {0xed, 0xed, 0x80, 0x9f, 3},
    {0xee, 0xef, 0x80, 0xbf, 3},
    {0xf0, 0xf0, 0x90, 0xbf, 4},
    {0xf1, 0xf4, 0x80, 0xbf, 4},
}};

uint8_t ByteAt(std::string_view text, size_t at) {
  return static_cast<uint8_t>(text[at]);
}

bool HasForm(std::string_view text, const Form& form) {
  const uint8_t first = ByteAt(text, 0);
  if (first < form.first_min || first > form.first_max) return false;
  if (text.size() < form.size) return false;
  const uint8_t second = ByteAt(text, 1);
  if (second < form.second_min || second > form.second_max) return false;
  if (first == 0xf4 && second > 0x8f) return false;
  for (size_t i = 2; i < form.size; ++i) {
    if ((ByteAt(text, i) & 0xc0) != 0x80) return false;
  }
  return true;
}

// Would it make a terminal show what stands around it in another order? It has
// three bytes at most: U+061C, U+200E, U+200F, U+202A..202E, U+2066..2069.
bool TurnsDirection(std::string_view character) {
  if (character == "\xd8\x9c") return true;
  if (character.size() != 3 || ByteAt(character, 0) != 0xe2) return false;
  const uint8_t second = ByteAt(character, 1);
  const uint8_t third = ByteAt(character, 2);
  if (second == 0x80)
    return third == 0x8e || third == 0x8f || (third >= 0xaa && third <= 0xae);
  return second == 0x81 && third >= 0xa6 && third <= 0xa9;
}

// Bytes of the printable character that `text` begins with; 0: it is none.
size_t CharacterSize(std::string_view text) {
  const uint8_t first = ByteAt(text, 0);
  if (first < 0x80) return first >= 0x20 && first != 0x7f ? 1 : 0;
  for (const Form& form : kForms) {
    if (!HasForm(text, form)) continue;
    return TurnsDirection(text.substr(0, form.size)) ? 0 : form.size;
  }
  return 0;
}

}  // namespace

std::string Printable(std::string_view text, size_t bytes_max) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const size_t size = CharacterSize(text.substr(at));
    const size_t taken = size == 0 ? 1 : size;
    if (at + taken > bytes_max) return out + "...";
    if (size == 0) {
      out += fmt::format("\\x{:02x}", ByteAt(text, at));
    } else {
      out += text.substr(at, size);
    }
    at += taken;
  }
  return out;
}

}  // namespace lb::config

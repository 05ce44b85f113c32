// Hex: bytes written as text, for the tables of codec tests.
//
//   Hex("0806 0001")  // {0x08, 0x06, 0x00, 0x01}
#ifndef LB_NET_TESTING_HEX_H_
#define LB_NET_TESTING_HEX_H_

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lb/base/check.h"

namespace lb::net {

// Spaces are for the reader. REQUIRES: else whole pairs of hex digits.
inline std::vector<uint8_t> Hex(std::string_view text) {
  std::string digits;
  for (const char c : text) {
    if (c != ' ') digits += c;
  }
  LB_CHECK(digits.size() % 2 == 0);
  std::vector<uint8_t> bytes(digits.size() / 2);
  for (size_t i = 0; i < bytes.size(); ++i) {
    const char* pair = digits.data() + 2 * i;
    const auto [end, error] = std::from_chars(pair, pair + 2, bytes[i], 16);
    LB_CHECK(error == std::errc() && end == pair + 2);
  }
  return bytes;
}

}  // namespace lb::net

#endif  // LB_NET_TESTING_HEX_H_

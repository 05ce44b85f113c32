#include "lb/gossip/wire/testing/vectors.h"

#include <charconv>
#include <fstream>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/numbers.h"
#include "fmt/format.h"
#include "lb/base/check.h"

namespace lb::gossip::wire {
namespace {

constexpr std::string_view kSeparator = " | ";

Vector ParseHeader(std::string_view line) {
  std::vector<std::string> fields;
  for (size_t at = 0; at != std::string_view::npos;) {
    at = line.find(kSeparator);
    fields.emplace_back(line.substr(0, at));
    if (at != std::string_view::npos)
      line.remove_prefix(at + kSeparator.size());
  }
  LB_CHECK(fields.size() == 4);
  Vector vector = {
      .name = fields[0], .build = fields[1], .transport = fields[2]};
  LB_CHECK(absl::SimpleAtoi(fields[3], &vector.size));
  return vector;
}

}  // namespace

CodecOptions Vector::Options() const {
  return {.label = build.ends_with(" label blue") ? "blue" : "",
          .compress = decoded.find("compress(") != std::string::npos,
          .protocol_version = static_cast<uint8_t>(
              build.find("proto1") == std::string::npos ? 2 : 1)};
}

Keyring Vector::Keys() const {
  Keyring keyring;
  if (build.find("key K16") == std::string::npos) return keyring;
  constexpr std::string_view kKey16 = "0123456789abcdef";
  LB_CHECK(keyring.Add(Bytes(kKey16.begin(), kKey16.end())).ok());
  return keyring;
}

std::vector<Vector> ReadVectors() {
  std::ifstream file("tests/corpus/memberlist/vectors.txt");
  LB_CHECK(file.is_open());
  std::vector<Vector> vectors;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("## ")) {
      vectors.push_back(ParseHeader(std::string_view(line).substr(3)));
    } else if (line.starts_with("= ")) {
      vectors.back().decoded = line.substr(2);
    } else if (!line.empty() && !line.starts_with("#")) {
      vectors.back().hex = line;
    }
  }
  return vectors;
}

Bytes FromHex(std::string_view hex) {
  LB_CHECK(hex.size() % 2 == 0);
  Bytes bytes(hex.size() / 2);
  for (size_t n = 0; n < bytes.size(); ++n) {
    const char* const digits = hex.data() + 2 * n;
    LB_CHECK(std::from_chars(digits, digits + 2, bytes[n], 16).ptr ==
             digits + 2);
  }
  return bytes;
}

std::string ToHex(const Bytes& bytes) {
  std::string hex;
  for (const uint8_t byte : bytes) hex += fmt::format("{:02x}", byte);
  return hex;
}

Nonce CountingNonce() {
  Nonce nonce;
  std::iota(nonce.begin(), nonce.end(), 0);
  return nonce;
}

}  // namespace lb::gossip::wire

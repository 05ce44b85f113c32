#include "lb/bgp/community.h"

#include <array>
#include <charconv>
#include <optional>
#include <system_error>

#include "absl/status/status.h"
#include "fmt/format.h"
#include "lb/net/address_text.h"

namespace lb::bgp {
namespace {

// `count` numbers with colons between them; none if `text` is anything else.
template <typename Number, size_t count>
std::optional<std::array<Number, count>> Numbers(std::string_view text) {
  std::array<Number, count> numbers{};
  const char* at = text.begin();
  for (size_t i = 0; i < count; ++i) {
    if (i > 0 && (at == text.end() || *at++ != ':')) return std::nullopt;
    const auto [end, error] = std::from_chars(at, text.end(), numbers[i]);
    if (error != std::errc()) return std::nullopt;
    at = end;
  }
  if (at != text.end()) return std::nullopt;
  return numbers;
}

absl::Status Wanted(std::string_view text, std::string_view wanted) {
  return absl::InvalidArgumentError(
      fmt::format("\"{}\": want {}", net::EscapedText(text), wanted));
}

}  // namespace

std::string Community::ToString() const {
  return fmt::format("{}:{}", number >> 16, number & 0xffff);
}

std::string LargeCommunity::ToString() const {
  return fmt::format("large:{}:{}:{}", administrator, first, second);
}

std::string LinkBandwidth::ToString() const {
  return fmt::format("bandwidth:{}:{}", asn.number, bytes_per_second);
}

absl::StatusOr<Community> ParseCommunity(std::string_view text) {
  const auto numbers = Numbers<uint16_t, 2>(text);
  if (!numbers) return Wanted(text, "number:number, each 0 to 65535");
  return Community{uint32_t{(*numbers)[0]} << 16 | (*numbers)[1]};
}

absl::StatusOr<LargeCommunity> ParseLargeCommunity(std::string_view text) {
  constexpr std::string_view kKind = "large:";
  const auto numbers = text.starts_with(kKind)
                           ? Numbers<uint32_t, 3>(text.substr(kKind.size()))
                           : std::nullopt;
  if (!numbers) {
    return Wanted(text, "large:number:number:number, each 0 to 4294967295");
  }
  return LargeCommunity{(*numbers)[0], (*numbers)[1], (*numbers)[2]};
}

}  // namespace lb::bgp

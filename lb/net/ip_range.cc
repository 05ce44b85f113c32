#include "lb/net/ip_range.h"

#include <fmt/format.h>

#include "lb/base/status_macros.h"
#include "lb/net/address_text.h"
#include "lb/net/ip_prefix.h"

namespace lb::net {
namespace {

// Returns an example of what a lone address was probably meant to be.
std::string Example(std::string_view text) {
  const absl::StatusOr<IpAddress> address = ParseIpAddress(text);
  if (!address.ok()) return "";
  return fmt::format(", such as {}/{}", address->ToString(),
                     BitCount(address->family()));
}

// Returns the range if both ends are of one family. The end of a prefix of
// ::/80 may be a mapped IPv4 address.
absl::StatusOr<IpRange> CheckEnds(std::string_view text, const IpRange& range) {
  if (range.first.family() != range.last.family()) {
    return absl::InvalidArgumentError(
        fmt::format("\"{}\": {} to {}, want both ends of one family", text,
                    lb::net::ToString(range.first.family()),
                    lb::net::ToString(range.last.family())));
  }
  if (range.last < range.first) {
    return absl::InvalidArgumentError(
        fmt::format("\"{}\": reversed, want first <= last", text));
  }
  return range;
}

}  // namespace

absl::uint128 IpRange::Size() const {
  const absl::uint128 less_one = last.number() - first.number();
  return less_one == absl::Uint128Max() ? less_one : less_one + 1;
}

std::string IpRange::ToString() const {
  return fmt::format("{}-{}", first.ToString(), last.ToString());
}

absl::StatusOr<IpRange> ParseIpRange(std::string_view given) {
  const std::string normal = NormalizeAddressText(given);
  const std::string_view text = normal;
  const size_t dash = text.find('-');
  if (dash != std::string_view::npos) {
    LB_ASSIGN_OR_RETURN(const IpAddress first,
                        ParseIpAddress(text.substr(0, dash)));
    LB_ASSIGN_OR_RETURN(const IpAddress last,
                        ParseIpAddress(text.substr(dash + 1)));
    return CheckEnds(text, {first, last});
  }
  if (text.find('/') == std::string_view::npos) {
    return absl::InvalidArgumentError(
        fmt::format("\"{}\": want first-last or address/length{}",
                    EscapedText(text), Example(text)));
  }
  LB_ASSIGN_OR_RETURN(const IpPrefix prefix, ParseIpPrefix(text));
  return CheckEnds(text, prefix.Range());
}

}  // namespace lb::net

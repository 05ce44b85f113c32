#include "lb/net/ip_range.h"

#include <fmt/format.h>

#include "lb/base/status_macros.h"
#include "lb/net/ip_prefix.h"

namespace lb::net {
namespace {

std::string_view TrimSpaces(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

// The range, if it is one. A prefix of ::/80 may end at a mapped IPv4 address.
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

absl::StatusOr<IpRange> ParseIpRange(std::string_view text) {
  const size_t dash = text.find('-');
  if (dash == std::string_view::npos) {
    if (text.find('/') == std::string_view::npos) {
      return absl::InvalidArgumentError(fmt::format(
          "\"{}\": want first-last or address/length, such as {}/{}", text,
          text, text.find(':') == std::string_view::npos ? 32 : 128));
    }
    LB_ASSIGN_OR_RETURN(const IpPrefix prefix, ParseIpPrefix(text));
    return CheckEnds(text, prefix.Range());
  }
  LB_ASSIGN_OR_RETURN(const IpAddress first,
                      ParseIpAddress(TrimSpaces(text.substr(0, dash))));
  LB_ASSIGN_OR_RETURN(const IpAddress last,
                      ParseIpAddress(TrimSpaces(text.substr(dash + 1))));
  return CheckEnds(text, {first, last});
}

}  // namespace lb::net

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
    return prefix.Range();
  }
  LB_ASSIGN_OR_RETURN(const IpAddress first,
                      ParseIpAddress(TrimSpaces(text.substr(0, dash))));
  LB_ASSIGN_OR_RETURN(const IpAddress last,
                      ParseIpAddress(TrimSpaces(text.substr(dash + 1))));
  if (first.family() != last.family()) {
    return absl::InvalidArgumentError(fmt::format(
        "\"{}\": {} to {}, want both ends of one family", text,
        lb::net::ToString(first.family()), lb::net::ToString(last.family())));
  }
  if (last < first) {
    return absl::InvalidArgumentError(
        fmt::format("\"{}\": reversed, want first <= last", text));
  }
  return IpRange{first, last};
}

}  // namespace lb::net

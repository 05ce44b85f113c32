#include "lb/bgp/asn.h"

#include <charconv>
#include <system_error>

#include "absl/status/status.h"
#include "fmt/format.h"
#include "lb/net/address_text.h"

namespace lb::bgp {

std::string Asn::ToString() const { return fmt::format("{}", number); }

absl::StatusOr<Asn> ParseAsn(std::string_view text) {
  Asn asn;
  const auto [end, error] =
      std::from_chars(text.begin(), text.end(), asn.number);
  if (error != std::errc() || end != text.end() || asn.number == 0) {
    return absl::InvalidArgumentError(fmt::format(
        "\"{}\": want an AS number, 1 to 4294967295", net::EscapedText(text)));
  }
  return asn;
}

}  // namespace lb::bgp

#include "daemon/lbctl/arguments.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>

#include "absl/strings/ascii.h"
#include "daemon/options/options.h"
#include "lb/config/printable.h"
#include "lb/net/ip_address.h"

namespace lb::lbctl {
namespace {

constexpr size_t kShownMax = 256;

// A Timestamp is in the years 1 to 9999.
constexpr absl::Time kFirstTime = absl::FromUnixSeconds(-62'135'596'800);
constexpr absl::Time kLastTime = absl::FromUnixSeconds(253'402'300'799);

std::string Quoted(const std::string& text) {
  return fmt::format("\"{}\"", config::Printable(text, kShownMax));
}

// Returns the words that ParseKind() takes.
std::vector<std::string> KindNames() {
  std::vector<std::string> names;
  const auto* const kinds = status::v1::Problem::Kind_descriptor();
  for (int i = 0; i < kinds->value_count(); ++i) {
    if (kinds->value(i)->number() == 0) continue;
    std::string name = kinds->value(i)->name();
    for (char& c : name) c = c == '_' ? '-' : absl::ascii_tolower(c);
    names.push_back(std::move(name));
  }
  return names;
}

}  // namespace

absl::StatusOr<absl::Time> ParseSince(const std::string& text, absl::Time now) {
  absl::Duration ago;
  absl::Time time;
  std::string error;
  // Both parsers also take "inf", and times beyond all dates.
  if (absl::ParseDuration(text, &ago) && ago >= absl::ZeroDuration()) {
    time = now - ago;
    if (time >= kFirstTime) return time;
  } else if (absl::ParseTime(absl::RFC3339_full, text, &time, &error) &&
             time >= kFirstTime && time <= kLastTime) {
    return time;
  }
  return absl::InvalidArgumentError(fmt::format(
      "--since: {}, want 10m, 2h or 2024-05-01T10:00:00Z", Quoted(text)));
}

absl::StatusOr<status::v1::Problem::Kind> ParseKind(const std::string& name) {
  std::string enumerator = name;
  for (char& c : enumerator) c = c == '-' ? '_' : absl::ascii_toupper(c);
  auto kind = status::v1::Problem::KIND_UNSPECIFIED;
  if (status::v1::Problem::Kind_Parse(enumerator, &kind) &&
      kind != status::v1::Problem::KIND_UNSPECIFIED) {
    return kind;
  }
  return absl::InvalidArgumentError(fmt::format("--kind: {}, want one of {}",
                                                Quoted(name),
                                                fmt::join(KindNames(), ", ")));
}

absl::Status CheckAddress(const std::string& address) {
  if (address.empty() || net::ParseIpAddress(address).ok()) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(fmt::format(
      "--address: {}, want an IPv4 or IPv6 address", Quoted(address)));
}

absl::Status CheckNotEmpty(std::string_view argument, std::string_view value,
                           std::string_view want) {
  if (!value.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("{}: empty, want {}", argument, want));
}

absl::Status CheckLogLevel(const std::string& level) {
  for (const LogLevel known : {LogLevel::kDebug, LogLevel::kInfo,
                               LogLevel::kWarning, LogLevel::kError}) {
    if (ToString(known) == level) return absl::OkStatus();
  }
  return absl::InvalidArgumentError(fmt::format(
      "LEVEL: {}, want debug, info, warning or error", Quoted(level)));
}

// Neither a namespace nor the name of a service has a dot or a colon.
absl::Status CheckAddressOrService(const std::string& what) {
  const bool is_meant_as_address =
      what.find(':') != std::string::npos ||
      (!what.empty() && absl::ascii_isdigit(what[0]) &&
       what.find('.') != std::string::npos);
  if (!is_meant_as_address || net::ParseIpAddress(what).ok()) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(fmt::format(
      "{}: no IP address, want an address or namespace/name", Quoted(what)));
}

}  // namespace lb::lbctl

#include "lb/kubernetes/access.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "fmt/format.h"
#include "lb/kubernetes/cut_text.h"

namespace lb::kubernetes {
namespace {

constexpr std::string_view kScheme = "https://";
constexpr uint16_t kDefaultPort = 443;
constexpr size_t kShownMax = 200;

absl::Status NoUrl(std::string_view url, std::string_view wanted) {
  return absl::InvalidArgumentError(
      fmt::format("\"{}\", want {}", CutText(url, kShownMax), wanted));
}

bool IsBlank(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

std::string_view WithoutBlanks(std::string_view text) {
  while (!text.empty() && IsBlank(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsBlank(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace

absl::StatusOr<ServerUrl> ParseServerUrl(std::string_view url) {
  if (!url.starts_with(kScheme)) {
    return NoUrl(url, "a URL that begins with https://");
  }
  const std::string_view rest = url.substr(kScheme.size());
  if (rest.find_first_of("?#@") != rest.npos) {
    return NoUrl(url, "a URL without a user, a query or a fragment");
  }
  const size_t slash = std::min(rest.find('/'), rest.size());
  ServerUrl parsed;
  absl::StatusOr<net::HostPort> server =
      net::ParseHostPort(rest.substr(0, slash), kDefaultPort);
  if (!server.ok()) return NoUrl(url, "https://HOST:PORT");
  parsed.server = *std::move(server);
  parsed.path_prefix = rest.substr(slash);
  while (parsed.path_prefix.ends_with('/')) parsed.path_prefix.pop_back();
  const bool is_plain =
      std::all_of(parsed.path_prefix.begin(), parsed.path_prefix.end(),
                  [](char c) { return c > ' ' && c < 0x7f; });
  if (!is_plain) return NoUrl(url, "a path of plain characters");
  return parsed;
}

absl::Status CheckPem(std::string_view text, std::string_view kind) {
  for (size_t at = text.find("-----BEGIN "); at != text.npos;
       at = text.find("-----BEGIN ", at + 1)) {
    const std::string_view line = text.substr(at, text.find('\n', at) - at);
    if (line.find(fmt::format("{}-----", kind)) != line.npos) {
      return absl::OkStatus();
    }
  }
  return absl::InvalidArgumentError(
      fmt::format("{} bytes without a {}, want PEM (-----BEGIN {}-----)",
                  text.size(), kind, kind));
}

absl::StatusOr<std::string> CheckToken(std::string_view text) {
  const std::string_view token = WithoutBlanks(text);
  if (token.empty()) {
    return absl::InvalidArgumentError("empty, want a bearer token");
  }
  const bool is_plain = std::all_of(token.begin(), token.end(),
                                    [](char c) { return c > ' ' && c < 0x7f; });
  if (!is_plain) {
    return absl::InvalidArgumentError(
        fmt::format("{} bytes with characters that no token has, want one "
                    "bearer token",
                    token.size()));
  }
  return std::string(token);
}

}  // namespace lb::kubernetes

#include "lb/base/label_syntax.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace lb {
namespace {

constexpr size_t kNameMax = 63;
constexpr size_t kPrefixMax = 253;
constexpr char kWantedName[] =
    "1 to 63 of letters, digits, '-', '_' and '.', a letter or digit first and "
    "last";

bool IsAlphanumeric(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c));
}

bool IsLabelName(std::string_view text) {
  if (text.empty() || text.size() > kNameMax) return false;
  if (!IsAlphanumeric(text.front()) || !IsAlphanumeric(text.back())) {
    return false;
  }
  return std::all_of(text.begin(), text.end(), [](char c) {
    return IsAlphanumeric(c) || c == '-' || c == '_' || c == '.';
  });
}

// RFC 1123, in lower case.
bool IsDnsLabel(std::string_view text) {
  return IsLabelName(text) && std::all_of(text.begin(), text.end(), [](char c) {
           return c == '-' || absl::ascii_isdigit(static_cast<uint8_t>(c)) ||
                  absl::ascii_islower(static_cast<uint8_t>(c));
         });
}

bool IsDnsName(std::string_view text) {
  if (text.size() > kPrefixMax) return false;
  while (true) {
    const size_t dot = text.find('.');
    if (!IsDnsLabel(text.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

absl::Status Refuse(std::string_view text, std::string_view wanted) {
  return absl::InvalidArgumentError(
      absl::StrCat("\"", std::string(text), "\", want ", std::string(wanted)));
}

}  // namespace

absl::Status CheckLabelKey(std::string_view key) {
  const size_t slash = key.find('/');
  if (slash != std::string_view::npos && !IsDnsName(key.substr(0, slash))) {
    return Refuse(key, "a DNS name of at most 253 characters before the '/'");
  }
  const bool good = slash == std::string_view::npos
                        ? IsLabelName(key)
                        : IsLabelName(key.substr(slash + 1));
  if (good) return absl::OkStatus();
  return Refuse(
      key, absl::StrCat("a label key: ", kWantedName,
                        slash == std::string_view::npos ? "" : " after '/'"));
}

absl::Status CheckLabelValue(std::string_view value) {
  if (value.empty() || IsLabelName(value)) return absl::OkStatus();
  return Refuse(value,
                absl::StrCat("a label value: nothing, or ", kWantedName));
}

}  // namespace lb

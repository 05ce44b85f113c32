#include "lb/config/problem.h"

#include <string>
#include <string_view>

#include "fmt/format.h"

namespace lb::config {
namespace {

// Text comes from files that anybody may have written: no line breaks, no
// terminal sequences, no end.
constexpr size_t kTextMax = 500;

void AppendPrintable(std::string_view text, std::string* out) {
  for (const char c : text.substr(0, kTextMax)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      *out += fmt::format("\\x{:02x}", byte);
    } else {
      *out += c;
    }
  }
  if (text.size() > kTextMax) *out += "...";
}

}  // namespace

std::string Problem::ToString() const {
  std::string text;
  AppendPrintable(file, &text);
  if (line > 0) text += fmt::format(":{}", line);
  for (const std::string& part : {object, field, message}) {
    if (part.empty()) continue;
    if (!text.empty()) text += ": ";
    AppendPrintable(part, &text);
  }
  return text;
}

}  // namespace lb::config

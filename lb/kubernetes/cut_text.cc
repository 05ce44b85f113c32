#include "lb/kubernetes/cut_text.h"

#include "lb/config/printable.h"

namespace lb::kubernetes {

std::string CutText(std::string_view text, size_t bytes_max) {
  std::string cut = config::Printable(text, bytes_max);
  if (cut.size() <= bytes_max) return cut;
  size_t end = bytes_max - 3;
  // Not within a character of UTF-8.
  while (end > 0 && (cut[end] & 0xc0) == 0x80) --end;
  cut.resize(end);
  return cut + "...";
}

}  // namespace lb::kubernetes

#include "lb/kubernetes/write_request.h"

#include "fmt/format.h"
#include "lb/base/check.h"

namespace lb::kubernetes {

std::string WriteTarget::ToString() const {
  std::string text = fmt::format("{} {}", resource.ToString(), key.ToString());
  if (!subresource.empty()) text += fmt::format(" {}", subresource);
  return text;
}

std::string_view ToString(WriteVerdict verdict) {
  switch (verdict) {
    case WriteVerdict::kDone:
      return "Done";
    case WriteVerdict::kUnneeded:
      return "Unneeded";
    case WriteVerdict::kSuperseded:
      return "Superseded";
    case WriteVerdict::kGone:
      return "Gone";
    case WriteVerdict::kExists:
      return "Exists";
    case WriteVerdict::kConflict:
      return "Conflict";
    case WriteVerdict::kRefused:
      return "Refused";
    case WriteVerdict::kOverflow:
      return "Overflow";
  }
  LB_UNREACHABLE();
}

}  // namespace lb::kubernetes

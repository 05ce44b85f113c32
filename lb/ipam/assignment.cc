#include "lb/ipam/assignment.h"

#include <iterator>

#include "fmt/format.h"

namespace lb::ipam {

std::string Assignment::ToString() const {
  std::string text;
  for (const AssignedAddress& a : addresses) {
    fmt::format_to(std::back_inserter(text), "{}{} (pool {})",
                   text.empty() ? "" : ", ", a.address.ToString(), a.pool);
  }
  return text;
}

}  // namespace lb::ipam

#include "daemon/front/access.h"

#include <algorithm>

namespace lb::front {
namespace {

bool HasOneOf(absl::Span<const std::string> names,
              const std::vector<std::string>& wanted) {
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
    return std::find(wanted.begin(), wanted.end(), name) != wanted.end();
  });
}

}  // namespace

Right RightOf(absl::Span<const std::string> names, const Access& access) {
  const bool is_named_admin =
      access.right == Right::kStatusAndAdmin && HasOneOf(names, access.admins);
  if (is_named_admin) return Right::kStatusAndAdmin;
  const bool is_reader =
      access.readers.empty() || HasOneOf(names, access.readers);
  if (!is_reader) return Right::kNone;
  return access.admins.empty() ? access.right
                               : std::min(access.right, Right::kStatus);
}

}  // namespace lb::front

#include "lb/kubernetes/reflector_options.h"

#include "fmt/format.h"

namespace lb::kubernetes {
namespace {

absl::Status Invalid(std::string_view option, std::string_view wanted) {
  return absl::InvalidArgumentError(fmt::format("{}: want {}", option, wanted));
}

}  // namespace

absl::Status Validate(const ReflectorOptions& options) {
  if (options.resource.version.empty() || options.resource.plural.empty()) {
    return Invalid("resource", "a version and a plural name");
  }
  if (options.metadata_only && !options.selector.empty() &&
      !options.selector.path.starts_with("metadata.")) {
    return Invalid("selector", "a field of metadata, as metadata_only is set");
  }
  if (options.page_limit < 1) return Invalid("page_limit", "1 or more");
  if (options.page_bytes_max < 1) return Invalid("page_bytes_max", "1 or more");
  if (options.line_bytes_max < 1) return Invalid("line_bytes_max", "1 or more");
  if (options.objects_max < 1) return Invalid("objects_max", "1 or more");
  if (options.watch_timeout_min < absl::Seconds(1) ||
      options.watch_timeout_max < options.watch_timeout_min) {
    return Invalid("watch_timeout_min",
                   "1s or more, and at most watch_timeout_max");
  }
  if (options.silence_max <= absl::ZeroDuration()) {
    return Invalid("silence_max", "more than 0");
  }
  if (options.answer_timeout <= absl::ZeroDuration()) {
    return Invalid("answer_timeout", "more than 0");
  }
  if (options.relist_interval < absl::Seconds(1)) {
    return Invalid("relist_interval", "1s or more");
  }
  if (options.back_off.min <= absl::ZeroDuration() ||
      options.back_off.max < options.back_off.min) {
    return Invalid("back_off.min", "more than 0, and at most back_off.max");
  }
  return absl::OkStatus();
}

}  // namespace lb::kubernetes

#include "lb/config/interface_filter.h"

#include <regex.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "lb/base/status_macros.h"

namespace lb::config {
namespace {

// A compiled expression; stays where it was made.
class Pattern {
 public:
  Pattern() = default;
  ~Pattern() {
    if (compiled_) regfree(&regex_);
  }
  Pattern(const Pattern&) = delete;
  Pattern& operator=(const Pattern&) = delete;

  absl::Status Compile(const std::string& text) {
    const int error = regcomp(&regex_, text.c_str(), REG_EXTENDED | REG_NOSUB);
    compiled_ = error == 0;
    if (compiled_) return absl::OkStatus();
    char why[128];
    regerror(error, &regex_, why, sizeof(why));
    return absl::InvalidArgumentError(fmt::format(
        "\"{}\": {}, want a regular expression such as ^eth", text, why));
  }

  bool Matches(const std::string& name) const {
    return regexec(&regex_, name.c_str(), 0, nullptr, 0) == 0;
  }

 private:
  regex_t regex_ = {};
  bool compiled_ = false;
};

absl::Status CompileAll(absl::Span<const std::string> texts,
                        std::deque<Pattern>* patterns) {
  for (const std::string& text : texts) {
    LB_RETURN_IF_ERROR(patterns->emplace_back().Compile(text));
  }
  return absl::OkStatus();
}

bool MatchesAny(const std::deque<Pattern>& patterns, const std::string& name) {
  return std::any_of(
      patterns.begin(), patterns.end(),
      [&](const Pattern& pattern) { return pattern.Matches(name); });
}

}  // namespace

struct InterfaceFilter::Patterns {
  std::deque<Pattern> include;
  std::deque<Pattern> exclude;
};

std::vector<std::string> DefaultExcludedInterfaces() {
  return {"^docker.*",    "^cbr.*", "^dummy.*",        "^virbr.*", "^lxcbr.*",
          "^veth.*",      "^lo$",   "^cali.*",         "^tunl.*",  "^flannel.*",
          "^kube-ipvs.*", "^cni.*", "^nodelocaldns.*", "^lxc.*"};
}

absl::StatusOr<InterfaceFilter> InterfaceFilter::Create(
    absl::Span<const std::string> include,
    absl::Span<const std::string> exclude) {
  auto patterns = std::make_unique<Patterns>();
  LB_RETURN_IF_ERROR(CompileAll(include, &patterns->include));
  LB_RETURN_IF_ERROR(CompileAll(exclude, &patterns->exclude));
  return InterfaceFilter(std::move(patterns));
}

InterfaceFilter::InterfaceFilter(std::unique_ptr<Patterns> patterns)
    : patterns_(std::move(patterns)) {}
InterfaceFilter::InterfaceFilter(InterfaceFilter&&) noexcept = default;
InterfaceFilter& InterfaceFilter::operator=(InterfaceFilter&&) noexcept =
    default;
InterfaceFilter::~InterfaceFilter() = default;

bool InterfaceFilter::Selects(const std::string& name) const {
  if (MatchesAny(patterns_->exclude, name)) return false;
  return patterns_->include.empty() || MatchesAny(patterns_->include, name);
}

}  // namespace lb::config

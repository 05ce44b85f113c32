// InterfaceFilter: which network interfaces may be announced on, by name.
//
// A name is selected if it matches an include pattern (or there is none) and no
// exclude pattern. Patterns are POSIX extended regular expressions that match
// anywhere in the name, as in MetalLB's exclude list: "^eth", "^lo$".
//
// Thread-compatible; cheap to share, not to make.
#ifndef LB_CONFIG_INTERFACE_FILTER_H_
#define LB_CONFIG_INTERFACE_FILTER_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace lb::config {

// What MetalLB excludes as shipped: bridges and taps of containers, loopback.
std::vector<std::string> DefaultExcludedInterfaces();

class InterfaceFilter {
 public:
  // InvalidArgument names the first pattern that is no regular expression.
  static absl::StatusOr<InterfaceFilter> Create(
      absl::Span<const std::string> include,
      absl::Span<const std::string> exclude);

  InterfaceFilter(InterfaceFilter&&) noexcept;
  InterfaceFilter& operator=(InterfaceFilter&&) noexcept;
  ~InterfaceFilter();

  bool Selects(const std::string& name) const;

 private:
  struct Patterns;
  explicit InterfaceFilter(std::unique_ptr<Patterns> patterns);

  std::unique_ptr<Patterns> patterns_;
};

}  // namespace lb::config

#endif  // LB_CONFIG_INTERFACE_FILTER_H_

// Well-known labels: keys of Kubernetes' labels that decide what lbd does, and
// what was probably meant to be one.
//
// Labels are free, so a mistyped key is valid and has no effect. Pure.
#ifndef LB_CONFIG_WELL_KNOWN_LABELS_H_
#define LB_CONFIG_WELL_KNOWN_LABELS_H_

#include <string_view>

#include "absl/types/span.h"

namespace lb::config {

inline constexpr std::string_view kServiceNameLabel =
    "kubernetes.io/service-name";
inline constexpr std::string_view kHostnameLabel = "kubernetes.io/hostname";
inline constexpr std::string_view kExcludeLabel =
    "node.kubernetes.io/exclude-from-external-load-balancers";
inline constexpr std::string_view kZoneLabel = "topology.kubernetes.io/zone";
inline constexpr std::string_view kRegionLabel =
    "topology.kubernetes.io/region";

// The one of `labels` that was probably meant by `key`: at most two edits away,
// or of the same name behind another prefix or none. Empty: none, or `key` is
// one itself.
std::string_view MeantLabel(std::string_view key,
                            absl::Span<const std::string_view> labels);

}  // namespace lb::config

#endif  // LB_CONFIG_WELL_KNOWN_LABELS_H_

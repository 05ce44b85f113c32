// Annotations: those with a prefix of ours, or one that was meant to be it,
// that no kind knows, or another kind, are named.
//
// Such an annotation has no effect, and its author thinks that it has: a notice
// says so, with the nearest known name. Every annotation that a reader reads
// must be in the list in annotations.cc. Pure.
#ifndef LB_CONFIG_ANNOTATIONS_H_
#define LB_CONFIG_ANNOTATIONS_H_

#include <string_view>

#include "lb/config/fields.h"

namespace lb::config {

inline constexpr std::string_view kMetallbPrefix = "metallb.io/";
inline constexpr std::string_view kOldMetallbPrefix = "metallb.universe.tf/";

// `kind` is that of the object with these annotations: "Service".
void NoticeUnknownAnnotations(const Fields& annotations, std::string_view kind);

// An annotation with a prefix of ours among the labels has no effect, either.
void NoticeAnnotationsAmongLabels(const Fields& labels);

// True if it is read on a Service, under its newer name or the older one.
bool IsServiceAnnotation(std::string_view key);

}  // namespace lb::config

#endif  // LB_CONFIG_ANNOTATIONS_H_

// FormatUtc: a time as a person reads it in a message: UTC, to the second.
//
// Pure; the same on every host, whatever its time zone.
//
//   FormatUtc(absl::FromUnixSeconds(0))  "1970-01-01T00:00:00Z"
#ifndef LB_BASE_UTC_TEXT_H_
#define LB_BASE_UTC_TEXT_H_

#include <string>

#include "absl/time/time.h"

namespace lb {

// RFC 3339 without fractions, which are cut off. "infinite-past" and
// "infinite-future" are the text of these two.
std::string FormatUtc(absl::Time time);

}  // namespace lb

#endif  // LB_BASE_UTC_TEXT_H_

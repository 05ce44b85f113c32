// Answers as JSON and YAML, for tools.
//
// JSON is protobuf's own form of the message (names in lowerCamelCase, 64-bit
// numbers as texts), with every field, set or not. YAML has the same names,
// values and order. Pure.
#ifndef LB_DAEMON_LBCTL_FORMAT_H_
#define LB_DAEMON_LBCTL_FORMAT_H_

#include <string>

#include "google/protobuf/message.h"
#include "google/protobuf/timestamp.pb.h"

namespace lb::lbctl {

enum class Layout { kIndented, kOneLine };

// Ends with a newline.
std::string ToJson(const google::protobuf::Message& message, Layout layout);

// A document: begins with "---", ends with a newline.
std::string ToYaml(const google::protobuf::Message& message);

// In the local time zone; "" if it is not set.
std::string FormatTime(const google::protobuf::Timestamp& time);

}  // namespace lb::lbctl

#endif  // LB_DAEMON_LBCTL_FORMAT_H_

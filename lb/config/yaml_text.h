// YAML text: bytes of a file made ready for the YAML parser.
//
// Editors put a byte order mark in front of a file, and concatenated files have
// one at a later document; JSON writes characters above U+FFFF as two \u
// escapes, which YAML does not know. Lines keep their numbers. Pure.
#ifndef LB_CONFIG_YAML_TEXT_H_
#define LB_CONFIG_YAML_TEXT_H_

#include <string>
#include <string_view>

namespace lb::config {

// Without byte order marks (UTF-8) at the beginning of lines, and with the
// character itself in place of a surrogate pair. A surrogate that stands alone
// becomes U+FFFD, as in Go's reader of JSON.
std::string PrepareYamlText(std::string_view text);

}  // namespace lb::config

#endif  // LB_CONFIG_YAML_TEXT_H_

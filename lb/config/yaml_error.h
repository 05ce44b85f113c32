// YAML errors: what the YAML parser says, with the text that it stopped at and,
// where that can be told, what was wanted.
//
// The parser stops where it can go on no more, which is often a line after the
// mistake. Pure.
//
//   yaml: illegal map value: "metadata:", want a space after the ':' in
//   "kind:Service"
#ifndef LB_CONFIG_YAML_ERROR_H_
#define LB_CONFIG_YAML_ERROR_H_

#include <string>
#include <string_view>

namespace lb::config {

// `text` is what was parsed, `line` (from 1) and `column` (from 0) are where
// the parser stopped. No text near a password is in the answer.
std::string ExplainYamlError(std::string_view text, int line, int column,
                             std::string_view message);

}  // namespace lb::config

#endif  // LB_CONFIG_YAML_ERROR_H_

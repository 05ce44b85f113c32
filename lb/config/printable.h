// Printable: text that others wrote, made fit for a line on a terminal, in a
// log or in a message whose texts must be UTF-8.
//
// Control characters, characters that turn the direction of the text around
// them (U+202E and the like) and bytes that are not UTF-8 become \xNN. Names of
// other nodes come from the network, names of files from any user.
//
//   Printable("n1\x1b[2J\n");  // "n1\\x1b[2J\\x0a"
#ifndef LB_CONFIG_PRINTABLE_H_
#define LB_CONFIG_PRINTABLE_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace lb::config {

// A text longer than `bytes_max` is cut to whole characters, with "...".
std::string Printable(std::string_view text,
                      size_t bytes_max = std::string_view::npos);

}  // namespace lb::config

#endif  // LB_CONFIG_PRINTABLE_H_

// CutText: text that others wrote, printable and of bounded length.
//
// Pure, any thread.
#ifndef LB_KUBERNETES_CUT_TEXT_H_
#define LB_KUBERNETES_CUT_TEXT_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace lb::kubernetes {

// config::Printable(), and at most `bytes_max` bytes (3 or more) as it is
// returned; "..." stands where it was cut, between two characters.
std::string CutText(std::string_view text, size_t bytes_max);

}  // namespace lb::kubernetes

#endif  // LB_KUBERNETES_CUT_TEXT_H_

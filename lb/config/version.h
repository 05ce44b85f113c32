// The version of lbd and of all that is built with it.
#ifndef LB_CONFIG_VERSION_H_
#define LB_CONFIG_VERSION_H_

#include <string_view>

namespace lb::config {

inline constexpr std::string_view kVersion = "0.1.0";

}  // namespace lb::config

#endif  // LB_CONFIG_VERSION_H_

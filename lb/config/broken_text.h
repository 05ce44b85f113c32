// Broken text: which objects a file may define that is no YAML to its end.
//
// A guess by words: each value of a key "name" may be the name of an object of
// each kind that the text names. It guesses too much rather than too little.
// Pure and bounded.
#ifndef LB_CONFIG_BROKEN_TEXT_H_
#define LB_CONFIG_BROKEN_TEXT_H_

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace lb::config {

inline constexpr size_t kMentionsMax = 100'000;

// "Kind/name" of kinds that are read, of any namespace. Nullopt: more than
// kMentionsMax.
std::optional<std::set<std::string>> ObjectsMentioned(std::string_view text);

}  // namespace lb::config

#endif  // LB_CONFIG_BROKEN_TEXT_H_

// The rows of the design, from the lowest to the highest.
#ifndef TESTS_TIDY_ROWS_H_
#define TESTS_TIDY_ROWS_H_

#include <optional>
#include <string_view>

namespace lb::tidy {

// 0 (lb/base) to 6 (examples, tests); none for what has no place in the table.
std::optional<int> RowOf(std::string_view path);

}  // namespace lb::tidy

#endif  // TESTS_TIDY_ROWS_H_

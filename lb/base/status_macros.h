// LB_RETURN_IF_ERROR and LB_ASSIGN_OR_RETURN: hand an error to the caller.
//
//   absl::StatusOr<int> Sum(std::string_view a, std::string_view b) {
//     LB_ASSIGN_OR_RETURN(const int first, ParseInt(a));
//     LB_RETURN_IF_ERROR(CheckSmall(first));
//     ...
//   }
//
// Each needs a function that returns absl::Status or absl::StatusOr.
// LB_ASSIGN_OR_RETURN is two statements: never the body of an unbraced `if`.
#ifndef LB_BASE_STATUS_MACROS_H_
#define LB_BASE_STATUS_MACROS_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#define LB_RETURN_IF_ERROR(expression)                            \
  do {                                                            \
    if (absl::Status lb_status = (expression); !lb_status.ok()) { \
      return lb_status;                                           \
    }                                                             \
  } while (false)

#define LB_ASSIGN_OR_RETURN(declaration, expression) \
  LB_ASSIGN_OR_RETURN_1_(LB_CONCAT_(lb_or_, __LINE__), declaration, expression)

#define LB_ASSIGN_OR_RETURN_1_(result, declaration, expression) \
  auto result = (expression);                                   \
  if (!result.ok()) return std::move(result).status();          \
  declaration = *std::move(result)

#define LB_CONCAT_(a, b) LB_CONCAT_1_(a, b)
#define LB_CONCAT_1_(a, b) a##b

#endif  // LB_BASE_STATUS_MACROS_H_

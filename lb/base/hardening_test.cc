// Checks that the flags of .bazelrc reach the compiler.
// tests/packaging/hardening_test.sh checks what these flags leave in the
// programs.
#include "gtest/gtest.h"

namespace lb {
namespace {

TEST(HardeningTest, GuardsEachFunctionWithAnArrayOrTheAddressOfALocal) {
#ifdef __SSP_STRONG__
  SUCCEED();
#else
  FAIL() << "want -fstack-protector-strong";
#endif
}

TEST(HardeningTest, ChecksWhatTheStandardLibraryIsGiven) {
#ifdef _GLIBCXX_ASSERTIONS
  SUCCEED();
#else
  FAIL() << "want -D_GLIBCXX_ASSERTIONS";
#endif
}

}  // namespace
}  // namespace lb

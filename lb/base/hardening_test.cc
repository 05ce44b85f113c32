// Do the flags of .bazelrc reach the compiler? What they leave in the programs
// is tests/packaging/hardening_test.sh's to see.
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

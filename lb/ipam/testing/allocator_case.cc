#include "lb/ipam/testing/allocator_case.h"

#include <algorithm>
#include <cstddef>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/ipam/allocator.h"
#include "lb/ipam/testing/allocator_script.h"

namespace lb::ipam {
namespace {

std::string SetPools(const std::vector<std::string>& lines,
                     Allocator& allocator) {
  const absl::Status status = allocator.SetPools(ReadPools(lines));
  return status.ok() ? "ok" : status.ToString();
}

// "NOT_FOUND"
bool IsCode(const std::string& word) {
  return std::all_of(word.begin(), word.end(),
                     [](char c) { return c == '_' || (c >= 'A' && c <= 'Z'); });
}

}  // namespace

void RunCase(const AllocatorCase& c) {
  Allocator allocator;
  ASSERT_THAT(allocator.SetPools(ReadPools(c.pools)), IsOk());
  for (const std::string& line : c.steps) {
    SCOPED_TRACE(line);
    const size_t split = line.find(" = ");
    const std::string step = line.substr(0, split);
    const std::string want =
        split == std::string::npos ? "ok" : line.substr(split + 3);
    const std::string got = step == "pools" ? SetPools(c.next_pools, allocator)
                                            : Perform(step, allocator);
    const size_t space = want.find(' ');
    if (IsCode(want.substr(0, space))) {
      EXPECT_THAT(got, testing::StartsWith(want.substr(0, space) + ":"));
      EXPECT_THAT(got, testing::HasSubstr(want.substr(space + 1)));
    } else {
      EXPECT_EQ(got, want);
    }
  }
}

}  // namespace lb::ipam

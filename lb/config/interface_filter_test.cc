#include "lb/config/interface_filter.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"

namespace lb::config {
namespace {

InterfaceFilter Filter(const std::vector<std::string>& include,
                       const std::vector<std::string>& exclude) {
  auto filter = InterfaceFilter::Create(include, exclude);
  EXPECT_THAT(filter, IsOk());
  return *std::move(filter);
}

TEST(InterfaceFilterTest, SelectsAllWithoutPatterns) {
  EXPECT_TRUE(Filter({}, {}).Selects("lo"));
}

TEST(InterfaceFilterTest, ExcludesWinOverIncludes) {
  const InterfaceFilter filter = Filter({"^eth", "^en"}, {"^eth1$"});
  EXPECT_TRUE(filter.Selects("eth0"));
  EXPECT_TRUE(filter.Selects("eth10"));
  EXPECT_TRUE(filter.Selects("enp3s0"));
  EXPECT_FALSE(filter.Selects("eth1"));
  EXPECT_FALSE(filter.Selects("bond0"));
  EXPECT_FALSE(filter.Selects("veth0"));
}

TEST(InterfaceFilterTest, MatchesAnywhereInTheName) {
  EXPECT_TRUE(Filter({"th"}, {}).Selects("eth0"));
}

TEST(InterfaceFilterTest, ExcludesByDefaultWhatMetallbExcludes) {
  const InterfaceFilter filter = Filter({}, DefaultExcludedInterfaces());
  for (const char* name : {"docker0", "cbr0", "dummy0", "virbr0", "lxcbr0",
                           "veth1a", "lo", "cali123", "tunl0", "flannel.1",
                           "kube-ipvs0", "cni0", "nodelocaldns", "lxc1"}) {
    EXPECT_FALSE(filter.Selects(name)) << name;
  }
  for (const char* name : {"eth0", "enp1s0", "bond0", "lo0", "br-lan"}) {
    EXPECT_TRUE(filter.Selects(name)) << name;
  }
}

TEST(InterfaceFilterTest, NamesABadPattern) {
  const std::vector<std::string> patterns = {"^eth", "(eth"};
  EXPECT_THAT(InterfaceFilter::Create({}, patterns).status(),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       testing::AllOf(
                           testing::HasSubstr("\"(eth\": "),
                           testing::HasSubstr("want a regular expression"))));
}

}  // namespace
}  // namespace lb::config

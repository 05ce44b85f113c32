#include "lb/base/label_syntax.h"

#include <fmt/format.h>

#include <string>

#include "gtest/gtest.h"

namespace lb {
namespace {

TEST(LabelSyntaxTest, TakesWhatKubernetesTakes) {
  for (const std::string key :
       {"a", "app", "App_1.x-y", "kubernetes.io/hostname", "a/b",
        "example.com/9", "1"}) {
    EXPECT_TRUE(CheckLabelKey(key).ok()) << key;
  }
  EXPECT_TRUE(CheckLabelKey(std::string(63, 'k')).ok());
  const std::string label(62, 'p');
  EXPECT_TRUE(CheckLabelKey(label + "." + label + "." + label + "." + label +
                            ".p/" + std::string(63, 'k'))
                  .ok());
  for (const std::string value : {"", "a", "v1.2_3-x", "0", "UPPER"}) {
    EXPECT_TRUE(CheckLabelValue(value).ok()) << value;
  }
  EXPECT_TRUE(CheckLabelValue(std::string(63, 'v')).ok());
}

TEST(LabelSyntaxTest, RefusesWhatKubernetesRefuses) {
  for (const std::string key :
       {"", "-bad-", "a b", "c!", "a/", "/a", "a/b/c", "A.example/x", "x-/y",
        "a..b/c", "\xc3\xa9", "_a", "a."}) {
    EXPECT_FALSE(CheckLabelKey(key).ok()) << key;
  }
  EXPECT_FALSE(CheckLabelKey(std::string(64, 'k')).ok());
  EXPECT_FALSE(CheckLabelKey(fmt::format("{:p>254}/k", "")).ok());
  for (const std::string value :
       {"-bad-", "a b", "c!", "a/b", ".", "\xc3\xa9", "a\n"}) {
    EXPECT_FALSE(CheckLabelValue(value).ok()) << value;
  }
  EXPECT_FALSE(CheckLabelValue(std::string(64, 'v')).ok());
  EXPECT_EQ(CheckLabelValue("a b").message(),
            "\"a b\", want a label value: nothing, or 1 to 63 of letters, "
            "digits, '-', '_' and '.', a letter or digit first and last");
}

}  // namespace
}  // namespace lb

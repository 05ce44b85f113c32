#include "daemon/problems/node_names.h"

#include "gtest/gtest.h"

namespace lb {
namespace {

TEST(IsNearNameTest, CaseOrAMissingDomainIsNear) {
  EXPECT_TRUE(IsNearName("Worker-01", "worker-01"));
  EXPECT_TRUE(IsNearName("worker-01.example.org", "worker-01"));
  EXPECT_TRUE(IsNearName("worker-01", "Worker-01.Example.org"));
  EXPECT_TRUE(IsNearName("N1.Example.org", "n1.example.org"));
}

TEST(IsNearNameTest, TheNameItselfOtherHostsAndOtherDomainsAreNot) {
  EXPECT_FALSE(IsNearName("n1", "n1"));
  EXPECT_FALSE(IsNearName("n1", "n11"));
  EXPECT_FALSE(IsNearName("n1", "n2.example.org"));
  EXPECT_FALSE(IsNearName("n1.a.example", "n1.b.example"));
  EXPECT_FALSE(IsNearName("", "n1"));
}

TEST(NearNameOfTest, IsOfUnknownNamesOnly) {
  EXPECT_EQ(NearNameOf("N1", {"n0", "n1"}), "n1");
  EXPECT_EQ(NearNameOf("N1", {"N1", "n1"}), std::nullopt);
  EXPECT_EQ(NearNameOf("n3", {"n0", "n1"}), std::nullopt);
}

}  // namespace
}  // namespace lb

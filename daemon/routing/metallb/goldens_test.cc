// The facts of MetalLB's golden files, each as objects in and sessions and
// routes out. Themes have a file each: session_rows.cc, family_rows.cc,
// bfd_rows.cc, route_rows.cc, vrf_rows.cc, with the differences by design on
// top.
#include <set>
#include <string>
#include <vector>

#include "daemon/routing/metallb/golden_names.h"
#include "daemon/routing/metallb/golden_row.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lb::goldens {
namespace {

using testing::ContainerEq;
using testing::SizeIs;

void Check(const Rows& rows) {
  for (const GoldenRow& row : rows) {
    SCOPED_TRACE(row.golden);
    EXPECT_EQ(NodeText(row.before, row.objects), row.wanted);
    // One that starts has no earlier objects, and says the same.
    EXPECT_EQ(NodeText("", row.objects), row.wanted);
  }
}

TEST(MetallbGoldensTest, Sessions) { Check(SessionRows()); }
TEST(MetallbGoldensTest, Families) { Check(FamilyRows()); }
TEST(MetallbGoldensTest, Bfd) { Check(BfdRows()); }
TEST(MetallbGoldensTest, Routes) { Check(RouteRows()); }
TEST(MetallbGoldensTest, Vrfs) { Check(VrfRows()); }

using Files = std::set<std::string>;  // "frr/NAME", "frr-k8s/NAME"

template <typename Names>
void Add(const std::string& mode, const Names& names, Files& files) {
  for (const auto name : names) files.insert(mode + "/" + std::string(name));
}

Files AllFiles() {
  Files files;
  Add("frr", kOfBothModes, files);
  Add("frr", kOfFrrAlone, files);
  Add("frr-k8s", kOfBothModes, files);
  Add("frr-k8s", kOfFrrK8sAlone, files);
  return files;
}

// The files that a row or a difference names.
Files Named() {
  std::vector<std::string> names;
  for (const Rows& rows :
       {SessionRows(), FamilyRows(), BfdRows(), RouteRows(), VrfRows()}) {
    for (const GoldenRow& row : rows) names.push_back(row.golden);
  }
  for (const Difference& one : kWithoutRow) {
    EXPECT_NE(one.reason, "");
    names.emplace_back(one.golden);
  }
  const Files all = AllFiles();
  Files named;
  for (const std::string& name : names) {
    if (name.find('/') != std::string::npos) {
      named.insert(name);
      continue;
    }
    EXPECT_TRUE(all.contains("frr/" + name) || all.contains("frr-k8s/" + name))
        << name;
    for (const char* const mode : {"frr/", "frr-k8s/"}) {
      if (all.contains(mode + name)) named.insert(mode + name);
    }
  }
  return named;
}

TEST(MetallbGoldensTest, EachGoldenHasARowOrADifference) {
  EXPECT_THAT(AllFiles(), SizeIs(50 + 38));
  EXPECT_THAT(Named(), ContainerEq(AllFiles()));
}

}  // namespace
}  // namespace lb::goldens

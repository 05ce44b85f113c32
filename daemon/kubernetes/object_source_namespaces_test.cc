// When a source follows Namespaces, and what waits for them.
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "daemon/kubernetes/testing/object_source_fixture.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/config/object_change.h"
#include "lb/kubernetes/json_tree.h"

namespace lb {
namespace {

using testing::HasSubstr;

constexpr std::string_view kSelecting =
    R"("spec":{"addresses":["192.0.2.0/28"],"serviceAllocation":)"
    R"({"namespaceSelectors":[{"matchLabels":{"team":"a"}}]}})";

// A pool as a file has it.
config::ObjectChange ReadManifest(std::string_view spec) {
  const auto tree = kubernetes::ReadJson(fmt::format(
      R"({{"apiVersion":"metallb.io/v1beta1","kind":"IPAddressPool",)"
      R"("metadata":{{"name":"a"}},{}}})",
      spec));
  return *config::ReadObject(*tree, config::Origin(), {});
}

class NamespacesTest : public ObjectSourceTest {
 protected:
  NamespacesTest() {
    cluster_.server_.Create(
        SimKubernetes::ResourceOf("Namespace"),
        R"({"metadata":{"name":"d","labels":{"team":"a"}}})");
    cluster_.CreateService("web");
  }
  void Withhold() {
    cluster_.server_.RemoveKind(SimKubernetes::ResourceOf("Namespace"));
  }
  void Provide() { cluster_.AddKind(FindSourceKind("Namespace")); }
  void Run() { cluster_.loop_.RunFor(absl::Seconds(10)); }
  size_t Pools() const { return source_->desired()->pools.size(); }
  std::string Team() const {
    const Labels& labels =
        source_->desired()->services.at("d/web").request.namespace_labels;
    const auto team = labels.find("team");
    return team == labels.end() ? "" : team->second;
  }
};

TEST_F(NamespacesTest, AreFollowedOnceAPoolSelectsByTheirLabels) {
  Start();
  Run();
  EXPECT_EQ(Watches(), 6u);
  EXPECT_EQ(Team(), "");
  cluster_.CreateOwn("IPAddressPool", "a", kSelecting);
  Run();
  EXPECT_EQ(Watches(), 7u);
  EXPECT_EQ(Team(), "a");
  EXPECT_EQ(Pools(), 1u);
  cluster_.server_.Patch(SimKubernetes::ResourceOf("Namespace"), {"", "d"},
                         R"({"metadata":{"labels":{"team":"b"}}})");
  Run();
  EXPECT_EQ(Team(), "b");
  DeleteOwn("IPAddressPool", "a");
  Run();
  EXPECT_EQ(Pools(), 0u);
  cluster_.CreateOwn("IPAddressPool", "again", kSelecting);
  Run();
  EXPECT_EQ(Pools(), 1u);
  EXPECT_EQ(Watches(), 7u);
}

TEST_F(NamespacesTest, APoolThatSelectsByNameAloneNeedsNone) {
  cluster_.CreateOwn("IPAddressPool", "a",
                     R"("spec":{"addresses":["192.0.2.0/28"],)"
                     R"("serviceAllocation":{"namespaces":["d"]}})");
  Start();
  Run();
  EXPECT_EQ(Watches(), 6u);
  EXPECT_EQ(Pools(), 1u);
}

TEST_F(NamespacesTest, NothingCountsBeforeThoseOfAPoolWereListed) {
  cluster_.CreateOwn("IPAddressPool", "a", kSelecting);
  Withhold();
  Start();
  Run();
  EXPECT_FALSE(source_->is_complete());
  EXPECT_THAT(source_->Trouble(), HasSubstr("namespaces: 404"));
  EXPECT_EQ(Pools(), 0u);
  Provide();
  Run();
  EXPECT_TRUE(source_->is_complete());
  EXPECT_EQ(Pools(), 1u);
  EXPECT_EQ(Team(), "a");
}

TEST_F(NamespacesTest, APoolThatComesLaterWaitsForThemAlone) {
  Start();
  Run();
  Withhold();
  cluster_.CreateOwn("IPAddressPool", "a", kSelecting);
  cluster_.CreatePool("b", "\"198.51.100.0/28\"");
  Run();
  ASSERT_EQ(Pools(), 1u);
  EXPECT_EQ(source_->desired()->pools[0].name, "b");
  EXPECT_THAT(source_->Trouble(), HasSubstr("namespaces: 404"));
  Provide();
  Run();
  EXPECT_EQ(Pools(), 2u);
  EXPECT_EQ(source_->Trouble(), "");
}

TEST_F(NamespacesTest, APoolThatSelectsNoMoreWaitsNoLonger) {
  Start();
  Run();
  Withhold();
  cluster_.CreateOwn("IPAddressPool", "a", kSelecting);
  Run();
  EXPECT_EQ(Pools(), 0u);
  cluster_.PatchOwn("IPAddressPool", "a",
                    R"({"spec":{"serviceAllocation":null}})");
  Run();
  EXPECT_EQ(Pools(), 1u);
}

// Its last good value is of an earlier run, and selects.
TEST_F(NamespacesTest, ARefusedPoolNeedsThoseOfItsLastGoodValue) {
  cluster_.CreateOwn("IPAddressPool", "a", kSelecting);
  Start();
  Run();
  const config::Objects earlier = source_->desired()->objects;
  ASSERT_TRUE(earlier.contains("Namespace/d"));
  source_.reset();
  cluster_.PatchOwn("IPAddressPool", "a",
                    R"({"spec":{"addresses":["192.0.2.0/33"]}})");
  Start(earlier);
  Run();
  EXPECT_EQ(Pools(), 1u);
  EXPECT_EQ(Team(), "a");
  EXPECT_EQ(Watches(), 7u);
}

TEST_F(NamespacesTest, ThoseOfAnEarlierRunGoIfNoPoolSelects) {
  cluster_.CreateOwn("IPAddressPool", "a", kSelecting);
  Start();
  Run();
  const config::Objects earlier = source_->desired()->objects;
  source_.reset();
  DeleteOwn("IPAddressPool", "a");
  Start(earlier);
  EXPECT_EQ(Team(), "a");
  Run();
  EXPECT_EQ(Team(), "");
  EXPECT_FALSE(source_->desired()->objects.contains("Namespace/d"));
  EXPECT_EQ(Watches(), 6u);
}

// A controller assigns by what was listed since it got the Lease.
TEST_F(NamespacesTest, AListThatWasAskedForHasComeOnceNoPoolWaits) {
  Start();
  Run();
  Withhold();
  cluster_.CreateOwn("IPAddressPool", "a", kSelecting);
  const std::vector<std::string_view> kinds = {"Service", "Namespace",
                                               "IPAddressPool"};
  source_->Relist(kinds);
  Run();
  EXPECT_EQ(relisted_, 0);
  Provide();
  Run();
  EXPECT_EQ(relisted_, 1);
}

TEST_F(NamespacesTest, APoolOfAFileNeedsThem) {
  ObjectSource::Options options = {.own_namespace = std::string(kOwnNamespace),
                                   .has_manifests = true};
  Start({}, options);
  Run();
  EXPECT_EQ(Watches(), 3u);
  EXPECT_FALSE(source_->is_complete());
  source_->TakeManifests({ReadManifest(kSelecting)});
  Run();
  EXPECT_TRUE(source_->is_complete());
  EXPECT_EQ(Team(), "a");
  EXPECT_EQ(Watches(), 4u);
}

}  // namespace
}  // namespace lb

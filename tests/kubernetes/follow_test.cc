// Reflectors and a real API server.
#include <cstddef>
#include <string>
#include <string_view>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/kubernetes/reflector.h"
#include "lb/kubernetes/testing/object_mirror.h"
#include "lb/kubernetes/tree_path.h"
#include "lb/kubernetes/writer.h"
#include "tests/kubernetes/api_server_fixture.h"

namespace lb::kubernetes {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::IsSupersetOf;
using testing::Not;

constexpr char kPoolSpec[] = R"("spec":{"addresses":["192.0.2.0/28"]})";
constexpr char kPort[] = R"("ports":[{"port":80}])";

std::string ServiceSpec(std::string_view type) {
  return fmt::format(R"("spec":{{"type":"{}",{}}})", type, kPort);
}

// The parameter of a query; empty if there is none.
std::string ParameterOf(const std::string& path, std::string_view name) {
  const size_t at = path.find(fmt::format("{}=", name));
  if (at == path.npos) return "";
  const size_t begin = at + name.size() + 1;
  return path.substr(begin, path.find('&', begin) - begin);
}

using FollowTest = ApiServerTest;

TEST_F(FollowTest, PagesOfAListGiveAll) {
  for (int i = 0; i < 5; ++i) {
    Create(kServices, fmt::format("page-{}", i), ServiceSpec("ClusterIP"));
  }
  for (const Resource& resource : {kServices, kConfigMaps}) {
    SCOPED_TRACE(resource.ToString());
    if (resource == kConfigMaps) {
      for (int i = 0; i < 5; ++i) Create(resource, fmt::format("page-{}", i));
    }
    Party party = Connect();
    ObjectMirror mirror;
    const auto reflector = Follow(
        party,
        {.resource = resource, .name_space = kNamespace, .page_limit = 2},
        &mirror);
    ASSERT_TRUE(Until([&] { return reflector->state().is_synchronized(); }));
    EXPECT_THAT(
        NamesOf(mirror.objects()),
        IsSupersetOf({"page-0", "page-1", "page-2", "page-3", "page-4"}));
    EXPECT_THAT(mirror.faults(), IsEmpty());
    EXPECT_EQ(mirror.listings(), 1);
    EXPECT_GE(party.client->Count("limit=2"), 3);
    EXPECT_GE(party.client->Count("continue="), 2);
  }
}

TEST_F(FollowTest, FollowsCreatesChangesAndDeletes) {
  Party party = Connect();
  ObjectMirror mirror;
  const auto reflector =
      Follow(party, {.resource = kPools, .name_space = kNamespace}, &mirror);
  ASSERT_TRUE(Until([&] { return reflector->state().is_synchronized(); }));
  const ObjectKey key = {kNamespace, "followed"};

  Create(kPools, "followed", kPoolSpec);
  ASSERT_TRUE(Until([&] { return mirror.objects().contains(key); }));
  EXPECT_THAT(mirror.objects().at(key), HasSubstr("192.0.2.0/28"));
  // The default of the CustomResourceDefinition.
  EXPECT_THAT(mirror.objects().at(key), HasSubstr(R"("autoAssign":true)"));
  EXPECT_THAT(mirror.objects().at(key), Not(HasSubstr("managedFields")));

  Patch(kPools, "followed", R"({"spec":{"autoAssign":false}})");
  ASSERT_TRUE(Until([&] {
    return mirror.objects().at(key).find(R"("autoAssign":false)") !=
           std::string::npos;
  }));

  Delete(kPools, "followed");
  ASSERT_TRUE(Until([&] { return !mirror.objects().contains(key); }));
  EXPECT_EQ(mirror.changes(), 3);
  EXPECT_THAT(mirror.faults(), IsEmpty());
  EXPECT_EQ(reflector->state().stats().failures, 0u);
  EXPECT_EQ(party.client->all().size(), 2u);  // A list and a watch.
}

TEST_F(FollowTest, SelectsServicesByTypeOnEachVersion) {
  Create(kServices, "selected", ServiceSpec("LoadBalancer"));
  Create(kServices, "other", ServiceSpec("ClusterIP"));
  Party party = Connect();
  ObjectMirror mirror;
  const auto reflector = Follow(party,
                                {.resource = kServices,
                                 .name_space = kNamespace,
                                 .selector = {"spec.type", "LoadBalancer"}},
                                &mirror);
  ASSERT_TRUE(Until([&] { return reflector->state().is_synchronized(); }));
  EXPECT_THAT(NamesOf(mirror.objects()), Contains("selected"));
  EXPECT_THAT(NamesOf(mirror.objects()), Not(Contains("other")));
  // An old server answers 400; then all are read, and selected here.
  EXPECT_EQ(reflector->state().view().selects_here(), IsOldServer());
  EXPECT_EQ(party.client->Count("fieldSelector=spec.type%3DLoadBalancer"),
            IsOldServer() ? 1 : 2);

  const ObjectKey key = {kNamespace, "selected"};
  Patch(kServices, "selected", R"({"spec":{"type":"ClusterIP"}})");
  ASSERT_TRUE(Until([&] { return !mirror.objects().contains(key); }));
  Patch(kServices, "selected", R"({"spec":{"type":"LoadBalancer"}})");
  ASSERT_TRUE(Until([&] { return mirror.objects().contains(key); }));
  EXPECT_THAT(mirror.faults(), IsEmpty());
  Delete(kServices, "selected");
  Delete(kServices, "other");
}

TEST_F(FollowTest, ReadsMetadataAlone) {
  Party party = Connect();
  ObjectMirror mirror;
  const auto reflector = Follow(
      party, {.resource = {"", "v1", "namespaces"}, .metadata_only = true},
      &mirror);
  ASSERT_TRUE(Until([&] { return reflector->state().is_synchronized(); }));
  const ObjectKey key = {"", kNamespace};
  ASSERT_TRUE(mirror.objects().contains(key));
  EXPECT_THAT(mirror.objects().at(key), Not(HasSubstr(R"("spec")")));
  const auto answer = Ask("PATCH", "/api/v1/namespaces/metallb-system",
                          R"({"metadata":{"labels":{"tried":"yes"}}})");
  ASSERT_EQ(answer.code, 200);
  ASSERT_TRUE(Until([&] {
    return mirror.objects().at(key).find(R"("tried":"yes")") !=
           std::string::npos;
  }));
  EXPECT_THAT(mirror.objects().at(key), Not(HasSubstr(R"("spec")")));
}

// The watch is of one object that does not change, so only bookmarks can have
// told it of a later version.
TEST_F(FollowTest, AWatchThatTheServerEndsGoesOnFromTheLastBookmark) {
  Create(kPools, "quiet", kPoolSpec);
  Create(kPools, "busy", kPoolSpec);
  Party party = Connect();
  ObjectMirror mirror;
  const auto reflector = Follow(party,
                                {.resource = kPools,
                                 .name_space = kNamespace,
                                 .selector = {"metadata.name", "quiet"},
                                 .watch_timeout_min = absl::Seconds(4),
                                 .watch_timeout_max = absl::Seconds(4)},
                                &mirror);
  ASSERT_TRUE(Until([&] { return reflector->state().is_synchronized(); }));
  const auto changed =
      Patch(kPools, "busy", R"({"spec":{"avoidBuggyIPs":true}})");
  ASSERT_TRUE(Until([&] { return party.client->Count("watch=1") == 2; }));
  ASSERT_EQ(party.client->all().size(), 3u);  // A list and two watches.
  EXPECT_EQ(ParameterOf(party.client->all()[2], "resourceVersion"),
            TextAt(changed, "metadata.resourceVersion"));
  EXPECT_EQ(reflector->state().stats().failures, 0u);

  Patch(kPools, "quiet", R"({"spec":{"autoAssign":false}})");
  ASSERT_TRUE(Until([&] { return mirror.changes() == 2; }));
  EXPECT_THAT(mirror.faults(), IsEmpty());
  Delete(kPools, "quiet");
  Delete(kPools, "busy");
}

TEST_F(FollowTest, AVersionThatWasCompactedIsListedAgain) {
  Create(kConfigMaps, "kept");
  Create(kConfigMaps, "gone");
  Party party = Connect();
  ObjectMirror mirror;
  const auto reflector = Follow(
      party, {.resource = kConfigMaps, .name_space = kNamespace}, &mirror);
  ASSERT_TRUE(Until([&] { return reflector->state().is_synchronized(); }));

  party.relay->Set(Relay::Way::kClosed);
  ASSERT_TRUE(Until([&] { return !reflector->state().is_synchronized(); }));
  Delete(kConfigMaps, "gone");
  Create(kConfigMaps, "new");
  Patch(kConfigMaps, "kept", R"({"data":{"a":"b"}})");
  ASSERT_TRUE(plane().Run("compact", kLimit));
  party.relay->Set(Relay::Way::kOpen);

  ASSERT_TRUE(Until([&] { return mirror.listings() == 2; }));
  EXPECT_THAT(reflector->state().last_error(), HasSubstr("410 "));
  EXPECT_THAT(NamesOf(mirror.objects()), Contains("new"));
  EXPECT_THAT(NamesOf(mirror.objects()), Not(Contains("gone")));
  EXPECT_THAT(mirror.objects().at({kNamespace, "kept"}),
              HasSubstr(R"("data":{"a":"b"})"));
  EXPECT_THAT(mirror.faults(), IsEmpty());
  // It follows from there.
  ASSERT_TRUE(Until([&] { return reflector->state().is_synchronized(); }));
  Delete(kConfigMaps, "new");
  ASSERT_TRUE(Until([&] {
    return !mirror.objects().contains({kNamespace, "new"});
  }));
  EXPECT_EQ(reflector->state().stats().lists, 2u);
}

// Kills the server, for so long that the waits have grown to their maximum. A
// reflector and a writer of one client go on by themselves, at most 5 s after
// it serves again.
TEST_F(FollowTest, ARestartedServerIsFollowedWithin5Seconds) {
  Create(kPools, "before", kPoolSpec);
  Create(kServices, "written", ServiceSpec("LoadBalancer"));
  Party party = Connect();
  ObjectMirror mirror;
  const auto reflector =
      Follow(party, {.resource = kPools, .name_space = kNamespace}, &mirror);
  Writer writer(&loop_, party.client.get(), {}, prng_);
  ASSERT_TRUE(Until([&] { return reflector->state().is_synchronized(); }));

  ASSERT_TRUE(plane().Run("stop apiserver KILL", kLimit));
  int done = 0;
  writer.Write({.target = {kServices, {kNamespace, "written"}, "status"},
                .body = R"({"status":{"loadBalancer":)"
                        R"({"ingress":[{"ip":"192.0.2.7"}]}}})",
                .on_report = [&](const WriteReport& report) {
                  EXPECT_EQ(ToString(report.verdict), "Done") << report.error;
                  ++done;
                }});
  loop_.RunUntil([] { return false; }, absl::Seconds(7));
  plane().Tell("start apiserver");
  ASSERT_TRUE(Until([&] { return plane().Answer().has_value(); }, kStartLimit));
  ASSERT_TRUE(*plane().Answer());
  const absl::Time served = absl::Now();
  EXPECT_FALSE(reflector->state().last_error().empty());

  Create(kPools, "after", kPoolSpec);
  ASSERT_TRUE(Until([&] {
    return done == 1 && mirror.objects().contains({kNamespace, "after"});
  }));
  fmt::print("followed again after {}, {} failures\n",
             absl::FormatDuration(absl::Now() - served),
             reflector->state().stats().failures);
  EXPECT_LT(absl::Now() - served, absl::Seconds(5) + absl::Seconds(2));
  EXPECT_THAT(NamesOf(mirror.objects()), Contains("before"));
  EXPECT_THAT(mirror.faults(), IsEmpty());
  Delete(kPools, "before");
  Delete(kPools, "after");
  Delete(kServices, "written");
}

}  // namespace
}  // namespace lb::kubernetes

// Reflectors against a simulated API server.
#include "lb/kubernetes/reflector.h"

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/time/time.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/prng.h"
#include "lb/io/sim/sim_loop.h"
#include "lb/kubernetes/testing/object_mirror.h"
#include "lb/kubernetes/testing/sim_api_server.h"

namespace lb::kubernetes {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

const Resource kServices = {"", "v1", "services"};

std::string Service(std::string_view name,
                    std::string_view type = "LoadBalancer") {
  return fmt::format(R"({{"metadata":{{"namespace":"d","name":"{}"}},)"
                     R"("spec":{{"type":"{}"}}}})",
                     name, type);
}

ObjectKey Key(std::string name) { return {"d", std::move(name)}; }

class ReflectorTest : public testing::Test {
 protected:
  ReflectorTest() {
    server_.AddKind(
        {.resource = kServices, .kind = "Service", .has_status = true});
    client_ = server_.AddHost("n1");
  }

  void Follow(ReflectorOptions options = {
                  .resource = kServices,
                  .selector = {"spec.type", "LoadBalancer"}}) {
    ASSERT_TRUE(Validate(options).ok());
    reflector_ = std::make_unique<Reflector>(&loop_, client_, &mirror_,
                                             std::move(options), Prng(7));
    reflector_->Start();
  }

  bool Agrees() const {
    return mirror_.objects() == TextsOf(server_.store().Objects(kServices),
                                        {"spec.type", "LoadBalancer"});
  }

  // Runs until the mirror is the server's state, and the reflector says so.
  void ExpectAgreementWithin(absl::Duration limit) {
    EXPECT_TRUE(loop_.RunUntil(
        [&] { return reflector_->state().is_synchronized() && Agrees(); },
        limit))
        << reflector_->state().last_error() << "\n"
        << server_.log().ToString();
    EXPECT_THAT(mirror_.faults(), IsEmpty());
  }

  int Lists() const {
    return static_cast<int>(server_.log().Count([](const LoggedRequest& r) {
      return r.path.find("limit=500") != std::string::npos;
    }));
  }
  int Watches() const {
    return static_cast<int>(server_.log().Count(
        [](const LoggedRequest& r) { return r.is_watch(); }));
  }

  io::SimLoop loop_;
  SimApiServer server_{&loop_, {}, Prng(1)};
  http::Client* client_ = nullptr;
  ObjectMirror mirror_;
  std::unique_ptr<Reflector> reflector_;
};

TEST_F(ReflectorTest, WithoutWatchesItRestsOnceItHasListed) {
  for (int i = 0; i < 9; ++i) {
    server_.Create(kServices, Service(fmt::format("s{}", i)));
  }
  server_.faults().internal = 50;
  Follow({.resource = kServices, .watches = false, .page_limit = 2});
  loop_.RunFor(absl::Minutes(1));
  EXPECT_TRUE(Agrees());
  const size_t requests = server_.log().requests().size();
  EXPECT_GE(requests, 5u);
  server_.Create(kServices, Service("later"));
  loop_.RunFor(absl::Hours(24));
  EXPECT_EQ(server_.log().requests().size(), requests);
  EXPECT_FALSE(Agrees());
}

TEST_F(ReflectorTest, FollowsObjectsAsTheyComeChangeAndGo) {
  server_.Create(kServices, Service("a"));
  server_.Create(kServices, Service("x", "ClusterIP"));
  Follow();
  ExpectAgreementWithin(absl::Milliseconds(50));
  EXPECT_THAT(mirror_.objects(), SizeIs(1));
  server_.Create(kServices, Service("b"));
  server_.Patch(kServices, Key("a"), R"({"spec":{"loadBalancerIP":"::1"}})");
  ExpectAgreementWithin(absl::Milliseconds(50));
  EXPECT_THAT(mirror_.objects(), SizeIs(2));
  server_.Delete(kServices, Key("a"));
  ExpectAgreementWithin(absl::Milliseconds(50));
  EXPECT_THAT(mirror_.objects(), SizeIs(1));
  EXPECT_EQ(mirror_.listings(), 1);
  EXPECT_EQ(server_.open_watches(), 1u);
}

TEST_F(ReflectorTest, AServiceWhoseTypeChangesComesAndGoes) {
  server_.Create(kServices, Service("a"));
  for (const bool knows_spec_type : {true, false}) {
    SCOPED_TRACE(knows_spec_type);
    server_.fields().knows_spec_type = knows_spec_type;
    Follow();
    ExpectAgreementWithin(absl::Seconds(1));
    EXPECT_THAT(mirror_.objects(), SizeIs(1));
    server_.Patch(kServices, Key("a"), R"({"spec":{"type":"ClusterIP"}})");
    ExpectAgreementWithin(absl::Seconds(1));
    EXPECT_THAT(mirror_.objects(), IsEmpty());
    server_.Patch(kServices, Key("a"), R"({"spec":{"type":"LoadBalancer"}})");
    ExpectAgreementWithin(absl::Seconds(1));
    mirror_ = {};
  }
}

TEST_F(ReflectorTest, MayPassEverythingOnIfTheServerKnowsNoSelector) {
  server_.fields().knows_spec_type = false;
  server_.Create(kServices, Service("a"));
  server_.Create(kServices, Service("x", "ClusterIP"));
  Follow({.resource = kServices,
          .selector = {"spec.type", "LoadBalancer"},
          .passes_all_on = true});
  loop_.RunFor(absl::Seconds(1));
  server_.Patch(kServices, Key("a"), R"({"spec":{"type":"ClusterIP"}})");
  loop_.RunFor(absl::Seconds(1));
  EXPECT_EQ(mirror_.objects(), TextsOf(server_.store().Objects(kServices)));
  EXPECT_THAT(mirror_.objects(), SizeIs(2));
}

TEST_F(ReflectorTest, FollowsTheObjectsOfALabel) {
  server_.Create(kServices, Service("a"));
  server_.Create(kServices, Service("b"));
  const std::string label = R"({"metadata":{"labels":{"app":"x"}}})";
  server_.Patch(kServices, Key("a"), label);
  Follow({.resource = kServices, .label_selector = "app=x"});
  loop_.RunFor(absl::Seconds(1));
  EXPECT_THAT(mirror_.objects(), SizeIs(1));
  server_.Patch(kServices, Key("b"), label);
  loop_.RunFor(absl::Seconds(1));
  EXPECT_THAT(mirror_.objects(), SizeIs(2));
  server_.Patch(kServices, Key("a"), R"({"metadata":{"labels":null}})");
  loop_.RunFor(absl::Seconds(1));
  EXPECT_THAT(mirror_.objects(), SizeIs(1));
}

TEST_F(ReflectorTest, ListsThousandsPageByPage) {
  for (int i = 0; i < 2300; ++i) {
    server_.Create(kServices, Service(fmt::format("s{}", i)));
  }
  Follow();
  ExpectAgreementWithin(absl::Seconds(1));
  EXPECT_EQ(Lists(), 5);
  EXPECT_EQ(mirror_.changes(), 2300);
}

TEST_F(ReflectorTest, ListsAgainWhenItIsAskedToAndPassesOnWhatItMissed) {
  server_.Create(kServices, Service("a"));
  server_.Create(kServices, Service("b"));
  Follow();
  ExpectAgreementWithin(absl::Seconds(1));
  server_.SetCacheLag(absl::Minutes(1));  // The watch is far behind.
  server_.Create(kServices, Service("c"));
  server_.Delete(kServices, Key("a"));
  loop_.RunFor(absl::Seconds(1));
  EXPECT_FALSE(Agrees());
  const int listings = mirror_.listings();
  reflector_->Relist();
  loop_.RunFor(absl::Milliseconds(20));
  EXPECT_EQ(mirror_.listings(), listings + 1);
  EXPECT_TRUE(Agrees());
  EXPECT_THAT(mirror_.faults(), IsEmpty());
}

TEST_F(ReflectorTest, AListThatIsAskedForWaitsForTheServer) {
  server_.Create(kServices, Service("a"));
  Follow();
  ExpectAgreementWithin(absl::Seconds(1));
  server_.Restart(absl::Seconds(3), absl::ZeroDuration());
  loop_.RunFor(absl::Seconds(1));
  const int listings = mirror_.listings();
  for (int i = 0; i < 100; ++i) reflector_->Relist();
  loop_.RunFor(absl::Seconds(1));
  EXPECT_EQ(mirror_.listings(), listings);
  loop_.RunFor(absl::Seconds(8));
  EXPECT_EQ(mirror_.listings(), listings + 1);
  EXPECT_LE(server_.log().requests().size(), 40u);
}

TEST_F(ReflectorTest, AWatchIsRenewedWithoutAListForHours) {
  server_.Create(kServices, Service("a"));
  Follow({.resource = kServices,
          .selector = {"spec.type", "LoadBalancer"},
          .relist_interval = absl::InfiniteDuration()});
  // Another object changes, so that there are bookmarks.
  for (int i = 0; i < 600; ++i) {
    server_.Create(kServices, Service(fmt::format("x{}", i), "ClusterIP"));
    if (i % 20 == 0) server_.Compact();
    loop_.RunFor(absl::Seconds(30));
  }
  ExpectAgreementWithin(absl::Seconds(1));
  EXPECT_EQ(Lists(), 1);
  EXPECT_GE(Watches(), 5 * 60 / 10);
  EXPECT_LE(Watches(), 5 * 60 / 5 + 1);
  EXPECT_EQ(reflector_->state().stats().failures, 0u);
}

TEST_F(ReflectorTest, AQuietClusterCostsAQuestionInEachNinetySeconds) {
  Follow();
  loop_.RunFor(absl::Hours(1));
  ExpectAgreementWithin(absl::Seconds(1));
  EXPECT_EQ(Lists(), 1);
  EXPECT_LE(server_.log().requests().size(), 2u * 3600 / 90 + 20);
}

TEST_F(ReflectorTest, ACompactedVersionLeadsToAList) {
  server_.Create(kServices, Service("a"));
  Follow();
  ExpectAgreementWithin(absl::Seconds(1));
  server_.Cut("n1");
  loop_.RunFor(absl::Seconds(15));
  server_.Delete(kServices, Key("a"));
  server_.Create(kServices, Service("b"));
  server_.Compact();
  server_.Join("n1");
  ExpectAgreementWithin(absl::Seconds(20));
  EXPECT_EQ(mirror_.listings(), 2);
}

TEST_F(ReflectorTest, AShortCutLosesNothingAndListsNothing) {
  server_.Create(kServices, Service("a"));
  Follow();
  ExpectAgreementWithin(absl::Seconds(1));
  server_.Cut("n1");
  server_.Create(kServices, Service("b"));
  loop_.RunFor(absl::Seconds(3));
  EXPECT_FALSE(Agrees());
  server_.Join("n1");
  ExpectAgreementWithin(absl::Seconds(1));
  EXPECT_EQ(server_.log().requests().size(), 2u);
}

TEST_F(ReflectorTest, ARestartOfTheServerIsRepairedWithinAWait) {
  server_.Create(kServices, Service("a"));
  Follow();
  ExpectAgreementWithin(absl::Seconds(1));
  loop_.RunFor(absl::Minutes(3));
  server_.Restart(/*down=*/absl::Seconds(16), /*forbidden=*/absl::Seconds(1));
  server_.Create(kServices, Service("b"));
  loop_.RunFor(absl::Seconds(16));
  EXPECT_FALSE(reflector_->state().is_synchronized());
  EXPECT_TRUE(reflector_->state().is_listed());
  EXPECT_GE(loop_.Now() - reflector_->state().heard_at(), absl::Seconds(15));
  // 1 s without rights, then at most one wait of 5 s and a list.
  ExpectAgreementWithin(absl::Seconds(12));
}

TEST_F(ReflectorTest, ARestartedServerThatForgotTheVersionIsFollowedWithin5s) {
  server_.Create(kServices, Service("a"));
  Follow();
  ExpectAgreementWithin(absl::Seconds(1));
  for (int i = 0; i < 10; ++i) {
    server_.Restart(/*down=*/absl::Seconds(16), /*forbidden=*/{});
    server_.Create(kServices, Service(fmt::format("b{}", i)));
    server_.Compact();
    loop_.RunFor(absl::Seconds(16));
    ExpectAgreementWithin(absl::Seconds(5.2));
    EXPECT_EQ(mirror_.listings(), i + 2);
    loop_.RunFor(absl::Minutes(1));
  }
}

TEST_F(ReflectorTest, AStoreThatWentBackIsSeen) {
  server_.Create(kServices, Service("a"));
  const SimStore::Backup backup = server_.MakeBackup();
  server_.Create(kServices, Service("b"));
  Follow();
  ExpectAgreementWithin(absl::Seconds(1));
  EXPECT_THAT(mirror_.objects(), SizeIs(2));
  server_.Restore(backup, absl::Seconds(2));
  ExpectAgreementWithin(absl::Seconds(10));
  EXPECT_THAT(mirror_.objects(), SizeIs(1));
}

// The versions have grown past the old ones before the host is back: no version
// tells, the list that is repeated now and then does.
TEST_F(ReflectorTest, AStoreThatWentBackUnseenIsRepairedByTheNextListing) {
  server_.Create(kServices, Service("a"));
  const SimStore::Backup backup = server_.MakeBackup();
  server_.Create(kServices, Service("b"));
  Follow();
  ExpectAgreementWithin(absl::Seconds(1));
  server_.Cut("n1");
  server_.Restore(backup, absl::Seconds(2));
  for (int i = 0; i < 10; ++i) {
    server_.Create(kServices, Service(fmt::format("x{}", i), "ClusterIP"));
  }
  loop_.RunFor(absl::Seconds(30));
  server_.Join("n1");
  loop_.RunFor(absl::Minutes(1));
  ExpectAgreementWithin(absl::Hours(6));
}

TEST_F(ReflectorTest, WaitsForAResourceThatIsNotThereYet) {
  const Resource pools = {"metallb.io", "v1beta1", "ipaddresspools"};
  Follow({.resource = pools, .name_space = "metallb-system"});
  loop_.RunFor(absl::Minutes(2));
  EXPECT_FALSE(reflector_->state().is_listed());
  server_.AddKind({.resource = pools, .kind = "IPAddressPool"});
  EXPECT_TRUE(loop_.RunUntil(
      [&] { return reflector_->state().is_synchronized(); }, absl::Seconds(6)));
}

TEST_F(ReflectorTest, ReadsMetadataAlone) {
  server_.Create(kServices, Service("a"));
  Follow({.resource = kServices, .metadata_only = true});
  EXPECT_TRUE(loop_.RunUntil(
      [&] { return reflector_->state().is_synchronized(); }, absl::Seconds(1)));
  ASSERT_THAT(mirror_.objects(), SizeIs(1));
  EXPECT_THAT(mirror_.objects().begin()->second,
              testing::Not(testing::HasSubstr("spec")));
}

TEST_F(ReflectorTest, SendsNothingMoreWhenItIsDestroyed) {
  server_.Create(kServices, Service("a"));
  Follow();
  loop_.RunFor(absl::Milliseconds(1));
  reflector_.reset();
  loop_.RunFor(absl::Hours(1));
  EXPECT_THAT(mirror_.objects(), IsEmpty());
  EXPECT_LE(server_.log().requests().size(), 1u);
}

// Destroys its reflector at the second change.
class OneShot : public Reflector::Observer {
 public:
  void OnChange(const Change&) override {
    if (++changes_ == 2) reflector_.reset();
  }

  std::unique_ptr<Reflector> reflector_;
  int changes_ = 0;
};

TEST_F(ReflectorTest, MayBeDestroyedByItsObserver) {
  for (int i = 0; i < 5; ++i) {
    server_.Create(kServices, Service(fmt::format("s{}", i)));
  }
  OneShot observer;
  observer.reflector_ = std::make_unique<Reflector>(
      &loop_, client_, &observer, ReflectorOptions{.resource = kServices},
      Prng(7));
  observer.reflector_->Start();
  loop_.RunFor(absl::Hours(1));
  EXPECT_EQ(observer.changes_, 2);
}

}  // namespace
}  // namespace lb::kubernetes

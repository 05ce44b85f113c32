// A source against a simulated API server.
#include "daemon/kubernetes/object_source.h"

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "daemon/kubernetes/testing/object_source_fixture.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/http/client.h"

namespace lb {
namespace {

using kubernetes::LoggedRequest;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST_F(ObjectSourceTest, MakesOneDesiredOfSixWatches) {
  cluster_.CreatePool("a", "\"192.0.2.0/28\"");
  cluster_.CreateService("web");
  Start();
  EXPECT_TRUE(source_->desired()->may_define.any);
  cluster_.loop_.RunFor(absl::Seconds(1));
  EXPECT_TRUE(source_->is_complete());
  EXPECT_TRUE(source_->is_synchronized());
  EXPECT_EQ(Watches(), 6u);
  EXPECT_THAT(services_, ElementsAre("d/web"));
  EXPECT_EQ(source_->desired()->pools.size(), 1u);
  EXPECT_FALSE(source_->desired()->may_define.any);
  cluster_.DeleteService("web");
  cluster_.loop_.RunFor(absl::Seconds(1));
  EXPECT_THAT(source_->desired()->services, IsEmpty());
}

TEST_F(ObjectSourceTest, TellsTheUidOfAPoolAndThatItIsGone) {
  Start();
  cluster_.loop_.RunFor(absl::Seconds(1));
  cluster_.CreatePool("a", "\"192.0.2.0/28\"");
  cluster_.loop_.RunFor(absl::Seconds(1));
  DeleteOwn("IPAddressPool", "a");
  cluster_.loop_.RunFor(absl::Seconds(1));
  EXPECT_THAT(uids_, ElementsAre("IPAddressPool/a uid-1", "IPAddressPool/a "));
}

TEST_F(ObjectSourceTest, NamesAFaultByObjectVersionAndField) {
  Start();
  cluster_.loop_.RunFor(absl::Seconds(1));
  cluster_.CreatePool("a", "\"192.0.2.0/33\"");
  cluster_.loop_.RunFor(absl::Seconds(1));
  ASSERT_EQ(problems_.size(), 1u);
  EXPECT_THAT(problems_[0],
              testing::MatchesRegex("IPAddressPool/a \\(resourceVersion "
                                    "[0-9]+\\): spec.addresses.*"));
}

// A service would be announced from the wrong node without its endpoints.
TEST_F(ObjectSourceTest, NothingIsInForceBeforeEveryKindWasListed) {
  cluster_.CreatePool("a", "\"192.0.2.0/28\"");
  cluster_.CreateService("web");
  cluster_.server_.faults().expired = 0;
  Start();
  EXPECT_TRUE(
      cluster_.loop_.RunUntil([&] { return updates_ > 0; }, absl::Seconds(1)));
  if (!source_->is_complete()) {
    EXPECT_THAT(source_->desired()->services, IsEmpty());
    EXPECT_TRUE(source_->desired()->may_define.any);
  }
  cluster_.loop_.RunFor(absl::Seconds(1));
  EXPECT_EQ(source_->desired()->services.size(), 1u);
}

TEST_F(ObjectSourceTest, AListOfThousandsComesInPages) {
  for (int i = 0; i < 2600; ++i) {
    cluster_.CreateService(fmt::format("s{}", i));
  }
  Start();
  cluster_.loop_.RunFor(absl::Seconds(2));
  EXPECT_EQ(source_->desired()->services.size(), 2600u);
  EXPECT_EQ(changes_max_, 250u);
}

TEST_F(ObjectSourceTest, WhatAnEarlierRunHadStaysWhileTheServerIsAway) {
  cluster_.CreatePool("a", "\"192.0.2.0/28\"");
  cluster_.CreateService("web");
  Start();
  cluster_.loop_.RunFor(absl::Seconds(1));
  const config::Objects earlier = source_->desired()->objects;
  source_.reset();
  cluster_.server_.Restart(absl::Seconds(20), absl::ZeroDuration());
  cluster_.server_.Cut("n1");
  source_ = std::make_unique<ObjectSource>(
      ObjectSource::Ports{&cluster_.loop_, cluster_.server_.AddHost("n2"),
                          this},
      ObjectSource::Options{.own_namespace = std::string(kOwnNamespace)},
      Prng(2), earlier);
  source_->Start();
  cluster_.loop_.RunFor(absl::Seconds(5));
  EXPECT_EQ(source_->desired()->services.size(), 1u);
  EXPECT_TRUE(source_->desired()->may_define.any);
  EXPECT_THAT(source_->Trouble(), HasSubstr("ipaddresspools.metallb.io: "));
  cluster_.DeleteService("web");
  cluster_.loop_.RunFor(absl::Seconds(30));
  EXPECT_EQ(source_->Trouble(), "");
  EXPECT_THAT(source_->desired()->services, IsEmpty());
}

constexpr std::string_view kPeer =
    R"("spec":{"myASN":64512,"peerASN":65000,"peerAddress":"192.0.2.254",)"
    R"("bfdProfile":"fast","passwordSecret":{"name":"key"}})";

class RoutingObjectsTest : public ObjectSourceTest {
 protected:
  void CreateNamed() {
    cluster_.CreateOwn("BFDProfile", "fast");
    cluster_.CreateOwn("Secret", "key",
                       R"("type":"kubernetes.io/basic-auth",)"
                       R"("data":{"password":"c2VzYW1l"})");
  }
  size_t Peers() const { return source_->desired()->bgp.peers.size(); }
  void Remove(std::string_view kind) {
    cluster_.server_.RemoveKind(SimKubernetes::ResourceOf(kind));
  }
};

TEST_F(RoutingObjectsTest, WhatPeersNameIsFollowedOnceThereIsAPeer) {
  CreateNamed();
  Start();
  cluster_.loop_.RunFor(absl::Seconds(1));
  EXPECT_EQ(Watches(), 6u);
  cluster_.CreateOwn("BGPPeer", "tor", kPeer);
  cluster_.loop_.RunFor(absl::Seconds(1));
  EXPECT_EQ(Watches(), 10u);
  EXPECT_EQ(Peers(), 1u);
  EXPECT_THAT(problems_, IsEmpty()) << "nothing is refused meanwhile";
  EXPECT_TRUE(source_->is_synchronized());
}

TEST_F(RoutingObjectsTest, PeersThatAreThereAtTheStartHaveWhatTheyName) {
  CreateNamed();
  cluster_.CreateOwn("BGPPeer", "tor", kPeer);
  Start();
  cluster_.loop_.RunFor(absl::Seconds(1));
  EXPECT_TRUE(source_->is_complete());
  EXPECT_EQ(Peers(), 1u);
  EXPECT_THAT(problems_, IsEmpty());
  DeleteOwn("BGPPeer", "tor");
  cluster_.loop_.RunFor(absl::Seconds(1));
  EXPECT_EQ(Peers(), 0u);
}

TEST_F(RoutingObjectsTest, AServerWithoutTheResourcesHoldsNothingUp) {
  for (const SourceKind& kind : SourceKinds()) {
    if (kind.is_optional) Remove(kind.kind);
  }
  cluster_.CreateService("web");
  Start();
  cluster_.loop_.RunFor(absl::Seconds(1));
  EXPECT_TRUE(source_->is_complete());
  EXPECT_TRUE(source_->is_synchronized());
  EXPECT_EQ(source_->Trouble(), "");
  EXPECT_EQ(source_->Absent(), "bgppeers.metallb.io");
  EXPECT_EQ(source_->desired()->services.size(), 1u);
  EXPECT_EQ(failures_, 0);
  for (const SourceKind& kind : SourceKinds()) {
    if (kind.is_optional) cluster_.AddKind(kind);
  }
  CreateNamed();
  cluster_.CreateOwn("BGPPeer", "tor", kPeer);
  cluster_.loop_.RunFor(absl::Seconds(15));
  EXPECT_EQ(Peers(), 1u);
  EXPECT_EQ(source_->Absent(), "");
}

TEST_F(RoutingObjectsTest, APeerWhoseSecretsAreNotToBeHadIsRefusedAlone) {
  Remove("Secret");
  cluster_.CreateOwn("BFDProfile", "fast");
  cluster_.CreateOwn("BGPPeer", "tor", kPeer);
  cluster_.CreateService("web");
  Start();
  cluster_.loop_.RunFor(absl::Seconds(1));
  EXPECT_TRUE(source_->is_complete());
  EXPECT_EQ(source_->desired()->services.size(), 1u);
  EXPECT_EQ(Peers(), 0u);
  EXPECT_THAT(problems_, ElementsAre(HasSubstr("BGPPeer/tor")));
}

TEST_F(RoutingObjectsTest, AnAdvertisementCountsOnceThereIsAPeer) {
  CreateNamed();
  cluster_.CreateOwn("BGPAdvertisement", "all");
  Start();
  cluster_.loop_.RunFor(absl::Seconds(1));
  EXPECT_EQ(Watches(), 6u);
  const auto& advertisements = source_->desired()->bgp.advertisements;
  EXPECT_EQ(advertisements.size(), 0u);
  cluster_.CreateOwn("BGPPeer", "tor", kPeer);
  cluster_.loop_.RunFor(absl::Seconds(1));
  EXPECT_EQ(advertisements.size(), 1u);
  // The last peer goes, and another one comes.
  DeleteOwn("BGPPeer", "tor");
  cluster_.loop_.RunFor(absl::Seconds(1));
  EXPECT_EQ(Peers(), 0u);
  cluster_.CreateOwn("BGPPeer", "other", kPeer);
  cluster_.loop_.RunFor(absl::Seconds(1));
  EXPECT_EQ(Peers(), 1u);
  EXPECT_EQ(Watches(), 10u);
  EXPECT_THAT(problems_, IsEmpty());
}

TEST_F(RoutingObjectsTest, APeerThatGoesWhileItWaitsIsForgotten) {
  for (const SourceKind& kind : SourceKinds()) {
    if (kind.needed_by == "BGPPeer") Remove(kind.kind);
  }
  Start();
  cluster_.loop_.RunFor(absl::Seconds(1));
  // An answer that settles nothing.
  cluster_.server_.faults().internal = 100;
  cluster_.CreateOwn("BGPPeer", "tor", kPeer);
  cluster_.loop_.RunFor(absl::Seconds(1));
  EXPECT_EQ(Peers(), 0u);
  DeleteOwn("BGPPeer", "tor");
  cluster_.server_.faults().internal = 0;
  cluster_.loop_.RunFor(absl::Seconds(30));
  EXPECT_EQ(Peers(), 0u);
  EXPECT_THAT(problems_, IsEmpty());
}

// The lists of both kinds come in any order.
TEST_F(RoutingObjectsTest, NoAliasIsUnknownBecauseItsListIsLate) {
  for (const char* const alias : {"a", "b", "c", "d"}) {
    cluster_.CreateOwn("Community", alias,
                       fmt::format(R"("spec":{{"communities":[{{"name":"{}",)"
                                   R"("value":"64512:1"}}]}})",
                                   alias));
    cluster_.CreateOwn(
        "BGPAdvertisement", alias,
        fmt::format(R"("spec":{{"communities":["{}"]}})", alias));
  }
  CreateNamed();
  Start();
  cluster_.loop_.RunFor(absl::Seconds(1));
  cluster_.CreateOwn("BGPPeer", "tor", kPeer);
  cluster_.loop_.RunFor(absl::Seconds(1));
  EXPECT_EQ(source_->desired()->bgp.advertisements.size(), 4u);
  EXPECT_THAT(problems_, IsEmpty());
}

// A server that answers 403 to whatever has this text in its path.
class RefusingClient final : public http::Client {
 public:
  RefusingClient(http::Client* client, std::string text)
      : client_(client), text_(std::move(text)) {}

  http::RequestId Send(
      http::Request request,
      std::unique_ptr<http::ResponseHandler> handler) override {
    if (request.path.find(text_) != std::string::npos) {
      handler = std::make_unique<Refusal>(std::move(handler));
    }
    return client_->Send(std::move(request), std::move(handler));
  }
  void Cancel(http::RequestId id) override { client_->Cancel(id); }

 private:
  class Refusal final : public http::ForwardingHandler {
   public:
    using ForwardingHandler::ForwardingHandler;
    void OnHead(int, absl::Span<const http::Header> headers) override {
      ForwardingHandler::OnHead(403, headers);
    }
    void OnBody(std::string_view) override {}
  };

  http::Client* const client_;
  const std::string text_;
};

// What a controller follows only to tell its faults.
class AsideTest : public RoutingObjectsTest {
 protected:
  void Start() {
    RoutingObjectsTest::Start({},
                              {.own_namespace = std::string(kOwnNamespace),
                               .left_out = ObjectSource::LeftOutOfControllers(),
                               .aside = ObjectSource::AsideOfControllers()});
  }
  void StartRefused(const std::string& resource) {
    source_.reset();  // It ends requests of the client before.
    refusing_ = std::make_unique<RefusingClient>(client_, resource);
    source_ = std::make_unique<ObjectSource>(
        ObjectSource::Ports{&cluster_.loop_, refusing_.get(), this},
        ObjectSource::Options{.own_namespace = std::string(kOwnNamespace),
                              .left_out = ObjectSource::LeftOutOfControllers(),
                              .aside = ObjectSource::AsideOfControllers()},
        Prng(1));
    source_->Start();
  }
  ~AsideTest() override { source_.reset(); }

  std::unique_ptr<RefusingClient> refusing_;
};

TEST_F(AsideTest, AFaultIsTold) {
  cluster_.CreateOwn("BGPPeer", "tor", kPeer);
  Start();
  cluster_.loop_.RunFor(absl::Seconds(1));
  EXPECT_EQ(Watches(), 9u);
  EXPECT_THAT(problems_, ElementsAre(HasSubstr("BGPPeer/tor")));
  CreateNamed();
  cluster_.loop_.RunFor(absl::Seconds(1));
  EXPECT_EQ(Peers(), 1u);
  EXPECT_THAT(source_->desired()->problems, IsEmpty());
}

TEST_F(AsideTest, NothingWaitsForWhatMayNotBeListed) {
  CreateNamed();
  cluster_.CreateOwn("BGPPeer", "tor", kPeer);
  cluster_.CreateService("web");
  for (const char* const resource :
       {"bgppeers", "l2advertisements", "secrets", "communities"}) {
    StartRefused(resource);
    cluster_.loop_.RunFor(absl::Seconds(5));
    EXPECT_TRUE(source_->is_complete()) << resource;
    EXPECT_EQ(source_->Trouble(), "") << resource;
    EXPECT_EQ(source_->desired()->services.size(), 1u) << resource;
    EXPECT_THAT(problems_, IsEmpty()) << "the Secret may be there";
  }
}

TEST_F(ObjectSourceTest, SaysWhenAListThatWasAskedForHasCome) {
  Start();
  cluster_.loop_.RunFor(absl::Seconds(1));
  EXPECT_EQ(relisted_, 0);
  const auto lists = [&] {
    return cluster_.server_.log().Count([](const LoggedRequest& request) {
      return request.path.find("limit=250") != std::string::npos;
    });
  };
  const size_t before = lists();
  const std::vector<std::string_view> kinds = {"Service", "IPAddressPool"};
  source_->Relist(kinds);
  cluster_.loop_.RunFor(absl::Seconds(1));
  EXPECT_EQ(relisted_, 1);
  EXPECT_EQ(lists(), before + 2);
}

}  // namespace
}  // namespace lb

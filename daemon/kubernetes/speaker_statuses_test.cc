// Speakers write to a simulated API server.
#include "daemon/kubernetes/speaker_statuses.h"

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "daemon/kubernetes/service_l2_status.h"
#include "daemon/kubernetes/testing/sim_kubernetes.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/event_log.h"

namespace lb {
namespace {

using kubernetes::LoggedRequest;
using kubernetes::TextAt;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const kubernetes::Resource kL2Statuses = {"metallb.io", "v1beta1",
                                          "servicel2statuses"};
const kubernetes::Resource kStates = {"metallb.io", "v1beta1",
                                      "configurationstates"};

class SpeakerStatusesTest : public testing::Test {
 protected:
  struct Speaker {
    std::string node;
    http::Client* client = nullptr;
    std::vector<std::string> told;  // Events of the node.
    std::unique_ptr<SpeakerStatuses> statuses;
  };

  Speaker& Add(const std::string& node) {
    auto speaker = std::make_unique<Speaker>();
    speaker->node = node;
    speaker->client = cluster_.server_.AddHost(node);
    speakers_.push_back(std::move(speaker));
    Start(*speakers_.back());
    return *speakers_.back();
  }
  void Start(Speaker& speaker) {
    speaker.statuses = std::make_unique<SpeakerStatuses>(
        SpeakerStatuses::Ports{&loop_, speaker.client,
                               [&speaker](EventType, const std::string& reason,
                                          const std::string& message) {
                                 speaker.told.push_back(reason + " " + message);
                               }},
        SpeakerStatuses::Options{speaker.node, std::string(kOwnNamespace)},
        cluster_.prng_.Fork(fmt::format("{} {}", speaker.node, ++starts_)));
    speaker.statuses->SetPod(
        {"speaker-" + speaker.node, "pod-of-" + speaker.node});
  }

  // "n1 d/web [eth0] pod-of-n1", sorted.
  std::vector<std::string> Objects() const {
    std::vector<std::string> texts;
    for (const auto& [key, object] :
         cluster_.server_.store().Objects(kL2Statuses)) {
      std::string interfaces;
      if (const auto* list = kubernetes::NodeAt(*object, "status.interfaces")) {
        for (const auto& item : list->children) {
          interfaces += std::string(TextAt(item, "name")) + " ";
        }
      }
      const auto* owners =
          kubernetes::NodeAt(*object, "metadata.ownerReferences");
      texts.push_back(fmt::format(
          "{} {}/{} [{}] {}", TextAt(*object, "status.node"),
          TextAt(*object, "status.serviceNamespace"),
          TextAt(*object, "status.serviceName"), interfaces,
          owners == nullptr ? "" : TextAt(owners->children.at(0), "uid")));
    }
    std::sort(texts.begin(), texts.end());
    return texts;
  }
  kubernetes::ObjectKey AnyObject() const {
    return cluster_.server_.store().Objects(kL2Statuses).begin()->first;
  }

  // Those that the server has answered.
  size_t Writes() const {
    return cluster_.server_.log().Count([](const LoggedRequest& request) {
      return request.is_write() && request.code != 0;
    });
  }
  void Settle() { loop_.RunFor(absl::Seconds(5)); }
  // Until the next list has come.
  void AwaitList() { loop_.RunFor(absl::Minutes(16)); }

  SourceUpdate UpdateOf(const std::vector<std::string>& services) {
    SourceUpdate update;
    update.desired = std::make_shared<config::Desired>();
    for (const std::string& name : services) {
      ServiceChange change;
      change.record.meta.key = {"d", name};
      change.record.meta.uid = "uid-of-" + name;
      change.record.is_load_balancer = true;
      update.services.push_back(change);
    }
    return update;
  }
  SourceUpdate Refusing(const std::string& object, const std::string& message) {
    SourceUpdate update;
    auto desired = std::make_shared<config::Desired>();
    desired->problems.push_back({.object = object, .message = message});
    update.difference.new_problems = desired->problems;
    update.desired = desired;
    return update;
  }
  // "Valid  2026-11-30T21:00:00Z".
  std::string StateOf(const std::string& name) const {
    const auto& states = cluster_.server_.store().Objects(kStates);
    const auto state = states.find({std::string(kOwnNamespace), name});
    if (state == states.end()) return "";
    const auto* conditions =
        kubernetes::NodeAt(*state->second, "status.conditions");
    return fmt::format(
        "{} {} {}", TextAt(*state->second, "status.result"),
        TextAt(*state->second, "status.errorSummary"),
        conditions == nullptr
            ? ""
            : TextAt(conditions->children.at(0), "lastTransitionTime"));
  }

  int starts_ = 0;
  SimKubernetes cluster_{1};
  io::SimLoop& loop_ = cluster_.loop_;
  std::vector<std::unique_ptr<Speaker>> speakers_;
};

TEST_F(SpeakerStatusesTest, TheNodeThatAnnouncesAServiceSaysSo) {
  Speaker& n1 = Add("n1");
  n1.statuses->SetActs(true);
  n1.statuses->SetPlace("d/web", {{"n1"}, {"eth0", "eth1"}});
  n1.statuses->SetPlace("d/other", {{"n2"}, {}});
  Settle();
  EXPECT_THAT(Objects(), ElementsAre("n1 d/web [eth0 eth1 ] pod-of-n1"));
  EXPECT_THAT(AnyObject().name, testing::MatchesRegex("l2-[a-z0-9]+"));
  EXPECT_EQ(Writes(), 1u);
  n1.statuses->SetPlace("d/web", {{"n1"}, {}});
  Settle();
  EXPECT_THAT(Objects(), ElementsAre("n1 d/web [] pod-of-n1"));
  EXPECT_EQ(Writes(), 2u);
  n1.statuses->SetPlace("d/web", {{"n2"}, {}});
  Settle();
  EXPECT_THAT(Objects(), IsEmpty());
  EXPECT_EQ(Writes(), 3u);
  EXPECT_EQ(cluster_.server_.open_watches(), 0u);
}

TEST_F(SpeakerStatusesTest, NothingIsWrittenUntilTheNodeActs) {
  Speaker& n1 = Add("n1");
  n1.statuses->SetPlace("d/web", {{"n1"}, {}});
  Settle();
  EXPECT_EQ(Writes(), 0u);
  n1.statuses->SetActs(true);
  Settle();
  EXPECT_THAT(Objects(), SizeIs(1));
}

TEST_F(SpeakerStatusesTest, ANodeThatDoesNotActChangesNothing) {
  Speaker& n1 = Add("n1");
  n1.statuses->SetActs(true);
  n1.statuses->SetPlace("d/web", {{"n1"}, {}});
  Settle();
  const size_t writes = Writes();
  n1.statuses->SetActs(false);
  n1.statuses->SetPlace("d/web", {{"n2"}, {}});
  n1.statuses->SetPlace("d/other", {{"n1"}, {}});
  Settle();
  EXPECT_EQ(Writes(), writes);
  n1.statuses->SetActs(true);
  Settle();
  EXPECT_THAT(Objects(), ElementsAre("n1 d/other [] pod-of-n1"));
}

TEST_F(SpeakerStatusesTest, AThousandServicesCostAWriteEachAndIdleNone) {
  Speaker& n1 = Add("n1");
  n1.statuses->SetActs(true);
  for (int i = 0; i < 1000; ++i) {
    n1.statuses->SetPlace(fmt::format("d/s{}", i), {{"n1"}, {}});
  }
  loop_.RunFor(absl::Seconds(30));
  EXPECT_THAT(Objects(), SizeIs(1000));
  EXPECT_EQ(n1.statuses->services().settled(), 1000u);
  EXPECT_EQ(Writes(), 1000u);
  for (int i = 0; i < 1000; ++i) {
    n1.statuses->SetPlace(fmt::format("d/s{}", i), {{"n1"}, {}});
  }
  loop_.RunFor(absl::Hours(1));
  EXPECT_EQ(Writes(), 1000u);
  // A list in each 5 to 15 minutes, of ten pages.
  const size_t reads = cluster_.server_.log().Count(
      [](const LoggedRequest& request) { return !request.is_write(); });
  EXPECT_LE(reads, 13u * 10 + 1);
  EXPECT_GE(reads, 3u * 10 + 1);
}

TEST_F(SpeakerStatusesTest, AnotherRunAdoptsTheObjectsAndOwnsThem) {
  Speaker& n1 = Add("n1");
  n1.statuses->SetActs(true);
  n1.statuses->SetPlace("d/stays", {{"n1"}, {}});
  n1.statuses->SetPlace("d/went", {{"n1"}, {}});
  Settle();
  const size_t writes = Writes();
  n1.statuses.reset();
  Start(n1);
  n1.statuses->SetPod({"speaker-new", "pod-new"});
  n1.statuses->SetPlace("d/stays", {{"n1"}, {}});
  n1.statuses->SetActs(true);
  Settle();
  EXPECT_THAT(Objects(), ElementsAre("n1 d/stays [] pod-new"));
  EXPECT_EQ(Writes(), writes + 2);
}

TEST_F(SpeakerStatusesTest, TheNextListRepairsWhatOthersDid) {
  Speaker& n1 = Add("n1");
  n1.statuses->SetActs(true);
  for (const char* service : {"d/deleted", "d/patched", "d/relabelled"}) {
    n1.statuses->SetPlace(service, {{"n1"}, {"eth0"}});
  }
  Settle();
  const auto objects = Objects();
  ASSERT_THAT(objects, SizeIs(3));
  for (const auto& [key, object] :
       kubernetes::SimObjects(cluster_.server_.store().Objects(kL2Statuses))) {
    const std::string_view service = TextAt(*object, "status.serviceName");
    if (service == "deleted") cluster_.server_.Delete(kL2Statuses, key);
    if (service == "patched") {
      cluster_.server_.Patch(kL2Statuses, key,
                             R"({"status":{"interfaces":null}})");
    }
    if (service == "relabelled") {
      cluster_.server_.Patch(
          kL2Statuses, key,
          R"({"metadata":{"labels":{"metallb.io/service-name":"x"}}})");
    }
  }
  EXPECT_NE(Objects(), objects);
  AwaitList();
  EXPECT_EQ(Objects(), objects);

  cluster_.server_.Delete(kL2Statuses, AnyObject());
  n1.statuses->OnSpeakerCame();
  loop_.RunFor(SpeakerStatuses::kVisitDelay + absl::Seconds(5));
  EXPECT_EQ(Objects(), objects);
}

TEST_F(SpeakerStatusesTest, ADeadNodesObjectsAreDeletedByThoseThatTookOver) {
  Speaker& n1 = Add("n1");
  Speaker& n2 = Add("n2");
  for (Speaker* speaker : {&n1, &n2}) {
    speaker->statuses->SetActs(true);
    for (const char* service : {"d/a", "d/b", "d/c"}) {
      speaker->statuses->SetPlace(service, {{"n1"}, {}});
    }
  }
  Settle();
  n1.statuses.reset();
  n2.statuses->SetPlace("d/a", {{"n2"}, {}});
  n2.statuses->SetPlace("d/b", {});
  n2.statuses->SetPlace("d/b", {{"n2"}, {}});
  n2.statuses->SetPlace("d/c", {{"n3"}, {}});
  Settle();
  EXPECT_THAT(Objects(), SizeIs(5));
  loop_.RunFor(SpeakerStatuses::kVisitDelay);
  EXPECT_THAT(Objects(),
              ElementsAre("n1 d/c [] pod-of-n1", "n2 d/a [] pod-of-n2",
                          "n2 d/b [] pod-of-n2"));
  // One list for all of them.
  EXPECT_EQ(cluster_.server_.log().Count([](const LoggedRequest& request) {
    return request.host == "n2" && request.method == "GET" &&
           request.path.find("n1") != std::string::npos;
  }),
            1u);
}

TEST_F(SpeakerStatusesTest, AMembersNameThatIsNoLabelIsNotAskedFor) {
  Speaker& n2 = Add("n2");
  n2.statuses->SetActs(true);
  n2.statuses->SetPlace("d/a", {{"n1,metallb.io/node"}, {}});
  n2.statuses->SetPlace("d/a", {{"n2"}, {}});
  loop_.RunFor(absl::Minutes(1));
  EXPECT_EQ(cluster_.server_.log().Count([](const LoggedRequest& request) {
    return request.method == "GET";
  }),
            1u);
}

TEST_F(SpeakerStatusesTest, ATakeoverIsAnEventAndANewServiceIsNone) {
  Speaker& n2 = Add("n2");
  n2.statuses->OnUpdate(UpdateOf({"new", "old"}), false);
  n2.statuses->SetPlace("d/old", {{"n1"}, {}});
  n2.statuses->SetActs(true);
  n2.statuses->SetPlace("d/new", {});
  n2.statuses->SetPlace("d/new", {{"n2"}, {}});
  Settle();
  EXPECT_THAT(cluster_.Events(), IsEmpty());
  n2.statuses->SetPlace("d/old", {{"n2"}, {}});
  Settle();
  EXPECT_THAT(cluster_.Events(), ElementsAre("nodeAssigned d/old"));
  const auto& events =
      cluster_.server_.store().Objects({"events.k8s.io", "v1", "events"});
  const config::YamlNode& event = *events.begin()->second;
  EXPECT_EQ(TextAt(event, "note"),
            R"(announcing from node "n2" with protocol "layer2")");
  EXPECT_EQ(TextAt(event, "regarding.uid"), "uid-of-old");
  EXPECT_EQ(TextAt(event, "type"), "Normal");
}

TEST_F(SpeakerStatusesTest, WhatIsDueIsWrittenOnceWhenTheServerIsBack) {
  Speaker& n1 = Add("n1");
  n1.statuses->SetActs(true);
  n1.statuses->SetPlace("d/first", {{"n1"}, {}});
  Settle();
  cluster_.server_.Restart(absl::Minutes(5), absl::ZeroDuration());
  const size_t writes = Writes();
  for (int round = 0; round < 100; ++round) {
    for (int i = 0; i < 100; ++i) {
      n1.statuses->SetPlace(fmt::format("d/s{}", i),
                            {{round % 2 == 0 ? "n1" : "n2"}, {}});
    }
    loop_.RunFor(absl::Seconds(1));
  }
  for (int i = 0; i < 100; ++i) {
    n1.statuses->SetPlace(fmt::format("d/s{}", i), {{"n1"}, {}});
  }
  loop_.RunFor(absl::Minutes(6));
  EXPECT_THAT(Objects(), SizeIs(101));
  EXPECT_LE(Writes() - writes, 100u);
}

TEST_F(SpeakerStatusesTest, AnObjectWhoseCreateHadNoAnswerIsFoundSoon) {
  Speaker& n1 = Add("n1");
  n1.statuses->SetActs(true);
  Settle();
  cluster_.server_.faults().lost_after = 100;
  n1.statuses->SetPlace("d/web", {{"n1"}, {}});
  loop_.RunFor(absl::Milliseconds(20));
  cluster_.server_.faults().lost_after = 0;
  EXPECT_THAT(Objects(), ElementsAre("n1 d/web [] pod-of-n1"));
  loop_.RunFor(absl::Seconds(20));
  EXPECT_THAT(Objects(), ElementsAre("n1 d/web [] pod-of-n1"));
  EXPECT_EQ(Writes(), 1u);  // AlreadyExists.
}

TEST_F(SpeakerStatusesTest, ALongServiceNameIsNoTrouble) {
  Speaker& n1 = Add("n1");
  const std::string name(63, 'x');
  const std::string name_space(63, 'y');
  n1.statuses->SetActs(true);
  n1.statuses->SetPlace(name_space + "/" + name, {{"n1"}, {}});
  Settle();
  EXPECT_THAT(Objects(), ElementsAre(fmt::format("n1 {}/{} [] pod-of-n1",
                                                 name_space, name)));
}

TEST_F(SpeakerStatusesTest, WithoutTheKindTheReasonIsToldOnce) {
  // As if the custom resource were not there: all lists are answered 404.
  Speaker n1 = {.node = "n1", .client = cluster_.server_.AddHost("n1")};
  n1.statuses = std::make_unique<SpeakerStatuses>(
      SpeakerStatuses::Ports{&loop_, n1.client,
                             [&](EventType, const std::string& reason,
                                 const std::string& message) {
                               n1.told.push_back(reason + " " + message);
                             }},
      SpeakerStatuses::Options{"n1", "metallb-system"}, Prng(1));
  cluster_.server_.faults().internal = 100;
  n1.statuses->SetActs(true);
  n1.statuses->SetPlace("d/web", {{"n1"}, {}});
  loop_.RunFor(absl::Minutes(3));
  EXPECT_THAT(n1.told,
              ElementsAre(AllOf(HasSubstr("StatusRefused"),
                                HasSubstr("servicel2statuses.metallb.io"),
                                HasSubstr("500"))));
  cluster_.server_.faults().internal = 0;
  Settle();
  Settle();
  EXPECT_THAT(Objects(), SizeIs(1));
}

TEST_F(SpeakerStatusesTest, UnderEveryFaultEachServiceComesToHaveOneObject) {
  for (int seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    SimKubernetes cluster(seed);
    kubernetes::SimFaultPlan& faults = cluster.server_.faults();
    faults.too_many = faults.unavailable = faults.internal = 3;
    faults.lost_before = faults.lost_after = faults.torn = faults.slow = 5;
    faults.expired = 5;
    Prng prng(seed);
    SpeakerStatuses statuses(
        {&cluster.loop_, cluster.server_.AddHost("n1"),
         [](EventType, const std::string&, const std::string&) {}},
        {"n1", std::string(kOwnNamespace)}, prng.Fork("n1"));
    statuses.SetActs(true);
    std::set<std::string> here;
    for (int i = 0; i < 300; ++i) {
      const std::string service = fmt::format("d/s{}", prng.Uniform(40));
      const bool is_here = prng.Chance(60);
      is_here ? (void)here.insert(service) : (void)here.erase(service);
      statuses.SetPlace(service, {{is_here ? "n1" : "n2"}, {}});
      if (prng.Chance(1)) {
        cluster.server_.Restart(absl::Seconds(7), absl::Seconds(1));
      }
      cluster.loop_.RunFor(prng.UniformDuration(absl::Seconds(1)));
    }
    faults = {};
    cluster.loop_.RunFor(absl::Minutes(20));
    std::multiset<std::string> there;
    for (const auto& [key, object] :
         cluster.server_.store().Objects(kL2Statuses)) {
      there.insert(fmt::format("d/{}", TextAt(*object, "status.serviceName")));
    }
    EXPECT_THAT(there, testing::ElementsAreArray(here));
    if (HasFailure()) return;
  }
}

TEST_F(SpeakerStatusesTest, SaysWhetherTheConfigurationCouldBeRead) {
  Speaker& n1 = Add("n1");
  n1.statuses->OnUpdate(UpdateOf({}), false);
  Settle();
  EXPECT_EQ(Writes(), 0u);
  n1.statuses->OnUpdate(UpdateOf({}), true);
  Settle();
  EXPECT_THAT(StateOf("speaker-n1"), HasSubstr("Valid  "));
  EXPECT_EQ(Writes(), 2u);
  n1.statuses->OnUpdate(Refusing("IPAddressPool/a", "want more"), true);
  Settle();
  EXPECT_THAT(StateOf("speaker-n1"),
              HasSubstr("Invalid IPAddressPool/a: want more "));
  n1.statuses->OnUpdate(UpdateOf({}), true);
  Settle();
  EXPECT_THAT(StateOf("speaker-n1"), HasSubstr("Valid  "));
  EXPECT_EQ(Writes(), 4u);
  for (int i = 0; i < 100; ++i) n1.statuses->OnUpdate(UpdateOf({}), true);
  n1.statuses->OnUpdate(Refusing("Service/d/web", "want more"), true);
  loop_.RunFor(absl::Hours(1));
  EXPECT_EQ(Writes(), 4u);
}

TEST_F(SpeakerStatusesTest, ARestartRewritesNoStateAndKeepsItsTime) {
  Speaker& n1 = Add("n1");
  n1.statuses->OnUpdate(Refusing("IPAddressPool/a", "want more"), true);
  Settle();
  const std::string state = StateOf("speaker-n1");
  const size_t writes = Writes();
  loop_.RunFor(absl::Hours(1));
  n1.statuses.reset();
  Start(n1);
  n1.statuses->OnUpdate(Refusing("IPAddressPool/a", "want more"), true);
  Settle();
  EXPECT_EQ(StateOf("speaker-n1"), state);
  EXPECT_EQ(Writes(), writes);
  // Another text under the same result: the time stays.
  n1.statuses->OnUpdate(Refusing("IPAddressPool/b", "want less"), true);
  Settle();
  EXPECT_EQ(StateOf("speaker-n1").substr(state.size() - 20),
            state.substr(state.size() - 20));
  EXPECT_THAT(StateOf("speaker-n1"), HasSubstr("IPAddressPool/b: want less"));
}

TEST_F(SpeakerStatusesTest, AStateThatCannotBeKnownIsUnknown) {
  Speaker& n1 = Add("n1");
  n1.statuses->SetUnread("ipaddresspools.metallb.io: 403 Forbidden");
  n1.statuses->SetUnread("ipaddresspools.metallb.io: 403 Forbidden, again");
  Settle();
  EXPECT_THAT(StateOf("speaker-n1"),
              HasSubstr("Unknown ipaddresspools.metallb.io: 403 Forbidden 2"));
  n1.statuses->SetUnread("");
  n1.statuses->OnUpdate(UpdateOf({}), true);
  Settle();
  EXPECT_THAT(StateOf("speaker-n1"), HasSubstr("Valid  "));
  EXPECT_EQ(Writes(), 3u);
}

TEST_F(SpeakerStatusesTest, AStateThatSomebodyDeletedComesBack) {
  Speaker& n1 = Add("n1");
  n1.statuses->OnUpdate(UpdateOf({}), true);
  Settle();
  cluster_.server_.Delete(kStates, {std::string(kOwnNamespace), "speaker-n1"});
  AwaitList();
  EXPECT_THAT(StateOf("speaker-n1"), HasSubstr("Valid  "));
}

}  // namespace
}  // namespace lb

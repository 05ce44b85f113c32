// A controller marks the pods of dead nodes, on simulated machines and with a
// simulated API server.
#include "daemon/kubernetes/node_failure.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "daemon/kubernetes/configuration_state.h"
#include "daemon/kubernetes/leased_client.h"
#include "daemon/kubernetes/testing/sim_kubernetes.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/event_log.h"
#include "lb/base/prng.h"
#include "lb/io/sim/sim_world.h"

namespace lb {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const kubernetes::Resource kPods = {"", "v1", "pods"};

// n1, n2 and n3 have a speaker, and a pod each of the service d/web: p1, p2 and
// p3. The controller is on the machine c1.
class NodeFailureTest : public testing::Test {
 protected:
  NodeFailureTest() {
    for (int i = 1; i <= 3; ++i) {
      AddNode(i);
      CreatePod(fmt::format("p{}", i), fmt::format("n{}", i));
    }
    controller_ = world_.AddHost("c1", "192.0.2.9/24");
    PutSlice();
    client_ = cluster_.server_.AddHost("c1");
    Start();
    RunFor(kFollowFirst + absl::Seconds(2));
  }

  void AddNode(int number) {
    const std::string name = fmt::format("n{}", number);
    machines_.push_back(
        world_.AddHost(name, fmt::format("192.0.2.{}/24", number)));
    cluster_.server_.Create(
        SimKubernetes::ResourceOf("Node"),
        fmt::format(R"({{"metadata":{{"name":"{}"}},"status":{{)"
                    R"("addresses":[{{"type":"Hostname","address":"{}"}},)"
                    R"({{"type":"InternalIP","address":"192.0.2.{}"}}],)"
                    R"("conditions":[{{"type":"Ready","status":"True"}}]}}}})",
                    name, name, number));
    cluster_.server_.Create(
        ConfigurationStates(),
        fmt::format(R"({{"metadata":{{"namespace":"{}","name":"speaker-{}",)"
                    R"("labels":{{"metallb.io/component-type":"speaker",)"
                    R"("metallb.io/node-name":"{}"}}}}}})",
                    kOwnNamespace, name, name));
  }
  void CreatePod(const std::string& name, const std::string& node) {
    cluster_.server_.Create(
        kPods, fmt::format(R"({{"metadata":{{"namespace":"d","name":"{}"}},)"
                           R"("spec":{{"nodeName":"{}"}}}})",
                           name, node));
    SetReady(name, "True");
    if (!endpoints_.empty()) endpoints_ += ",";
    endpoints_ += fmt::format(
        R"({{"addresses":["10.0.0.1"],"nodeName":"{}",)"
        R"("conditions":{{"ready":true}},)"
        R"("targetRef":{{"kind":"Pod","namespace":"d","name":"{}"}}}})",
        node, name);
  }
  void SetReady(const std::string& pod, std::string_view ready) {
    cluster_.server_.Patch(
        kPods, {"d", pod},
        fmt::format(R"({{"status":{{"conditions":[)"
                    R"({{"type":"PodScheduled","status":"True"}},)"
                    R"({{"type":"Ready","status":"{}"}}]}}}})",
                    ready),
        "status");
  }
  void PutSlice() {
    const kubernetes::Resource& slices =
        SimKubernetes::ResourceOf("EndpointSlice");
    cluster_.server_.Delete(slices, {"d", "web-1"});
    cluster_.server_.Create(
        slices,
        fmt::format(R"({{"metadata":{{"namespace":"d","name":"web-1",)"
                    R"("labels":{{"kubernetes.io/service-name":"web"}}}},)"
                    R"("endpoints":[{}]}})",
                    endpoints_));
  }

  void Start() {
    leased_ = std::make_unique<LeasedClient>(&world_.loop(), client_,
                                             [this] { return holds_lease_; });
    failure_ = std::make_unique<NodeFailure>(
        NodeFailure::Ports{
            &world_.loop(), client_, leased_.get(),
            controller_->environment().stream_factory,
            [this] { return holds_lease_; },
            [this](EventType, const std::string& reason, const std::string&) {
              recorded_.push_back(reason);
            }},
        NodeFailure::Options{
            {.enabled = true}, std::string(kOwnNamespace), "c1"},
        Prng(7));
    failure_->Start();
  }
  void RunFor(absl::Duration time) { world_.loop().RunFor(time); }

  // The speaker of `node` says that it has lost these members.
  void Report(const std::string& node, std::string_view lost) {
    cluster_.server_.Patch(
        ConfigurationStates(), {std::string(kOwnNamespace), "speaker-" + node},
        fmt::format(R"({{"metadata":{{"annotations":{{"{}":"{}"}}}}}})",
                    kLostMembers, lost));
  }
  void LoseN3() {
    Report("n1", "n3");
    Report("n2", "n3");
  }
  void CutPower(int number) { machines_[number - 1]->Crash(); }

  // Pods that are not ready, by name.
  std::vector<std::string> NotReady() const {
    std::vector<std::string> names;
    for (const auto& [key, pod] : cluster_.server_.store().Objects(kPods)) {
      const auto meta = kubernetes::ReadObjectMeta(*pod);
      if (!ReadPodFact(*meta, *pod).is_ready) names.push_back(key.name);
    }
    return names;
  }
  int PatchesSent() const {
    int count = 0;
    for (const auto& request : cluster_.server_.log().requests()) {
      count += request.method == "PATCH" &&
                       request.path.find("/pods/") != request.path.npos
                   ? 1
                   : 0;
    }
    return count;
  }
  std::string NoteOf(std::string_view reason) const {
    for (const auto& [key, event] :
         cluster_.server_.store().Objects({"events.k8s.io", "v1", "events"})) {
      if (kubernetes::TextAt(*event, "reason") != reason) continue;
      EXPECT_EQ(kubernetes::TextAt(*event, "regarding.kind"), "Node");
      return std::string(kubernetes::TextAt(*event, "note"));
    }
    return "";
  }

  io::SimWorld world_{1};
  SimKubernetes cluster_{1, &world_.loop()};
  std::vector<io::SimHost*> machines_;
  io::SimHost* controller_ = nullptr;
  http::Client* client_ = nullptr;
  std::string endpoints_;
  bool holds_lease_ = true;
  std::vector<std::string> recorded_;
  std::unique_ptr<LeasedClient> leased_;
  std::unique_ptr<NodeFailure> failure_;
};

TEST_F(NodeFailureTest, PodsOfADeadNodeAreMarked) {
  CutPower(3);
  LoseN3();
  RunFor(absl::Milliseconds(900));
  EXPECT_THAT(NotReady(), IsEmpty());
  RunFor(absl::Milliseconds(400));
  EXPECT_THAT(NotReady(), ElementsAre("p3"));
  RunFor(absl::Seconds(1));
  EXPECT_THAT(NoteOf("PodsMarkedNotReady"),
              HasSubstr("n1, n2 lost it 1s ago, and it answers no probe: 1 "
                        "pods are marked NotReady"));
  EXPECT_THAT(recorded_, ElementsAre("PodsMarkedNotReady"));
  RunFor(absl::Minutes(2));
  EXPECT_EQ(PatchesSent(), 1);  // Once.
}

TEST_F(NodeFailureTest, WhatTheKubeletSaysAfterThatStays) {
  CutPower(3);
  LoseN3();
  RunFor(absl::Seconds(2));
  ASSERT_THAT(NotReady(), ElementsAre("p3"));
  machines_[2]->Restart();
  SetReady("p3", "True");
  RunFor(absl::Seconds(20));
  EXPECT_THAT(NotReady(), IsEmpty());
  Report("n1", "");
  Report("n2", "");
  RunFor(absl::Seconds(20));
  EXPECT_THAT(NotReady(), IsEmpty());
}

TEST_F(NodeFailureTest, AMachineThatAnswersIsLeftToItsKubelet) {
  LoseN3();
  RunFor(absl::Minutes(1));
  EXPECT_THAT(NotReady(), IsEmpty());
  EXPECT_THAT(NoteOf("PodsLeftReady"), HasSubstr("but it answers"));
  EXPECT_THAT(recorded_, SizeIs(1));
}

TEST_F(NodeFailureTest, ANodeThatOneSpeakerLostIsNotMarked) {
  CutPower(3);
  Report("n1", "n3");
  RunFor(absl::Minutes(1));
  EXPECT_THAT(NotReady(), IsEmpty());
}

TEST_F(NodeFailureTest, WithoutTheLeaseNothingIsWritten) {
  holds_lease_ = false;
  CutPower(3);
  LoseN3();
  RunFor(absl::Seconds(5));
  EXPECT_THAT(NotReady(), IsEmpty());
  EXPECT_THAT(recorded_, IsEmpty());
  holds_lease_ = true;  // The controller that had it was on that node.
  RunFor(absl::Milliseconds(200));
  EXPECT_THAT(NotReady(), ElementsAre("p3"));
}

TEST_F(NodeFailureTest, AControllerThatReachesNoNodeMarksNone) {
  world_.Partition({controller_}, machines_);
  LoseN3();
  RunFor(absl::Seconds(10));
  EXPECT_THAT(NotReady(), IsEmpty());
  EXPECT_THAT(NoteOf("PodsLeftReady"), HasSubstr("reaches 0 of 2 other nodes"));
}

TEST_F(NodeFailureTest, AtMostOneNodeInThreeIsMarked) {
  // Two of four nodes die.
  AddNode(4);
  RunFor(absl::Seconds(1));
  CutPower(3);
  CutPower(2);
  Report("n1", "n2 n3");
  Report("n4", "n2 n3");
  RunFor(absl::Seconds(10));
  EXPECT_THAT(NotReady(), ElementsAre("p2"));
  EXPECT_THAT(NoteOf("PodsLeftReady"), HasSubstr("1 of 4 nodes are out"));
}

TEST_F(NodeFailureTest, PatchesAreBoundedInTheirRate) {
  for (int i = 0; i < 150; ++i) CreatePod(fmt::format("q{}", i), "n3");
  PutSlice();
  CutPower(3);
  LoseN3();
  RunFor(absl::Milliseconds(1300));
  const int at_once = PatchesSent();
  EXPECT_GE(at_once, NodeFailure::kPatchesAtOnce);
  EXPECT_LE(at_once, NodeFailure::kPatchesAtOnce + 20);
  RunFor(absl::Seconds(1));
  EXPECT_LE(PatchesSent() - at_once, 55);
  RunFor(absl::Seconds(3));
  EXPECT_THAT(NotReady(), SizeIs(151));
}

TEST_F(NodeFailureTest, WhatWaitsWhenTheLeaseIsLostIsNotWritten) {
  for (int i = 0; i < 150; ++i) CreatePod(fmt::format("q{}", i), "n3");
  PutSlice();
  CutPower(3);
  LoseN3();
  RunFor(absl::Milliseconds(1300));
  holds_lease_ = false;
  RunFor(absl::Milliseconds(100));
  const size_t marked = NotReady().size();
  EXPECT_LT(marked, 100u);
  RunFor(absl::Seconds(10));
  holds_lease_ = true;
  RunFor(absl::Seconds(10));
  EXPECT_EQ(NotReady().size(), marked);
}

TEST_F(NodeFailureTest, PatchesThatWaitAreDroppedOnceTheNodeAnswers) {
  for (int i = 0; i < 150; ++i) CreatePod(fmt::format("q{}", i), "n3");
  PutSlice();
  CutPower(3);
  LoseN3();
  RunFor(absl::Milliseconds(1300));
  machines_[2]->Restart();
  RunFor(absl::Seconds(10));
  EXPECT_GE(NotReady().size(), 50u);
  EXPECT_LE(NotReady().size(), 100u);
}

TEST_F(NodeFailureTest, ErrorsOfTheServerAreTriedAgain) {
  CutPower(3);
  cluster_.server_.faults().internal = 50;
  cluster_.server_.faults().lost_after = 30;
  LoseN3();
  RunFor(absl::Seconds(20));
  cluster_.server_.faults() = {};
  EXPECT_THAT(NotReady(), ElementsAre("p3"));
}

TEST_F(NodeFailureTest, AControllerThatStartsLaterLeavesOldFailuresAlone) {
  failure_.reset();
  CutPower(3);
  LoseN3();
  RunFor(absl::Seconds(1));
  Start();
  RunFor(absl::Minutes(1));
  EXPECT_THAT(NotReady(), IsEmpty());
}

}  // namespace
}  // namespace lb

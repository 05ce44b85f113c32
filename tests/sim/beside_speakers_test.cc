// A node that joins speakers of MetalLB: what they announced until then, and
// what it is elected for, it takes over at once.
//
// A speaker answers for an address until it has heard of the new member and has
// looked at all services: for some tens of milliseconds it also answers the
// questions of the node that is elected now. That node took it for a foreign
// host, and left the address dark for ten seconds.
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "daemon/problems/problems.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/election/digest.h"
#include "lb/gossip/gossip_node.h"
#include "tests/sim/cluster.h"
#include "tests/sim/foreign_host.h"

namespace lb {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr absl::Duration kSpeakerIsSlow = absl::Milliseconds(100);

// n1 is lbd; n2 and n3 are speakers, of which n2 has what n3 ranks below, and
// both answer for what is theirs without n1 until they have heard of it.
class BesideSpeakersTest : public testing::Test {
 protected:
  BesideSpeakersTest() {
    std::string manifests = Basics();
    for (int i = 1; i <= 5; ++i) {
      manifests += ServiceManifest("s" + std::to_string(i));
    }
    cluster_.SetManifests(manifests);
    for (const std::string node : {"n2", "n3"}) {
      speakers_.push_back(cluster_.StartPeer(node, node == "n2" ? "n3" : "n2"));
      answering_.push_back(std::make_unique<ForeignHost>(
          &cluster_.host(node), [this, node](const net::IpAddress& vip) {
            return Elected(vip, knows_n1_) == node;
          }));
    }
    cluster_.RunFor(absl::Seconds(5));
  }
  ~BesideSpeakersTest() override {
    answering_.clear();
    for (const char* const node : {"n1", "n2", "n3"}) cluster_.Crash(node);
  }

  static bool IsAService(const net::IpAddress& vip) {
    return net::ParseIpPrefix("172.18.8.200/29")->Contains(vip);
  }
  static std::string Elected(const net::IpAddress& vip, bool with_n1) {
    if (!IsAService(vip)) return "";
    const std::string subject = vip.ToString();
    std::string best = "n2";
    for (const std::string node : {"n3", "n1"}) {
      if (node == "n1" && !with_n1) continue;
      if (election::ComputeDigest(node, subject) <
          election::ComputeDigest(best, subject)) {
        best = node;
      }
    }
    return best;
  }
  // Runs until both speakers know of n1, and then until they have acted.
  void LetSpeakersHear() {
    const auto know = [this] {
      for (const auto& speaker : speakers_) {
        const auto member = speaker->Find("n1");
        if (!member || !member->is_up()) return false;
      }
      return true;
    };
    for (int i = 0; i < 1000 && !know(); ++i) {
      cluster_.RunFor(absl::Milliseconds(5));
    }
    ASSERT_TRUE(know());
    cluster_.RunFor(kSpeakerIsSlow);
    knows_n1_ = true;
  }

  // Both leave; they answer a moment longer, as their processes end.
  void LetSpeakersLeave() {
    for (const auto& speaker : speakers_) {
      speaker->Leave(absl::Seconds(1), [] {});
    }
    cluster_.RunFor(absl::Milliseconds(300));
    answering_.clear();
  }

  Cluster cluster_{/*seed=*/1, /*nodes=*/3};
  bool knows_n1_ = false;
  std::vector<std::unique_ptr<gossip::GossipNode>> speakers_;
  std::vector<std::unique_ptr<ForeignHost>> answering_;
};

TEST_F(BesideSpeakersTest, WhatTheyAnnouncedIsTakenOverAtOnce) {
  cluster_.Start("n1");
  LetSpeakersHear();
  cluster_.RunFor(absl::Milliseconds(500));
  size_t ours = 0;
  for (int i = 201; i <= 205; ++i) {
    const std::string vip = "172.18.8." + std::to_string(i);
    if (Elected(*net::ParseIpAddress(vip), true) != "n1") {
      EXPECT_THAT(cluster_.AnnouncersOf(vip), IsEmpty()) << vip;
      continue;
    }
    ++ours;
    EXPECT_THAT(cluster_.AnnouncersOf(vip), ElementsAre("n1"))
        << vip << "\n"
        << cluster_.Dump();
  }
  EXPECT_GT(ours, 0u);
}

TEST_F(BesideSpeakersTest, WhatTheyAnnouncedUntilTheyLeftIsTakenOverAtOnce) {
  cluster_.Start("n1");
  LetSpeakersHear();
  cluster_.RunFor(absl::Seconds(5));
  LetSpeakersLeave();
  cluster_.RunFor(absl::Milliseconds(500));
  for (int i = 201; i <= 205; ++i) {
    const std::string vip = "172.18.8." + std::to_string(i);
    EXPECT_THAT(cluster_.AnnouncersOf(vip), ElementsAre("n1"))
        << vip << "\n"
        << cluster_.Dump();
  }
}

}  // namespace
}  // namespace lb

// Nodes that do not find each other say why: secrets that differ, seeds that
// never answer, names that do not resolve.
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "daemon/problems/problems.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/event_log.h"
#include "lb/gossip/wire/keyring.h"
#include "lb/io/sim/sim_host.h"
#include "lb/net/host_port.h"
#include "tests/sim/cluster.h"

namespace lb {
namespace {

using gossip::wire::KeyDerivation;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class JoinTest : public testing::Test {
 protected:
  void SetSecret(const std::string& node, const std::string& secret) {
    cluster_.SetOptions(node, [secret](AgentOptions& options) {
      EXPECT_TRUE(
          options.keyring.AddSecret(secret, KeyDerivation::kSha256).ok());
    });
  }
  // Returns the problems of seeds and peers.
  std::vector<std::string> Problems(const std::string& node) {
    std::vector<std::string> texts;
    for (const Problem& problem : ListProblems(cluster_.agent(node).View())) {
      if (problem.object.starts_with("Seed/") ||
          problem.object.starts_with("Peer/")) {
        texts.push_back(problem.text);
      }
    }
    return texts;
  }
  // "Peer/172.18.8.12: ..." of the events with this reason.
  std::vector<std::string> Events(
      const std::string& node,
      const std::string& reason = "GossipUndecryptable") {
    std::vector<std::string> texts;
    for (const Event& event : cluster_.host(node).log().Since(0)) {
      if (event.reason != reason) continue;
      texts.push_back(event.object.ToString() + ": " + event.message);
    }
    return texts;
  }

  Cluster cluster_{/*seed=*/1, /*nodes=*/3};
};

TEST_F(JoinTest, AHealthyClusterHasNoProblem) {
  cluster_.SetManifests(Basics() + ServiceManifest("web"));
  cluster_.Start("n1");  // The others while the first one waits for them.
  cluster_.RunFor(absl::Seconds(9));
  EXPECT_THAT(Problems("n1"), IsEmpty());
  cluster_.Start("n2");
  cluster_.Start("n3");
  for (int second = 0; second < 60; ++second) {
    cluster_.RunFor(absl::Seconds(1));
    for (const std::string& node : cluster_.names()) {
      ASSERT_THAT(Problems(node), IsEmpty()) << node << " at " << second;
    }
  }
}

// Both sides say so within 10 s, by address; when the secret is corrected, the
// problem goes.
TEST_F(JoinTest, SecretsThatDifferByANewlineAreNamed) {
  SetSecret("n1", "aaaabbbbccccdddd");
  SetSecret("n2", "aaaabbbbccccdddd\n");
  SetSecret("n3", "aaaabbbbccccdddd");
  cluster_.StartAll();
  cluster_.RunFor(absl::Seconds(10));
  EXPECT_THAT(
      Events("n1"),
      ElementsAre(AllOf(
          HasSubstr("Peer/172.18.8.12: gossip: \"172.18.8.12:7946\" of the "
                    "join list: no key of this node opens what it sends"),
          HasSubstr("a newline at its end counts"))));
  EXPECT_THAT(Problems("n1"), Contains(HasSubstr("Peer/172.18.8.12: gossip:")));
  EXPECT_THAT(Problems("n2"), Contains(HasSubstr("Peer/172.18.8.11: gossip:")));
  EXPECT_THAT(Problems("n2"), Contains(HasSubstr("Peer/172.18.8.13: gossip:")));
  cluster_.RunFor(absl::Seconds(5));
  EXPECT_THAT(Problems("n1"),
              Contains(HasSubstr("Seed/172.18.8.12:7946: join: ")));
  cluster_.Kill("n2");
  SetSecret("n2", "aaaabbbbccccdddd");
  cluster_.Start("n2");
  cluster_.RunFor(absl::Seconds(10));
  for (const std::string& node : cluster_.names()) {
    EXPECT_THAT(Problems(node), IsEmpty()) << node;
  }
}

TEST_F(JoinTest, ASeedThatNeverAnswersIsAProblemUntilItDoes) {
  cluster_.Start("n1");
  cluster_.Start("n2");
  cluster_.RunFor(absl::Seconds(20));
  EXPECT_THAT(Problems("n1"),
              ElementsAre(HasSubstr("Seed/172.18.8.13:7946: join: "
                                    "172.18.8.13:7946 never answered: ")));
  cluster_.Start("n3");
  cluster_.RunFor(absl::Seconds(10));
  EXPECT_THAT(Problems("n1"), IsEmpty());
  // It answered once, so only members say that it is down.
  cluster_.Crash("n3");
  cluster_.RunFor(absl::Minutes(3));
  EXPECT_THAT(Problems("n1"), IsEmpty());
}

// A firewall lets TCP through and not UDP: full exchanges find the member, and
// no ping reaches it. It was given up again and again, and nothing said why.
TEST_F(JoinTest, AMemberWhoseUdpIsDroppedIsNamedUntilItIsNot) {
  cluster_.StartAll();
  cluster_.RunFor(absl::Seconds(10));
  io::SimNetwork& network = cluster_.world().network();
  network.SetDatagramsDropped(cluster_.host("n2"), true);
  cluster_.RunFor(absl::Seconds(20));
  for (const char* node : {"n1", "n3"}) {
    EXPECT_THAT(
        Problems(node),
        ElementsAre("Peer/n2: gossip: answers at 172.18.8.12:7946 over TCP, "
                    "but not over UDP, want UDP port 7946 let through both "
                    "ways, by the firewalls of both hosts and between them"));
    EXPECT_THAT(Events(node, "GossipOverTcpOnly"),
                ElementsAre(HasSubstr("Peer/n2: gossip: answers at ")));
  }
  network.SetDatagramsDropped(cluster_.host("n2"), false);
  cluster_.RunFor(absl::Minutes(1));
  for (const std::string& node : cluster_.names()) {
    EXPECT_THAT(Problems(node), IsEmpty()) << node;
  }
}

TEST_F(JoinTest, ASeedWhoseUdpIsDroppedIsNamed) {
  cluster_.world().network().SetDatagramsDropped(cluster_.host("n2"), true);
  cluster_.StartAll();
  cluster_.RunFor(absl::Seconds(15));
  EXPECT_THAT(Problems("n1"),
              ElementsAre(HasSubstr("Peer/n2: gossip: answers at "
                                    "172.18.8.12:7946 over TCP")));
  // It stops: it does not answer at all.
  cluster_.Crash("n2");
  cluster_.RunFor(absl::Minutes(2));
  EXPECT_THAT(Problems("n1"), IsEmpty());
}

TEST_F(JoinTest, NodesJoinByNamesTheirOwnAmongThem) {
  for (const std::string& node : cluster_.names()) {
    cluster_.SetOptions(node, [](AgentOptions& options) {
      options.join.clear();
      for (const char* name : {"n1", "n2", "n3.example.com:7946"}) {
        options.join.push_back(*net::ParseHostPort(name, 7946));
      }
    });
    io::SimResolver& names = cluster_.host(node).resolver();
    names.Set("n1", {cluster_.host("n1").address()});
    names.Set("n2", {cluster_.host("n2").address()});
  }
  // A host's own name is often a loopback address.
  cluster_.host("n1").resolver().Set("n1", {*net::ParseIpAddress("127.0.1.1")});
  cluster_.Start("n1");
  cluster_.Start("n2");
  cluster_.RunFor(absl::Seconds(12));
  EXPECT_EQ(cluster_.agent("n1").View().gossip().VerifiedMembers().size(), 2u);
  EXPECT_THAT(
      Problems("n1"),
      ElementsAre(HasSubstr("Seed/n3.example.com:7946: join: never answered: "
                            "its name does not resolve: n3.example.com")));
  for (const std::string& node : cluster_.names()) {
    cluster_.host(node).resolver().Set("n3.example.com",
                                       {cluster_.host("n3").address()});
  }
  cluster_.Start("n3");
  cluster_.RunFor(absl::Seconds(30));
  for (const std::string& node : cluster_.names()) {
    EXPECT_EQ(cluster_.agent(node).View().gossip().VerifiedMembers().size(), 3u)
        << node;
    EXPECT_THAT(Problems(node), IsEmpty()) << node;
  }
}

}  // namespace
}  // namespace lb

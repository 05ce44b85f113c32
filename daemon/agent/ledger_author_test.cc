#include "daemon/agent/ledger_author.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace lb {
namespace {

using Live = std::vector<Elections::LiveMember>;

constexpr LedgerAuthor::Sight kSeesAll = {.acts = true, .knows_hosts = true};

Live Lbds(const std::vector<std::string>& names) {
  Live live;
  for (const std::string& name : names) live.push_back({name, NodeMetadata()});
  return live;
}

// Returns the author among these, as `node` sees it.
std::string AuthorOf(const std::string& node, const Live& live) {
  LedgerAuthor author(node);
  author.Elect(kSeesAll, live);
  return author.name();
}

TEST(LedgerAuthorTest, AllNodesElectTheSameOne) {
  const Live live = Lbds({"n1", "n2", "n3"});
  Live reversed = live;
  std::reverse(reversed.begin(), reversed.end());
  const std::string author = AuthorOf("n1", live);
  EXPECT_NE(author, "");
  EXPECT_EQ(AuthorOf("n2", live), author);
  EXPECT_EQ(AuthorOf("n3", reversed), author);
}

TEST(LedgerAuthorTest, AnotherFollowsWhenItIsGone) {
  const std::vector<std::string> names = {"n1", "n2", "n3"};
  const std::string author = AuthorOf("n1", Lbds(names));
  std::vector<std::string> others;
  for (const std::string& name : names) {
    if (name != author) others.push_back(name);
  }
  const std::string next = AuthorOf("n1", Lbds(others));
  EXPECT_NE(next, author);
  EXPECT_EQ(std::count(others.begin(), others.end(), next), 1);
}

TEST(LedgerAuthorTest, ASpeakerIsNotElected) {
  Live live = Lbds({"n1"});
  for (int i = 0; i < 20; ++i) {
    live.push_back({"speaker-" + std::to_string(i), std::nullopt});
  }
  EXPECT_EQ(AuthorOf("n1", live), "n1");
  live.erase(live.begin());
  EXPECT_EQ(AuthorOf("n1", live), "");
}

TEST(LedgerAuthorTest, ANodeThatDoesNotActSeesNone) {
  LedgerAuthor author("n1");
  author.Elect({.acts = false, .knows_hosts = true}, Lbds({"n1"}));
  EXPECT_EQ(author.name(), "");
  EXPECT_EQ(author.Proposer(), std::nullopt);
}

// Otherwise it might give a service the address of a host.
TEST(LedgerAuthorTest, AnAuthorThatDoesNotKnowTheHostsProposesNothing) {
  LedgerAuthor author("n1");
  author.Elect({.acts = true, .knows_hosts = false}, Lbds({"n1"}));
  EXPECT_EQ(author.name(), "n1");
  EXPECT_EQ(author.Proposer(), std::nullopt);
  author.Elect(kSeesAll, Lbds({"n1"}));
  EXPECT_EQ(author.Proposer(), "n1");
}

// A node does not judge what the author knows; the author does.
TEST(LedgerAuthorTest, AnotherMayProposeWhateverThisNodeKnows) {
  const std::string author = AuthorOf("n1", Lbds({"n1", "n2"}));
  LedgerAuthor other(author == "n1" ? "n2" : "n1");
  other.Elect({.acts = true, .knows_hosts = false}, Lbds({"n1", "n2"}));
  EXPECT_EQ(other.Proposer(), author);
}

TEST(LedgerAuthorTest, AnotherSightOutdatesIt) {
  LedgerAuthor author("n1");
  EXPECT_FALSE(author.IsOutdated({}));
  EXPECT_TRUE(author.IsOutdated(kSeesAll));
  author.Elect(kSeesAll, Lbds({"n1"}));
  EXPECT_FALSE(author.IsOutdated(kSeesAll));
  EXPECT_TRUE(author.IsOutdated({.acts = true, .knows_hosts = false}));
  EXPECT_TRUE(author.IsOutdated({.acts = false, .knows_hosts = true}));
}

}  // namespace
}  // namespace lb

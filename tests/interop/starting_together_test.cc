// Nodes that start together, each a process, know each other within two
// seconds, and no later than memberlist's do.
//
// Ten nodes with LAN timings, twenty times of each kind, in turns, so that all
// kinds meet the same machine; where the medians are too close to tell, up to
// sixty times. Or as the environment says:
//   STARTING_PROFILES=fast,turbo,lan,wan,local STARTING_NODES=5,10,20
//   STARTING_STARTS=20
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "fmt/format.h"
#include "gtest/gtest.h"
#include "tests/interop/interop_fixture.h"

namespace lb::interop {
namespace {

constexpr absl::Duration kLimit = absl::Seconds(45);
constexpr absl::Duration kWorst = absl::Seconds(2);
constexpr int kBatchesMax = 3;

// A list in the environment.
std::vector<std::string> ListOf(const char* name, const char* otherwise) {
  const char* const list = std::getenv(name);
  return absl::StrSplit(list != nullptr ? list : otherwise, ',');
}

std::vector<int> NumbersOf(const char* name, const char* otherwise) {
  std::vector<int> numbers;
  for (const std::string& text : ListOf(name, otherwise)) {
    int number = 0;
    EXPECT_TRUE(absl::SimpleAtoi(text, &number) && number > 0)
        << name << ": \"" << text << "\", want numbers above 0";
    numbers.push_back(std::max(number, 1));
  }
  return numbers;
}

struct Times {
  std::vector<absl::Duration> all;

  absl::Duration median() const { return Sorted()[all.size() / 2]; }
  absl::Duration worst() const { return Sorted().back(); }
  std::vector<absl::Duration> Sorted() const {
    std::vector<absl::Duration> sorted = all;
    std::sort(sorted.begin(), sorted.end());
    return sorted;
  }
};

class StartingTogetherTest : public InteropTest {
 protected:
  struct Measured {
    Times of_ours;  // Until all of ours know all, and all know ours.
    Times of_all;
  };
  struct AllKinds {
    Measured theirs;
    Measured ours;
    Measured mixed;

    absl::Duration SlowestMedian() const {
      return std::max(ours.of_all.median(), mixed.of_all.median());
    }
  };

  // All other nodes join the first one, which is of the kind `first`.
  void StartOnce(int ours, int theirs, Kind first, Measured& measured) {
    nodes_.clear();
    if (first == Kind::kTheirs) Start(first, kPlain);
    StartAll(ours, theirs - (first == Kind::kTheirs ? 1 : 0), kPlain);
    const absl::Time begin = absl::Now();
    for (size_t i = 1; i < nodes_.size(); ++i) {
      nodes_[i].process->Tell("join " + nodes_[0].endpoint);
    }
    absl::Time ours_done = absl::InfiniteFuture();
    absl::Time all_done = absl::InfiniteFuture();
    while (all_done == absl::InfiniteFuture()) {
      const auto [missing_with_ours, missing] = Missing();
      const absl::Time now = absl::Now();
      if (missing_with_ours == 0) ours_done = std::min(ours_done, now);
      if (missing == 0 || now - begin > kLimit) all_done = now;
      absl::SleepFor(absl::Milliseconds(1));
    }
    measured.of_ours.all.push_back(std::min(ours_done - begin, kLimit));
    measured.of_all.all.push_back(all_done - begin);
  }

  // Counts pairs of nodes that do not know each other yet: those with a node of
  // ours, and all. Our nodes know the members that they have heard.
  std::pair<int, int> Missing() {
    int with_ours = 0;
    int all = 0;
    for (Node& node : nodes_) {
      const bool is_ours = node.kind == Kind::kOurs;
      std::set<std::string> known = {node.name};
      for (const std::string& event : node.process->Events()) {
        const std::string verb = is_ours ? "heard " : "joined ";
        if (absl::StartsWith(event, verb)) {
          known.insert(event.substr(verb.size()));
        }
      }
      for (const Node& other : nodes_) {
        if (known.contains(other.name)) continue;
        ++all;
        with_ours += is_ours || other.kind == Kind::kOurs;
      }
    }
    return {with_ours, all};
  }

  // One more start of each kind for each of `starts`, in turns.
  void Measure(int nodes, int starts, AllKinds& kinds) {
    for (int i = 0; i < starts; ++i) {
      StartOnce(0, nodes, Kind::kTheirs, kinds.theirs);
      StartOnce(nodes, 0, Kind::kOurs, kinds.ours);
      StartOnce(nodes / 2, nodes - nodes / 2,
                i % 2 == 0 ? Kind::kOurs : Kind::kTheirs, kinds.mixed);
    }
    nodes_.clear();
    Print("theirs", kinds.theirs);
    Print("ours", kinds.ours);
    Print("half and half", kinds.mixed);
  }

  void Print(const char* kind, const Measured& measured) const {
    fmt::print(
        "{}, {}, {} starts: with ours {:.3f} s, {:.3f} s; all {:.3f} s, "
        "{:.3f} s\n",
        profile_, kind, measured.of_all.all.size(),
        absl::ToDoubleSeconds(measured.of_ours.median()),
        absl::ToDoubleSeconds(measured.of_ours.worst()),
        absl::ToDoubleSeconds(measured.of_all.median()),
        absl::ToDoubleSeconds(measured.of_all.worst()));
    std::fflush(stdout);
  }

  // Clusters of their nodes alone set the measure.
  void ExpectAsSoonAsTheirs(int nodes) {
    const int starts = NumbersOf("STARTING_STARTS", "20")[0];
    AllKinds kinds;
    absl::Duration wanted;
    for (int batch = 0; batch < kBatchesMax; ++batch) {
      Measure(nodes, starts, kinds);
      wanted = 1.1 * kinds.theirs.of_all.median();
      if (kinds.SlowestMedian() <= wanted) break;
    }
    EXPECT_LE(kinds.ours.of_all.median(), wanted);
    EXPECT_LE(kinds.ours.of_all.worst(), kWorst);
    EXPECT_LE(kinds.mixed.of_ours.median(), wanted);
    EXPECT_LE(kinds.mixed.of_ours.worst(), kWorst);
    // Their nodes find missing nodes of theirs by a full exchange.
    EXPECT_LE(kinds.mixed.of_all.median(), wanted);
    EXPECT_LT(kinds.mixed.of_all.worst(), kLimit);
  }
};

TEST_F(StartingTogetherTest, KnowEachOtherAsSoonAsTheirs) {
  for (const std::string& profile : ListOf("STARTING_PROFILES", "lan")) {
    for (const int nodes : NumbersOf("STARTING_NODES", "10")) {
      SCOPED_TRACE(fmt::format("{} {}", profile, nodes));
      profile_ = profile;
      ExpectAsSoonAsTheirs(nodes);
    }
  }
}

}  // namespace
}  // namespace lb::interop

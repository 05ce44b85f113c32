// An allocator that follows changes is, at each step, as one to which all is
// replayed.
#include "lb/ipam/ledger_follower.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/numeric/int128.h"
#include "absl/time/time.h"
#include "fmt/format.h"
#include "gtest/gtest.h"
#include "lb/base/prng.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/ipam/ledger_replay.h"
#include "lb/ipam/testing/allocator_script.h"

namespace lb::ipam {
namespace {

constexpr uint64_t kServices = 12;

// All that can be seen of an allocator.
std::string Dump(const Allocator& allocator) {
  std::string text;
  for (const auto& [service, assignment] : allocator.List()) {
    text += fmt::format("{} {}\n", service, assignment.ToString());
  }
  for (const auto& [address, rest] : allocator.Resting()) {
    text += fmt::format("{} free since {} after {}\n", address.ToString(),
                        absl::FormatTime(rest.freed_at), rest.last_holder);
  }
  const auto low = [](absl::uint128 n) { return absl::Uint128Low64(n); };
  for (const Pool& pool : allocator.pools()) {
    const PoolUsage usage = *allocator.Usage(pool.name);
    text += fmt::format("{} {}+{} {}+{}\n", pool.name, low(usage.used_ipv4),
                        low(usage.taken_ipv4), low(usage.used_ipv6),
                        low(usage.taken_ipv6));
  }
  // What is next, for a stranger and for one that shares.
  for (const char* service : {"z/1", "z/2 key=k tcp=99", "z/3 v6"}) {
    text += allocator.Decide(ReadRequest(service)).explanation + "\n";
  }
  return text;
}

// One node's ledger and allocator in a random world; another's ledger, too, so
// that the two may claim one address.
class World {
 public:
  explicit World(uint64_t seed) : prng_(seed) {
    ChangePools();
    for (uint64_t i = 0; i < kServices; ++i) ChangeRequest();
  }

  void Step() {
    switch (prng_.Uniform(16)) {
      case 0:
        if (prng_.Chance(20)) ChangePools();
        break;
      case 1:
        if (prng_.Chance(20)) ChangeTaken();
        break;
      case 2:
      case 3:
        ChangeRequest();
        break;
      case 4:
        now_ += absl::Seconds(prng_.Uniform(60));
        break;
      case 5:
        if (prng_.Chance(10)) now_ += absl::Hours(prng_.Uniform(30));
        for (std::string& service : own_.DropOldTombstones(now_)) {
          touched_.insert(std::move(service));
        }
        break;
      case 6:
      case 7:
        Release(prng_.Chance(50) ? own_ : other_);
        break;
      case 8:
        own_.Merge(other_.AllRecords());
        break;
      case 9:
        other_.Merge(own_.AllRecords());
        break;
      case 10:
        own_.SetProvisional(prng_.Chance(30));
        break;
      case 11:
      case 12:
        Propose(own_);
        break;
      default:
        Assign();
    }
  }

  void ExpectEqual() {
    allocator_.AdvanceTo(now_);
    const auto find = [&](std::string_view service) -> const ServiceRequest* {
      const auto found = requests_.find(service);
      return found == requests_.end() ? nullptr : &found->second;
    };
    std::exchange(other_space_, false)
        ? follower_.FollowPools(own_, std::exchange(touched_, {}), find,
                                &allocator_)
        : follower_.Follow(own_, std::exchange(touched_, {}), find,
                           &allocator_);
    Allocator fresh;
    ASSERT_THAT(fresh.SetPools(pools_), IsOk());
    fresh.SetTaken(allocator_.taken());
    fresh.AdvanceTo(now_);
    const ReplayResult replayed = Replay(own_, requests_, &fresh);
    for (const std::string& service : replayed.orphaned) {
      std::vector<AssignedAddress> held;
      for (const Claim& claim : own_.Find(service)->claims) {
        held.push_back({claim.address, claim.pool});
        if (!fresh.Keep(ReadRequest(service), held).ok()) held.pop_back();
      }
    }
    ASSERT_EQ(Dump(allocator_), Dump(fresh));
    if (!fresh.List().empty()) ++seen_;
    if (!fresh.Resting().empty()) ++rested_;
    if (!replayed.displaced.empty()) ++displaced_;
    if (!replayed.orphaned.empty()) ++unknown_;
  }

  int seen_ = 0, rested_ = 0, displaced_ = 0, unknown_ = 0, adopted_ = 0;

 private:
  std::string AnyService() {
    return fmt::format("x/{}", prng_.Uniform(kServices));
  }
  std::string AnyAddress(bool ipv4) {
    return fmt::format("{}{}",
                       ipv4 ? "10.0.0." : "2001:db8::", 1 + prng_.Uniform(9));
  }

  void ChangePools() {
    pools_ = ReadPools({fmt::format(
        "a 10.0.0.1-10.0.0.{},2001:db8::1-2001:db8::5{}{}",
        4 + prng_.Uniform(5), prng_.Chance(50) ? " lru" : "",
        prng_.Chance(60) ? fmt::format(" cooldown={}", prng_.Uniform(90))
                         : "")});
    if (prng_.Chance(50)) {
      pools_.push_back(ReadPool("b 10.0.0.9/32,2001:db8::8/126 ns=y"));
    }
    ASSERT_THAT(allocator_.SetPools(pools_), IsOk());
    other_space_ = true;
  }

  void ChangeTaken() {
    TakenAddresses taken;
    for (uint64_t n = prng_.Uniform(3); n > 0; --n) {
      taken[*net::ParseIpAddress(AnyAddress(prng_.Chance(50)))] = "n1's own";
    }
    allocator_.SetTaken(std::move(taken));
    other_space_ = true;
  }

  void ChangeRequest() {
    const std::string service = AnyService();
    touched_.insert(service);
    requests_.erase(service);
    if (prng_.Chance(20)) return;
    std::string line = service;
    if (prng_.Chance(40)) line += " prefer";
    if (prng_.Chance(60)) line += " key=k";
    if (prng_.Chance(10)) line += " key=l";
    line += fmt::format(" tcp={}", prng_.Uniform(6));
    if (prng_.Chance(10)) line += " v6";
    requests_[service] = ReadRequest(line);
  }

  void Release(Ledger& ledger) {
    ledger.ProposeRelease(AnyService(), Civil()).IgnoreError();
  }

  // Anything at all, as another node may claim it.
  void Propose(Ledger& ledger) {
    Assignment assignment;
    assignment.addresses.push_back(
        {*net::ParseIpAddress(AnyAddress(true)), "a"});
    if (prng_.Chance(30)) {
      assignment.addresses.push_back(
          {*net::ParseIpAddress(AnyAddress(false)), "a"});
    }
    if (prng_.Chance(10))
      assignment.addresses.erase(assignment.addresses.begin());
    ledger.Propose(AnyService(), assignment, Civil()).IgnoreError();
  }

  // As an author does.
  void Assign() {
    if (prng_.Chance(30)) return Propose(other_);
    const auto request = requests_.find(AnyService());
    if (request == requests_.end()) return;
    const auto assigned = allocator_.Assign(request->second);
    if (!assigned.ok()) return;
    if (!own_.Propose(request->first, *assigned, Civil()).ok()) {
      allocator_.Release(request->first);
      touched_.insert(request->first);
      return;
    }
    if (prng_.Chance(70) && follower_.Adopt(own_, request->first)) ++adopted_;
  }

  // Some clocks are wrong.
  absl::Time Civil() {
    return prng_.Chance(10) ? now_ + absl::Seconds(prng_.Uniform(300)) : now_;
  }

  Prng prng_;
  absl::Time now_ = absl::FromUnixSeconds(1'000'000);
  std::vector<Pool> pools_;
  ServiceRequests requests_;
  Ledger own_{"n1"};
  Ledger other_{"n2"};
  Allocator allocator_;
  LedgerFollower follower_;
  LedgerFollower::Services touched_;
  bool other_space_ = false;
};

TEST(LedgerFollowerTest, IsAsAFullReplayAtEachStep) {
  int seen = 0, rested = 0, displaced = 0, unknown = 0, adopted = 0;
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    World world(seed);
    for (int step = 0; step < 300; ++step) {
      SCOPED_TRACE(fmt::format("seed {} step {}", seed, step));
      world.Step();
      if (step % 3 == 0) world.ExpectEqual();
      if (testing::Test::HasFailure()) return;
    }
    seen += world.seen_;
    rested += world.rested_;
    displaced += world.displaced_;
    unknown += world.unknown_;
    adopted += world.adopted_;
  }
  // All of it came up.
  EXPECT_GT(seen, 1000);
  EXPECT_GT(rested, 1000);
  EXPECT_GT(displaced, 100);
  EXPECT_GT(unknown, 1000);
  EXPECT_GT(adopted, 50);
}

}  // namespace
}  // namespace lb::ipam

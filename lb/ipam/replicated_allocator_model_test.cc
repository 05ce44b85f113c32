// A replicated allocator that follows changes comes, at each step, to what one
// comes to that looks at everything each time.
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "fmt/format.h"
#include "gtest/gtest.h"
#include "lb/base/prng.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/io/sim/sim_world.h"
#include "lb/io/state_ports.h"
#include "lb/ipam/ledger.h"
#include "lb/ipam/ledger_codec.h"
#include "lb/ipam/replicated_allocator.h"
#include "lb/net/ip_address.h"
#include "lb/net/ip_range.h"

namespace lb::ipam {
namespace {

constexpr uint64_t kServices = 14;

// An allocator on a host of its own; both worlds are the same.
class Side {
 public:
  Side()
      : host_(world_.AddHost("n1", "10.1.0.1/24")),
        allocator_("n1", io::StatePorts::From(host_->environment()), [] {}) {
    allocator_.Restore();
  }
  ReplicatedAllocator& allocator() { return allocator_; }
  io::SimHost& host() { return *host_; }
  void RunFor(absl::Duration time) { world_.loop().RunFor(time); }
  absl::Time CivilNow() { return host_->environment().loop->CivilNow(); }

  std::string Entries() const {
    std::string text;
    for (const auto& [service, entry] : allocator_.entries()) {
      text += fmt::format("{}: {} | {} {} {}\n", service,
                          entry.assignment.ToString(), entry.reason,
                          entry.waiting, static_cast<int>(entry.code));
    }
    return text;
  }
  std::string Dump() const {
    std::string text = Entries();
    for (const Record& record : allocator_.ledger().AllRecords()) {
      text += fmt::format("{} g{} at {} by {}{}:", record.service,
                          record.generation, record.changed.microseconds,
                          record.changed.author,
                          record.provisional ? " provisional" : "");
      for (const Claim& claim : record.claims) {
        text += fmt::format(" {}@{}", claim.address.ToString(),
                            claim.stamp.microseconds);
      }
      text += "\n";
    }
    for (const auto& absent : allocator_.AbsentHolders()) {
      text += fmt::format("absent {} since {} {}\n", absent.service,
                          absl::FormatTime(absent.since), absent.held_back);
    }
    for (const auto& [service, orphan] : allocator_.Orphans()) {
      text += fmt::format("orphan {} {}\n", service,
                          orphan.held.address.ToString());
    }
    for (const Pool& pool : allocator_.pools()) {
      const PoolUsage usage = *allocator_.Usage(pool.name);
      text += fmt::format("{} {} {} {}\n", pool.name,
                          absl::Uint128Low64(usage.used_ipv4),
                          absl::Uint128Low64(usage.taken_ipv4),
                          absl::Uint128Low64(usage.used_ipv6));
    }
    return text;
  }

  // What the ledger had and has no more is told, at the latest with the look
  // after the one that released it, and nothing that it has.
  void CheckUnrecorded() {
    const std::vector<net::IpAddress> all = allocator_.TakeUnrecorded();
    const std::set<net::IpAddress> told(all.begin(), all.end());
    const std::set<net::IpAddress> before =
        std::exchange(on_record_, AddressesOnRecord());
    const std::set<net::IpAddress> late = std::exchange(late_, {});
    for (const net::IpAddress& address : told) {
      EXPECT_FALSE(on_record_.contains(address)) << address.ToString();
    }
    for (const net::IpAddress& address : late) {
      if (on_record_.contains(address)) continue;
      EXPECT_TRUE(told.contains(address)) << address.ToString();
    }
    for (const net::IpAddress& address : before) {
      if (on_record_.contains(address)) continue;
      ++unrecorded_;
      if (!told.contains(address)) late_.insert(address);
    }
  }
  int unrecorded() const { return unrecorded_; }

 private:
  std::set<net::IpAddress> AddressesOnRecord() const {
    std::set<net::IpAddress> addresses;
    for (const Record& record : allocator_.ledger().AllRecords()) {
      for (const auto& claim : record.claims) addresses.insert(claim.address);
    }
    return addresses;
  }

  io::SimWorld world_{/*seed=*/1};
  io::SimHost* host_;
  ReplicatedAllocator allocator_;
  std::set<net::IpAddress> on_record_;  // At the last CheckUnrecorded().
  std::set<net::IpAddress> late_;       // Gone then, and not told yet.
  int unrecorded_ = 0;
};

class ReplicatedAllocatorModelTest : public testing::TestWithParam<uint64_t> {
 protected:
  ReplicatedAllocatorModelTest() : prng_(GetParam()) {
    ChangePools();
    for (uint64_t i = 0; i < kServices; ++i) ChangeService();
  }

  void ChangePools() {
    wanted_.pools = {{.name = "p",
                      .ranges = {*net::ParseIpRange(fmt::format(
                          "10.0.0.1-10.0.0.{}", 3 + prng_.Uniform(8)))},
                      .cool_down = absl::Seconds(prng_.Chance(50) ? 7 : 0),
                      .order = prng_.Chance(30)
                                   ? AddressOrder::kLeastRecentlyUsed
                                   : AddressOrder::kLowest}};
    if (prng_.Chance(50)) {
      wanted_.pools[0].ranges.push_back(
          *net::ParseIpRange("2001:db8::1-2001:db8::4"));
    }
    if (prng_.Chance(50)) {
      wanted_.pools.push_back(
          {.name = "q",
           .ranges = {*net::ParseIpRange("10.0.1.1-10.0.1.2")},
           .auto_assign = prng_.Chance(50)});
    }
  }

  std::string AnyService() {
    return fmt::format("ns/{:02}", prng_.Uniform(kServices));
  }
  net::IpAddress AnyAddress() {
    return *net::ParseIpAddress(
        fmt::format("10.0.0.{}", 1 + prng_.Uniform(10)));
  }

  void ChangeService() {
    const std::string service = AnyService();
    wanted_.requests.erase(service);
    if (prng_.Chance(30)) return;
    ServiceRequest request = {.service = service, .service_namespace = "ns"};
    if (prng_.Chance(30)) {
      request.family_policy = FamilyPolicy::kPreferDualStack;
    }
    if (prng_.Chance(30)) request.sharing_key = "k";
    if (prng_.Chance(20)) request.requested_addresses = {AnyAddress()};
    if (prng_.Chance(10)) request.requested_pool = "q";
    request.ports = {{Protocol::kTcp, static_cast<uint16_t>(prng_.Uniform(4))}};
    wanted_.requests[service] = request;
  }

  // What n2 tells, that goes by itself for a while.
  std::string OthersMessage() {
    if (prng_.Chance(50)) {
      EXPECT_THAT(other_.MergeMessage(fast_.allocator().FullMessage()), IsOk());
    }
    if (prng_.Chance(30)) {
      other_.ProposeRelease(AnyService(), fast_.CivilNow()).IgnoreError();
    } else {
      EXPECT_THAT(
          other_.Propose(AnyService(), {.addresses = {{AnyAddress(), "p"}}},
                         fast_.CivilNow()),
          IsOk());
    }
    return SerializeMessage(other_.AllRecords());
  }

  // Both look at the same moments, as both hear the same news each time.
  template <typename Act>
  void OnBoth(Act act) {
    ++step_;
    const Record news = {.service = "zz/none",
                         .generation = step_,
                         .changed = {.microseconds = 1, .author = "n3"}};
    const std::string message = SerializeMessage({news});
    // From the start: its taken addresses are others, far from all pools.
    TakenAddresses taken = taken_;
    taken[*net::ParseIpAddress(fmt::format("192.0.2.{}", step_ % 2))] = "x";
    for (Side* side : {&fast_, &slow_}) {
      EXPECT_THAT(side->allocator().Merge(message), IsOk());
      if (side == &slow_) side->allocator().SetTaken(taken);
      act(*side);
    }
  }

  void Step() {
    const uint64_t what = prng_.Uniform(20);
    if (what < 8) {
      ChangeService();
      OnBoth([&](Side& side) { side.allocator().SetWanted(wanted_); });
    } else if (what == 8) {
      if (prng_.Chance(40)) ChangePools();
      wanted_.may_exist.any = prng_.Chance(20);
      OnBoth([&](Side& side) { side.allocator().SetWanted(wanted_); });
    } else if (what == 9) {
      taken_.clear();
      if (prng_.Chance(60)) taken_[AnyAddress()] = "n1's own";
      OnBoth([&](Side& side) {
        if (&side == &fast_) side.allocator().SetTaken(taken_);
      });
    } else if (what < 13) {
      const std::string message = OthersMessage();
      OnBoth([&](Side& side) {
        EXPECT_THAT(side.allocator().Merge(message), IsOk());
      });
    } else if (what == 13) {
      const std::optional<std::string> author = prng_.Chance(70)   ? "n1"
                                                : prng_.Chance(70) ? "n2"
                                                                   : "";
      OnBoth([&](Side& side) {
        side.allocator().SetAuthor(author->empty() ? std::nullopt : author);
      });
    } else if (what == 14) {
      const bool alone = prng_.Chance(30);
      OnBoth([&](Side& side) { side.allocator().SetAlone(alone); });
    } else if (what == 15) {
      const std::string service = AnyService();
      OnBoth([&](Side& side) {
        side.allocator()
            .Release({.service = service}, [](auto) {})
            .IgnoreError();
      });
    } else if (what == 16) {
      const bool is_full = prng_.Chance(30);
      OnBoth([&](Side& side) {
        side.host().state().SetWriteError(
            is_full ? absl::ResourceExhaustedError("full") : absl::OkStatus());
      });
    } else {
      const auto time = absl::Milliseconds(prng_.Uniform(9000));
      fast_.RunFor(time);
      slow_.RunFor(time);
    }
  }

  Prng prng_;
  ReplicatedAllocator::Wanted wanted_;
  TakenAddresses taken_;
  Ledger other_{"n2"};
  Side fast_;
  Side slow_;
  uint64_t step_ = 0;
};

TEST_P(ReplicatedAllocatorModelTest, FollowingComesToWhatLookingAtAllComesTo) {
  int full = 0;
  for (int step = 0; step < 600; ++step) {
    SCOPED_TRACE(fmt::format("seed {} step {}", GetParam(), step));
    const std::string before = fast_.Entries();
    const uint64_t version = fast_.allocator().version();
    Step();
    if (prng_.Chance(30)) continue;  // Some changes come together.
    fast_.RunFor(absl::Seconds(1));
    slow_.RunFor(absl::Seconds(1));
    const std::string dump = fast_.Dump();
    ASSERT_EQ(dump, slow_.Dump());
    fast_.CheckUnrecorded();
    slow_.CheckUnrecorded();
    if (dump.find("full") != std::string::npos) ++full;
    if (fast_.Entries() != before) {
      ASSERT_NE(fast_.allocator().version(), version);
    }
  }
  EXPECT_GT(full, 20);
  EXPECT_GT(fast_.unrecorded(), 20);
}

INSTANTIATE_TEST_SUITE_P(Seeds, ReplicatedAllocatorModelTest,
                         testing::Range<uint64_t>(1, 13));

}  // namespace
}  // namespace lb::ipam

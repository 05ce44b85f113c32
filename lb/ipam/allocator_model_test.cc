// The real allocator and the slow, obvious one answer random sequences alike.
#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/numeric/int128.h"
#include "absl/time/time.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/prng.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/ipam/allocator.h"
#include "lb/ipam/pool_validation.h"
#include "lb/ipam/testing/reference_allocator.h"
#include "lb/net/ip_range.h"

namespace lb::ipam {
namespace {

using net::IpAddress;
using net::IpFamily;

constexpr int kSequences = 10'000;
constexpr int kSteps = 16;

net::IpRange Range(std::string_view text) { return *net::ParseIpRange(text); }

// Disjoint pieces; a pool takes some of them, in any order.
const std::vector<net::IpRange>& Pieces() {
  static const std::vector<net::IpRange> pieces = {
      Range("10.0.0.254-10.0.1.1"),     Range("10.0.1.4-10.0.1.5"),
      Range("10.0.1.6-10.0.1.6"),       Range("10.9.9.0-10.9.9.2"),
      Range("2001:db8::-2001:db8::2"),  Range("2001:db8::5-2001:db8::6"),
      Range("2001:db8::7-2001:db8::7"), Range("2001:db8::fe-2001:db8::ff"),
  };
  return pieces;
}

LabelSelector Is(const std::string& key, const std::string& value) {
  return {.match_labels = {{key, value}}};
}

class World {
 public:
  explicit World(Prng prng) : prng_(std::move(prng)) {}

  std::vector<Pool> RandomPools() {
    std::vector<net::IpRange> pieces = Pieces();
    prng_.Shuffle(absl::MakeSpan(pieces));
    std::vector<Pool> pools;
    for (const char* name : {"a", "b", "c", "d"}) {
      Pool pool = {.name = name,
                   .auto_assign = prng_.Chance(80),
                   .avoid_buggy_ips = prng_.Chance(40)};
      for (uint64_t n = 1 + prng_.Uniform(3); n > 0 && !pieces.empty(); --n) {
        pool.ranges.push_back(pieces.back());
        pieces.pop_back();
      }
      if (prng_.Chance(40)) pool.service_allocation = RandomAllocation();
      if (pool.ranges.empty()) continue;
      AddOwnFields(pool);
      pools.push_back(std::move(pool));
    }
    prng_.Shuffle(absl::MakeSpan(pools));
    return pools;
  }

  ServiceRequest RandomRequest() {
    ServiceRequest request;
    request.service_namespace = prng_.Chance(50) ? "red" : "blue";
    request.service =
        fmt::format("{}/{}", request.service_namespace, prng_.Uniform(5));
    if (prng_.Chance(50)) request.labels = {{"tier", "web"}};
    if (prng_.Chance(50)) request.namespace_labels = {{"zone", "x"}};
    request.family_policy = static_cast<FamilyPolicy>(prng_.Uniform(3));
    std::vector<IpFamily> both = {IpFamily::kIpv4, IpFamily::kIpv6};
    prng_.Shuffle(absl::MakeSpan(both));
    both.resize(prng_.Uniform(3));
    request.families = both;
    if (prng_.Chance(25)) request.requested_addresses = RandomAddresses();
    if (prng_.Chance(20)) request.requested_pool = prng_.Chance(50) ? "a" : "b";
    if (prng_.Chance(5)) request.reservation = prng_.Chance(90) ? "vip" : "no";
    if (prng_.Chance(50)) request.sharing_key = prng_.Chance(70) ? "k" : "l";
    if (prng_.Chance(20)) request.backend_key = "app=x";
    for (uint16_t port = 80; port < 84; ++port) {
      if (prng_.Chance(30)) {
        request.ports.push_back(
            {prng_.Chance(50) ? Protocol::kTcp : Protocol::kUdp, port});
      }
    }
    return request;
  }

  std::vector<IpAddress> RandomAddresses() {
    std::vector<IpAddress> addresses;
    for (uint64_t n = 1 + prng_.Uniform(2); n > 0; --n) {
      const net::IpRange& piece = Pieces()[prng_.Uniform(Pieces().size())];
      const uint64_t offset = prng_.Uniform(4);  // At times one beyond.
      addresses.push_back(
          piece.first.is_ipv4()
              ? IpAddress::Ipv4(static_cast<uint32_t>(piece.first.number()) +
                                static_cast<uint32_t>(offset))
              : IpAddress::Ipv6(piece.first.number() + offset));
    }
    return addresses;
  }

  Prng& prng() { return prng_; }

 private:
  ServiceAllocation RandomAllocation() {
    ServiceAllocation to = {.priority = static_cast<int>(prng_.Uniform(3))};
    if (prng_.Chance(50)) to.namespaces = {"red"};
    if (prng_.Chance(30)) to.namespace_selectors = {Is("zone", "x")};
    if (prng_.Chance(30)) to.service_selectors = {Is("tier", "web")};
    return to;
  }

  IpAddress AddressIn(const net::IpRange& range) {
    const absl::uint128 number =
        range.first.number() + prng_.Uniform(absl::Uint128Low64(range.Size()));
    return range.first.is_ipv4()
               ? IpAddress::Ipv4(static_cast<uint32_t>(number))
               : IpAddress::Ipv6(number);
  }

  void AddOwnFields(Pool& pool) {
    if (prng_.Chance(30)) {
      const IpAddress out = AddressIn(pool.ranges[0]);
      pool.excluded = {{out, out}};
      if (prng_.Chance(50)) pool.excluded.push_back(pool.ranges.back());
    }
    if (prng_.Chance(40)) pool.cool_down = absl::Seconds(prng_.Uniform(4));
    if (prng_.Chance(40)) pool.order = AddressOrder::kLeastRecentlyUsed;
    for (const char* name : {"red/1", "vip"}) {
      if (!prng_.Chance(20)) continue;
      const IpAddress address = AddressIn(pool.ranges.back());
      pool.reservations.push_back({name, address});
      if (!ValidatePools({{pool}})[0].ok()) pool.reservations.pop_back();
    }
  }

  Prng prng_;
};

// Those of `pools` that can be used together.
std::vector<Pool> ValidOf(const std::vector<Pool>& pools) {
  std::vector<Pool> valid;
  const std::vector<absl::Status> verdicts = ValidatePools(pools);
  for (size_t i = 0; i < pools.size(); ++i) {
    if (verdicts[i].ok()) valid.push_back(pools[i]);
  }
  return valid;
}

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
  for (const Pool& pool : allocator.pools()) {
    const PoolUsage usage = *allocator.Usage(pool.name);
    text += fmt::format("{} {} {} {} {}\n", pool.name,
                        absl::Uint128Low64(usage.used_ipv4),
                        absl::Uint128Low64(usage.taken_ipv4),
                        absl::Uint128Low64(usage.used_ipv6),
                        absl::Uint128Low64(usage.taken_ipv6));
  }
  return text;
}

// Releasing and restoring is the identity.
void ExpectReleaseCanBeUndone(Allocator& allocator,
                              const ServiceRequest& request) {
  const auto held = allocator.Find(request.service);
  if (!held) return;
  const std::string before = Dump(allocator);
  EXPECT_TRUE(allocator.Release(request.service));
  ASSERT_THAT(allocator.Keep(request, held->addresses), IsOk());
  ASSERT_EQ(Dump(allocator), before);
}

std::string DumpFreed(const std::map<IpAddress, Rest>& freed) {
  std::string text;
  for (const auto& [address, rest] : freed) {
    text += fmt::format("{} {} {}\n", address.ToString(),
                        absl::FormatTime(rest.freed_at), rest.last_holder);
  }
  return text;
}

bool IsExcluded(const Pool& pool, const IpAddress& address) {
  return std::any_of(
      pool.excluded.begin(), pool.excluded.end(),
      [&](const net::IpRange& range) { return range.Contains(address); });
}

// The sum over all services says what the counters must.
void ExpectCountersEqualRecount(const Allocator& allocator) {
  std::map<std::string, std::set<IpAddress>> held;
  for (const auto& [service, assignment] : allocator.List()) {
    for (const AssignedAddress& a : assignment.addresses) {
      held[a.pool].insert(a.address);
    }
  }
  for (const Pool& pool : allocator.pools()) {
    PoolUsage recount;
    for (const net::IpRange& range : pool.ranges) {
      for (absl::uint128 n = range.first.number(); n <= range.last.number();
           ++n) {
        const bool is_buggy = range.first.is_ipv4() && pool.avoid_buggy_ips &&
                              (n % 256 == 0 || n % 256 == 255);
        const IpAddress address =
            range.first.is_ipv4() ? IpAddress::Ipv4(static_cast<uint32_t>(n))
                                  : IpAddress::Ipv6(n);
        if (is_buggy || IsExcluded(pool, address)) {
          held[pool.name].erase(address);
          continue;
        }
        ++(range.first.is_ipv4() ? recount.total_ipv4 : recount.total_ipv6);
        if (allocator.taken().contains(address) &&
            allocator.HoldersOf(address).empty()) {
          ++(range.first.is_ipv4() ? recount.taken_ipv4 : recount.taken_ipv6);
        }
      }
    }
    for (const IpAddress& address : held[pool.name]) {
      const bool lies_in_it = std::any_of(
          pool.ranges.begin(), pool.ranges.end(),
          [&](const net::IpRange& range) { return range.Contains(address); });
      if (!lies_in_it) continue;  // From before a change of pools.
      ++(address.is_ipv4() ? recount.used_ipv4 : recount.used_ipv6);
    }
    const auto usage = allocator.Usage(pool.name);
    ASSERT_THAT(usage, IsOk());
    EXPECT_EQ(*usage, recount) << pool.name;
  }
}

// An address has one holder, or holders that agree on sharing it.
void ExpectNoAddressIsHeldTwice(
    const Allocator& allocator,
    const std::map<std::string, ServiceRequest>& requests) {
  std::map<IpAddress, std::vector<std::string>> holders;
  for (const auto& [service, assignment] : allocator.List()) {
    for (const AssignedAddress& a : assignment.addresses) {
      holders[a.address].push_back(service);
    }
  }
  for (const auto& [address, services] : holders) {
    EXPECT_EQ(allocator.HoldersOf(address), services);
    std::set<ServicePort> ports;
    for (const std::string& service : services) {
      const ServiceRequest& request = requests.at(service);
      if (services.size() > 1) {
        EXPECT_FALSE(request.sharing_key.empty());
        EXPECT_EQ(request.sharing_key, requests.at(services[0]).sharing_key);
        EXPECT_EQ(request.backend_key, requests.at(services[0]).backend_key);
      }
      for (const ServicePort& port :
           std::set<ServicePort>(request.ports.begin(), request.ports.end())) {
        EXPECT_TRUE(ports.insert(port).second);
      }
    }
  }
}

class Sequence {
 public:
  explicit Sequence(uint64_t seed)
      : world_(Prng(seed)), reference_({}), seed_(seed) {}

  void Run() {
    SetPools();
    for (int step = 0; step < kSteps; ++step) {
      SCOPED_TRACE(fmt::format("seed {} step {}", seed_, step));
      Step(world_.RandomRequest());
      const auto resting = allocator_.Resting();
      ASSERT_EQ(DumpFreed({resting.begin(), resting.end()}),
                DumpFreed(reference_.freed()));
      ASSERT_EQ(allocator_.List().size(), reference_.held().size());
      if (testing::Test::HasFailure()) return;
    }
    ExpectCountersEqualRecount(allocator_);
    ExpectNoAddressIsHeldTwice(allocator_, requests_);
  }

 private:
  void SetPools() {
    const std::vector<Pool> pools = ValidOf(world_.RandomPools());
    ASSERT_THAT(allocator_.SetPools(pools), IsOk());
    reference_.SetPools(pools);
  }

  // Hosts have other addresses than before, or none.
  void SetTaken() {
    TakenAddresses taken;
    for (uint64_t n = world_.prng().Uniform(4); n > 0; --n) {
      for (const IpAddress& address : world_.RandomAddresses()) {
        taken[address] = fmt::format("n{}'s own", n);
      }
    }
    allocator_.SetTaken(taken);
    reference_.SetTaken(std::move(taken));
  }

  void Step(const ServiceRequest& request) {
    const uint64_t what = world_.prng().Uniform(100);
    if (what < 60) {
      Assign(request);
    } else if (what < 67) {
      Hold(request);
    } else if (what < 84) {
      allocator_.Release(request.service);
      reference_.Release(request.service);
    } else if (what < 94) {
      now_ += absl::Seconds(world_.prng().Uniform(3));
      allocator_.AdvanceTo(now_);
      reference_.AdvanceTo(now_);
    } else if (what < 96) {
      SetTaken();
    } else if (what < 98) {
      const auto known = requests_.find(request.service);
      if (known == requests_.end()) return;
      ExpectReleaseCanBeUndone(allocator_, known->second);
    } else {
      SetPools();
    }
  }

  void Assign(const ServiceRequest& request) {
    const Decision decision = allocator_.Decide(request);
    const auto real = allocator_.Assign(request);
    const auto slow = reference_.Assign(request);
    ASSERT_EQ(real.ok(), slow.has_value()) << real.status().ToString();
    ASSERT_EQ(decision.status, real.status());
    if (!real.ok()) return;
    ASSERT_EQ(real->ToString(), slow->ToString());
    ASSERT_EQ(decision.assignment.ToString(), real->ToString());
    ASSERT_THAT(allocator_.Assign(request), IsOkAndHolds(*real));
    requests_[request.service] = request;
  }

  void Hold(const ServiceRequest& request) {
    const std::vector<IpAddress> addresses = world_.RandomAddresses();
    const absl::Status real = allocator_.Hold(request, addresses);
    ASSERT_EQ(real.ok(), reference_.Hold(request, addresses))
        << real.ToString();
    if (real.ok()) requests_[request.service] = request;
  }

  World world_;
  Allocator allocator_;
  ReferenceAllocator reference_;
  std::map<std::string, ServiceRequest> requests_;  // Of the last success.
  absl::Time now_ = absl::UnixEpoch();
  const uint64_t seed_;
};

TEST(AllocatorModelTest, AgreesWithTheObviousAllocator) {
  for (uint64_t seed = 1; seed <= kSequences; ++seed) {
    Sequence(seed).Run();
    if (testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace lb::ipam

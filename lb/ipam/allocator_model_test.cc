// The real allocator and the slow, obvious one answer random sequences alike.
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/prng.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/ipam/allocator.h"
#include "lb/ipam/testing/reference_allocator.h"
#include "lb/net/ip_range.h"

namespace lb::ipam {
namespace {

using net::IpAddress;
using net::IpFamily;

constexpr int kSequences = 2000;
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
      if (!pool.ranges.empty()) pools.push_back(std::move(pool));
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

  Prng prng_;
};

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
        if (is_buggy) continue;
        ++(range.first.is_ipv4() ? recount.total_ipv4 : recount.total_ipv6);
      }
    }
    for (const IpAddress& address : held[pool.name]) {
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

void RunSequence(uint64_t seed) {
  World world{Prng(seed)};
  const std::vector<Pool> pools = world.RandomPools();
  Allocator allocator;
  ASSERT_THAT(allocator.SetPools(pools), IsOk());
  ReferenceAllocator reference(pools);
  std::map<std::string, ServiceRequest> requests;  // Of the last success.
  for (int step = 0; step < kSteps; ++step) {
    SCOPED_TRACE(fmt::format("step {}", step));
    const ServiceRequest request = world.RandomRequest();
    const uint64_t what = world.prng().Uniform(10);
    if (what < 7) {
      const auto real = allocator.Assign(request);
      const auto slow = reference.Assign(request);
      ASSERT_EQ(real.ok(), slow.has_value()) << real.status().ToString();
      if (real.ok()) {
        ASSERT_EQ(real->ToString(), slow->ToString());
        ASSERT_THAT(allocator.Assign(request), IsOkAndHolds(*real));
        requests[request.service] = request;
      }
    } else if (what < 8) {
      const std::vector<IpAddress> addresses = world.RandomAddresses();
      const absl::Status real = allocator.Hold(request, addresses);
      ASSERT_EQ(real.ok(), reference.Hold(request, addresses))
          << real.ToString();
      if (real.ok()) requests[request.service] = request;
    } else {
      allocator.Release(request.service);
      reference.Release(request.service);
    }
    ASSERT_EQ(allocator.List().size(), reference.held().size());
  }
  ExpectCountersEqualRecount(allocator);
  ExpectNoAddressIsHeldTwice(allocator, requests);
}

TEST(AllocatorModelTest, AgreesWithTheObviousAllocator) {
  for (uint64_t seed = 1; seed <= kSequences; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    RunSequence(seed);
    if (testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace lb::ipam

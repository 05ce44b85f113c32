#include "daemon/agent/looked_entries.h"

#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/portion.h"
#include "lb/io/sim/sim_world.h"
#include "lb/io/state_ports.h"
#include "lb/ipam/replicated_allocator.h"
#include "lb/net/ip_address.h"
#include "lb/net/ip_range.h"

namespace lb {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Key;
using testing::SizeIs;

class LookedEntriesTest : public testing::Test {
 protected:
  LookedEntriesTest() {
    allocator_.Restore();
    allocator_.SetAuthor("n1");
    wanted_.pools.push_back(
        {.name = "p", .ranges = {*net::ParseIpRange("10.64.0.0/16")}});
  }

  static std::string NameOf(int i) { return fmt::format("default/s{:05}", i); }
  ipam::ServiceRequest& Want(int i) {
    ipam::ServiceRequest& request = wanted_.requests[NameOf(i)];
    request = {.service = NameOf(i), .service_namespace = "default"};
    return request;
  }
  // The allocator has followed, and what has changed is to be looked at.
  void Follow() {
    allocator_.SetWanted(wanted_);
    world_.loop().RunFor(absl::Seconds(1));
    looked_.Note(allocator_.TakeChanged());
  }

  io::SimWorld world_{/*seed=*/1};
  ipam::ReplicatedAllocator allocator_{
      "n1",
      io::StatePorts::From(world_.AddHost("n1", "10.1.0.1/24")->environment()),
      [] {}};
  ipam::ReplicatedAllocator::Wanted wanted_;
  LookedEntries looked_;
};

TEST_F(LookedEntriesTest, ManyAreTakenUpInPortions) {
  const int many = static_cast<int>(kPortion) + 7;
  for (int i = 0; i < many; ++i) Want(i);
  Follow();
  EXPECT_THAT(looked_.entries(), IsEmpty());
  EXPECT_THAT(looked_.Take(allocator_), SizeIs(kPortion));
  EXPECT_THAT(looked_.entries(), SizeIs(kPortion));
  EXPECT_THAT(looked_.before(), IsEmpty());
  EXPECT_TRUE(looked_.has_more());
  LookedEntries::Services at = {NameOf(1)};
  looked_.AddOthers({NameOf(0), NameOf(many - 1)}, &at);
  EXPECT_THAT(at, ElementsAre(NameOf(0), NameOf(1)));
  const uint64_t version = looked_.version();
  EXPECT_THAT(looked_.Take(allocator_), SizeIs(7));
  EXPECT_EQ(looked_.entries(), allocator_.entries());
  EXPECT_FALSE(looked_.has_more());
  EXPECT_NE(looked_.version(), version);
}

TEST_F(LookedEntriesTest, HasWhatTheServicesOfALookHadBefore) {
  for (int i = 0; i < 4; ++i) Want(i);
  Follow();
  looked_.Take(allocator_);
  const AddressEntries first = looked_.entries();
  Want(1).requested_addresses = {*net::ParseIpAddress("10.64.1.1")};
  wanted_.requests.erase(NameOf(2));
  Want(4);
  Follow();
  EXPECT_THAT(looked_.Take(allocator_),
              ElementsAre(NameOf(1), NameOf(2), NameOf(4)));
  EXPECT_EQ(looked_.entries(), allocator_.entries());
  EXPECT_THAT(looked_.before(), ElementsAre(Key(NameOf(1)), Key(NameOf(2))));
  looked_.NoteSame({NameOf(0), NameOf(1), NameOf(4), "default/none"});
  EXPECT_THAT(looked_.before(),
              ElementsAre(Key(NameOf(0)), Key(NameOf(1)), Key(NameOf(2))));
  for (const auto& [service, entry] : looked_.before()) {
    EXPECT_EQ(entry, first.at(service)) << service;
  }
  // A look without changes.
  const uint64_t version = looked_.version();
  EXPECT_THAT(looked_.Take(allocator_), IsEmpty());
  EXPECT_THAT(looked_.before(), IsEmpty());
  EXPECT_EQ(looked_.version(), version);
}

// Elections must not see one of them without the other.
TEST_F(LookedEntriesTest, SharersAreTakenUpTogether) {
  const int many = static_cast<int>(kPortion) + 7;
  for (int i = 0; i < many; ++i) {
    ipam::ServiceRequest& request = Want(i);
    if (i > 0 && i < many - 1) continue;
    request.sharing_key = "key";
    request.requested_addresses = {*net::ParseIpAddress("10.64.200.1")};
    request.ports = {{ipam::Protocol::kTcp, static_cast<uint16_t>(80 + i)}};
  }
  Follow();
  EXPECT_THAT(looked_.Take(allocator_), SizeIs(kPortion + 1));
  EXPECT_TRUE(looked_.entries().contains(NameOf(0)));
  EXPECT_TRUE(looked_.entries().contains(NameOf(many - 1)));
}

}  // namespace
}  // namespace lb

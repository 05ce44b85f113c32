// StateExchange packs the largest full exchange.
#include <cstdint>
#include <vector>

#include "absl/numeric/int128.h"
#include "absl/time/time.h"
#include "daemon/exchange/user_state.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/election/tenure.h"
#include "lb/election/tenure_codec.h"
#include "lb/gossip/options.h"
#include "lb/io/sim/sim_world.h"
#include "lb/io/state_ports.h"
#include "lb/ipam/ledger.h"
#include "lb/ipam/ledger_codec.h"
#include "lb/ipam/replicated_allocator.h"
#include "lb/net/ip_address.h"

namespace lb {
namespace {

// Each record has two addresses, as in a dual-stack cluster, and one that the
// service had before.
ipam::Record RecordOfUsualSize(uint32_t i) {
  const ipam::Stamp stamp = {1'700'000'000'000'000, "worker-0123"};
  ipam::Record record;
  record.service = fmt::format("some-namespace/a-service-{:05}", i);
  record.generation = 3;
  record.changed = stamp;
  record.claims = {{net::IpAddress::Ipv4((10u << 24) + i), "production", stamp},
                   {net::IpAddress::Ipv6((absl::uint128(0xfd) << 120) + i),
                    "production", stamp}};
  record.freed = {{net::IpAddress::Ipv4((11u << 24) + i), stamp.microseconds}};
  return record;
}

// With more than some 23,000 records of this size no full exchange had room, so
// there was neither ledger nor tenure in it, and the last node to come thought
// that no service had an address.
TEST(FullExchangeTest, AFullLedgerFitsIntoAFullExchange) {
  std::vector<ipam::Record> records;
  std::vector<election::Tenure> tenures;
  for (uint32_t i = 0; i <= ipam::ReplicatedAllocator::kRecordsMax; ++i) {
    records.push_back(RecordOfUsualSize(i));
    for (const ipam::Claim& claim : records.back().claims) {
      tenures.push_back({claim.address, "worker-0123", 3,
                         absl::FromUnixSeconds(1'700'000'000)});
    }
  }
  io::SimWorld world(/*seed=*/1);
  ipam::ReplicatedAllocator allocator(
      "n1",
      io::StatePorts::From(world.AddHost("n1", "10.1.0.1/24")->environment()),
      [] {});
  EXPECT_THAT(allocator.Merge(ipam::SerializeMessage(records)),
              IsOkAndHolds(ipam::ReplicatedAllocator::kRecordsMax));
  EXPECT_EQ(allocator.ledger().counters().records_refused, 1u);
  EXPECT_LT(PackUserState(
                {allocator.FullMessage(), election::SerializeTenures(tenures)})
                .size(),
            gossip::kUserStateSizeMax * 0.95);
}

}  // namespace
}  // namespace lb

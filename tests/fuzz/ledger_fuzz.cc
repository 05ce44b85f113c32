// Any bytes as a message of the ledger.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "lb/base/bytes.h"
#include "lb/base/check.h"
#include "lb/ipam/ledger.h"
#include "lb/ipam/ledger_codec.h"
#include "tests/fuzz/allocation_bound.h"

namespace lb::ipam {
namespace {

// A record takes 14 bytes at least, and a vector of them doubles.
constexpr int64_t kAllocatedPerByte = 64;
constexpr int64_t kAllocatedMore = 256 << 10;
constexpr size_t kRecordsOfFullLedger = 3;

void Check(std::string_view bytes) {
  Ledger ledger("node-a");
  {
    const fuzz::AllocationBound bound(kAllocatedMore +
                                      kAllocatedPerByte *
                                          static_cast<int64_t>(bytes.size()));
    if (!ledger.MergeMessage(bytes).ok()) return;
  }
  for (const Record& record : ledger.AllRecords()) {
    LB_CHECK(Validate(record).ok());
  }
  // An accepted message can be sent on, and means the same to another node.
  Ledger other("node-b");
  const std::string message = SerializeMessage(ledger.AllRecords());
  LB_CHECK(other.MergeMessage(message).ok());
  LB_CHECK(other.AllRecords() == ledger.AllRecords());
  LB_CHECK(SerializeMessage(other.AllRecords()) == message);
  Ledger third("node-c");
  const GossipChunks chunks = SplitForGossip(ledger.AllRecords(), 1400);
  for (const std::string& chunk : chunks.messages) {
    LB_CHECK(chunk.size() <= 1400 && third.MergeMessage(chunk).ok());
  }
  LB_CHECK(third.size() + chunks.left_out == ledger.size());

  Ledger full("node-d", kRecordsOfFullLedger);
  LB_CHECK(full.MergeMessage(bytes).ok());
  LB_CHECK(full.size() <= kRecordsOfFullLedger);
}

}  // namespace
}  // namespace lb::ipam

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  lb::ipam::Check(lb::AsText({data, size}));
  return 0;
}

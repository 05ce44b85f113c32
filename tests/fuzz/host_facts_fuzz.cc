// Any bytes as the facts of a host, and as a message of several hosts' facts.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "daemon/hosts/facts_table.h"
#include "daemon/hosts/host_facts.h"
#include "lb/base/bytes.h"
#include "lb/base/check.h"
#include "lb/base/sha256.h"
#include "tests/fuzz/allocation_bound.h"

namespace lb {
namespace {

// An entry takes 18 bytes at least.
constexpr int64_t kAllocatedPerByte = 128;
constexpr int64_t kAllocatedMore = 64 << 10;

absl::Time Now() { return absl::UnixEpoch() + absl::Hours(24); }

void CheckFacts(std::string_view bytes) {
  const auto facts = ParseHostFacts(bytes);
  if (!facts.ok()) return;
  const std::string told = SerializeHostFacts(*facts);
  LB_CHECK(told.size() <= kHostFactsSizeMax);
  const auto heard = ParseHostFacts(told);
  LB_CHECK(heard.ok() && *heard == *facts);
}

void CheckMessage(std::string_view message) {
  FactsTable table("node-a");
  {
    const fuzz::AllocationBound bound(kAllocatedMore +
                                      kAllocatedPerByte *
                                          static_cast<int64_t>(message.size()));
    (void)table.Merge(message, Now()).ok();
  }
  LB_CHECK(table.entries().size() <= FactsTable::kNodesMax);
  FactsTable other("node-b");
  const std::string told = table.FullMessage(Now());
  LB_CHECK(told.size() <= FactsTable::kMessageSizeMax);
  LB_CHECK(other.Merge(told, Now()).ok());
  for (const auto& [node, entry] : other.entries()) {
    if (node == "node-b") continue;
    LB_CHECK(table.entries().at(node).bytes == entry.bytes);
  }
}

}  // namespace
}  // namespace lb

// OpenSSL sets itself up at the first digest; no input is to blame for that.
extern "C" int LLVMFuzzerInitialize(int*, char***) {
  (void)lb::Sha256::Of("");
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes = lb::AsText({data, size});
  lb::CheckFacts(bytes);
  lb::CheckMessage(bytes);
  lb::CheckMessage("lbf\x01" + std::string(bytes));
  return 0;
}

// Any bytes as the user state of a full exchange, and each message in it as its
// first bytes say.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "daemon/exchange/user_state.h"
#include "daemon/hosts/facts_table.h"
#include "lb/base/check.h"
#include "lb/election/tenure.h"
#include "lb/election/tenure_codec.h"
#include "lb/ipam/ledger.h"
#include "lb/ipam/ledger_codec.h"
#include "tests/fuzz/allocation_bound.h"

namespace lb {
namespace {

// A message takes 4 bytes at least, and a vector of them doubles.
constexpr int64_t kAllocatedPerByte = 32;
constexpr int64_t kAllocatedMore = 64 << 10;

void Check(absl::Span<const uint8_t> bytes) {
  std::optional<std::vector<std::string>> messages;
  {
    const fuzz::AllocationBound bound(kAllocatedMore +
                                      kAllocatedPerByte *
                                          static_cast<int64_t>(bytes.size()));
    messages = UnpackUserState(bytes);
  }
  if (!messages) return;
  LB_CHECK(PackUserState(*messages) ==
           gossip::wire::Bytes(bytes.begin(), bytes.end()));
  ipam::Ledger ledger("node-a");
  election::TenureTable tenures("node-a");
  FactsTable facts("node-a");
  for (const std::string& message : *messages) {
    if (ipam::IsLedgerMessage(message)) (void)ledger.MergeMessage(message).ok();
    if (election::IsTenureMessage(message)) (void)tenures.Merge(message).ok();
    if (IsFactsMessage(message)) {
      (void)facts.Merge(message, absl::UnixEpoch()).ok();
    }
    (void)ParseFactsRequest(message);
  }
  // The state that this node then sends can be unpacked again.
  const std::vector<std::string> told = {
      ipam::SerializeMessage(ledger.AllRecords()), tenures.FullMessage(),
      facts.FullMessage(absl::UnixEpoch())};
  LB_CHECK(UnpackUserState(PackUserState(told)) == told);
}

}  // namespace
}  // namespace lb

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  lb::Check({data, size});
  return 0;
}

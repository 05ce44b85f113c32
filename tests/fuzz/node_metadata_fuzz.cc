// Any bytes as a node's gossip metadata.
#include <cstddef>
#include <cstdint>
#include <optional>

#include "daemon/members/node_metadata.h"
#include "lb/base/check.h"
#include "lb/gossip/options.h"
#include "tests/fuzz/allocation_bound.h"

namespace lb {
namespace {

// An interface takes 3 bytes at least, and may have a name of 127.
constexpr int64_t kAllocatedPerByte = 512;
constexpr int64_t kAllocatedMore = 16 << 10;

void Check(const gossip::wire::Bytes& bytes) {
  std::optional<NodeMetadata> metadata;
  {
    const fuzz::AllocationBound bound(kAllocatedMore +
                                      kAllocatedPerByte *
                                          static_cast<int64_t>(bytes.size()));
    metadata = ParseNodeMetadata(bytes);
  }
  if (!metadata) return;
  // A node writes it again in its own way, which may leave out interfaces that
  // do not fit.
  const gossip::wire::Bytes told = SerializeNodeMetadata(*metadata);
  LB_CHECK(told.size() <= gossip::kMetaSizeMax);
  const auto heard = ParseNodeMetadata(told);
  LB_CHECK(heard.has_value());
  LB_CHECK(heard->draining == metadata->draining &&
           heard->holding_down == metadata->holding_down &&
           heard->silent == metadata->silent &&
           heard->unrouted == metadata->unrouted &&
           heard->ignores_exclude_label == metadata->ignores_exclude_label &&
           heard->undeliverable == metadata->undeliverable &&
           heard->facts_digest == metadata->facts_digest);
  // Written once more, it fits. The interfaces and MACs that were left out are
  // not known any more, so nothing changes from now on.
  const auto again = ParseNodeMetadata(SerializeNodeMetadata(*heard));
  LB_CHECK(again.has_value());
  LB_CHECK(ParseNodeMetadata(SerializeNodeMetadata(*again)) == again);
}

}  // namespace
}  // namespace lb

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  lb::Check({data, data + size});
  return 0;
}

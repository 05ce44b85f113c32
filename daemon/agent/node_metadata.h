// What a node says of itself in its gossip metadata.
//
// "lbd" and a format version: a member that has it keeps the ledger and may be
// its author. A member without it (a MetalLB speaker, say) takes part in
// elections only. Later formats append.
#ifndef LB_DAEMON_AGENT_NODE_METADATA_H_
#define LB_DAEMON_AGENT_NODE_METADATA_H_

#include <algorithm>
#include <array>
#include <cstdint>

#include "lb/gossip/wire/messages.h"

namespace lb {

inline constexpr std::array<uint8_t, 4> kNodeMetadata = {'l', 'b', 'd', 1};

inline bool KeepsLedger(const gossip::wire::Bytes& metadata) {
  return metadata.size() >= kNodeMetadata.size() &&
         std::equal(kNodeMetadata.begin(), kNodeMetadata.end() - 1,
                    metadata.begin());
}

}  // namespace lb

#endif  // LB_DAEMON_AGENT_NODE_METADATA_H_

// InventMembers: what a liar in the gossip says to make members up.
#ifndef LB_GOSSIP_TESTING_INVENTED_MEMBERS_H_
#define LB_GOSSIP_TESTING_INVENTED_MEMBERS_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "fmt/format.h"
#include "lb/gossip/wire/codec.h"
#include "lb/gossip/wire/keyring.h"
#include "lb/gossip/wire/message_codec.h"
#include "lb/gossip/wire/messages.h"

namespace lb::gossip {

// Datagrams in the clear, with two members each: `count` members, "fake0" and
// so on from 10.66.0.0 on, where no host is.
inline std::vector<wire::Bytes> InventMembers(int count,
                                              const wire::Bytes& meta = {}) {
  const wire::Codec codec({}, wire::Keyring(), [] { return wire::Nonce{}; });
  std::vector<wire::Bytes> datagrams;
  std::vector<wire::Bytes> messages;
  for (int i = 0; i < count; ++i) {
    messages.push_back(wire::EncodeMessage(
        wire::Alive{.incarnation = 1,
                    .node = fmt::format("fake{}", i),
                    .address = {10, 66, static_cast<uint8_t>(i >> 8),
                                static_cast<uint8_t>(i)},
                    .port = 7946,
                    .meta = meta.empty() ? std::nullopt : std::optional(meta),
                    .versions = wire::Bytes{1, 5, 2, 0, 0, 0}}));
    if (messages.size() < 2 && i + 1 < count) continue;
    datagrams.push_back(codec.EncodePacket(messages, wire::Checksum::kNone));
    messages.clear();
  }
  return datagrams;
}

}  // namespace lb::gossip

#endif  // LB_GOSSIP_TESTING_INVENTED_MEMBERS_H_

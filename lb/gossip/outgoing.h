// The outputs of a Membership: datagrams to send, and streams to open. Plain
// values.
#ifndef LB_GOSSIP_OUTGOING_H_
#define LB_GOSSIP_OUTGOING_H_

#include <cstdint>
#include <vector>

#include "absl/time/time.h"
#include "lb/gossip/wire/codec.h"
#include "lb/gossip/wire/messages.h"
#include "lb/net/endpoint.h"

namespace lb::gossip {

// One datagram to send: bare messages for wire::Codec::EncodePacket.
struct OutgoingPacket {
  net::Endpoint to;
  std::vector<wire::Bytes> messages;
  wire::Checksum checksum = wire::Checksum::kNone;
};

// One stream to open. Exactly one of OnReply, OnSent and OnRequestFailed must
// follow, at `deadline` at the latest.
struct StreamRequest {
  uint64_t id = 0;
  net::Endpoint to;
  absl::Time deadline;
};

}  // namespace lb::gossip

#endif  // LB_GOSSIP_OUTGOING_H_

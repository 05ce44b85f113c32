// A stream of a GossipNode, from its opening to its end. Private to it.
#ifndef LB_GOSSIP_GOSSIP_SESSION_H_
#define LB_GOSSIP_GOSSIP_SESSION_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "lb/gossip/gossip_node.h"
#include "lb/gossip/wire/messages.h"
#include "lb/gossip/wire/stream_inflation.h"
#include "lb/gossip/wire/stream_progress.h"
#include "lb/io/loop.h"
#include "lb/io/stream_transport.h"

namespace lb::gossip {

struct GossipNode::Session {
  std::unique_ptr<io::Timer> deadline;  // Ends it, whatever it does.
  std::optional<uint64_t> request;      // The core's number, if it is ours.
  bool answered = false;                // Nothing more is to be read.
  // It is one of those that its peer's address may have in a second.
  bool admitted = false;
  wire::Bytes received;
  wire::StreamProgress progress;
  // All has arrived, and is to be inflated; then the peer may close.
  std::optional<wire::StreamInflation> inflation;
  std::unique_ptr<io::Stream> stream;  // Null until it is connected.

  size_t bytes() const {
    return received.capacity() + (inflation ? inflation->bytes() : 0);
  }
};

}  // namespace lb::gossip

#endif  // LB_GOSSIP_GOSSIP_SESSION_H_

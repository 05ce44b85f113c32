// A stream of a GossipNode, from its opening to its end. Private to it.
#ifndef LB_GOSSIP_GOSSIP_SESSION_H_
#define LB_GOSSIP_GOSSIP_SESSION_H_

#include <cstdint>
#include <memory>
#include <optional>

#include "lb/gossip/gossip_node.h"
#include "lb/gossip/wire/messages.h"
#include "lb/gossip/wire/stream_progress.h"
#include "lb/io/loop.h"
#include "lb/io/stream_transport.h"

namespace lb::gossip {

struct GossipNode::Session {
  std::unique_ptr<io::Timer> deadline;  // Ends it, whatever it does.
  std::optional<uint64_t> request;      // The core's number, if it is ours.
  bool answered = false;                // Nothing more is to be read.
  wire::Bytes received;
  wire::StreamProgress progress;
  std::unique_ptr<io::Stream> stream;  // Null until it is connected.
};

}  // namespace lb::gossip

#endif  // LB_GOSSIP_GOSSIP_SESSION_H_

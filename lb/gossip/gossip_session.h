// GossipSession: a stream of a GossipNode, from its opening to its end, and
// GossipSessions, all of them. Private to GossipNode.
#ifndef LB_GOSSIP_GOSSIP_SESSION_H_
#define LB_GOSSIP_GOSSIP_SESSION_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>

#include "lb/gossip/wire/messages.h"
#include "lb/gossip/wire/stream_inflation.h"
#include "lb/gossip/wire/stream_progress.h"
#include "lb/io/loop.h"
#include "lb/io/stream_transport.h"

namespace lb::gossip {

struct GossipSession {
  std::unique_ptr<io::Timer> deadline;  // Ends it, whatever it does.
  std::optional<uint64_t> request;      // The core's number, if it is ours.
  bool answered = false;                // Nothing more is to be read.
  // It is one of those that its peer's address may have in a second.
  bool admitted = false;
  wire::Bytes received;
  wire::StreamProgress progress;
  // All has arrived, and is to be inflated; then the peer may close.
  std::optional<wire::StreamInflation> inflation;
  // A large exchange; its first `merged` members are merged.
  std::optional<wire::PushPull> exchange;
  size_t merged = 0;
  wire::Bytes reply;  // A large one, serialized; it is still to be encoded.
  std::unique_ptr<io::Stream> stream;  // Null until it is connected.

  // Has all arrived, and is there more to do than one turn of the loop may?
  bool waits() const { return inflation || exchange || !reply.empty(); }
  size_t bytes() const {
    return received.capacity() + (inflation ? inflation->bytes() : 0) +
           reply.capacity();
  }
};

class GossipSessions {
 public:
  // How many streams peers may have open, and what all streams together may
  // hold.
  struct Bounds {
    size_t accepted_max;
    size_t bytes_max;
  };

  explicit GossipSessions(Bounds bounds) : bounds_(bounds) {}

  // May a peer open one more?
  bool MayAccept() const { return accepted_ < bounds_.accepted_max; }
  // `request`: the core's number of a stream that this node opens. Returns the
  // session's number.
  uint64_t Add(std::unique_ptr<GossipSession> session);
  // Null: it has ended. Valid until End().
  GossipSession* Find(uint64_t id) const;
  void End(uint64_t id);  // Unless it has ended.
  // The stream to drop if all together hold too much: the largest that a peer
  // opened; streams that this node opened come last.
  std::optional<uint64_t> Excess() const;

 private:
  const Bounds bounds_;
  size_t accepted_ = 0;
  uint64_t last_id_ = 0;
  std::map<uint64_t, std::unique_ptr<GossipSession>> sessions_;
};

}  // namespace lb::gossip

#endif  // LB_GOSSIP_GOSSIP_SESSION_H_

// Endpoint: the core of all BFD sessions of a node.
//
// Gives each received packet to its session or counts why not, and gathers what
// the sessions send and report. No socket, no clock.
//
//   Endpoint endpoint(prng);
//   LB_RETURN_IF_ERROR(endpoint.SetSessions(now, {{key, {}}}));
//   endpoint.OnDatagram(now, received);
//   for (const OutgoingPacket& packet : endpoint.TakeOutgoing()) Send(packet);
//   for (const SessionEvent& event : endpoint.TakeEvents()) Tell(event);
//   timer->Arm(endpoint.NextDeadline());
//
// A session that is not wanted any more tells its peer for some seconds that it
// is down on purpose, so that the peer takes it for no failure (RFC 5880
// section 6.8.16). At most kSessionsMax are wanted, and as many leave.
//
// One thread. RFC 5880, 5881, 5883.
#ifndef LB_BFD_ENDPOINT_H_
#define LB_BFD_ENDPOINT_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lb/base/prng.h"
#include "lb/bfd/demultiplexer.h"
#include "lb/bfd/session.h"
#include "lb/bfd/session_options.h"
#include "lb/bfd/session_status.h"
#include "lb/bfd/wire/control_packet.h"
#include "lb/bfd/wire/verdict.h"

namespace lb::bfd {

inline constexpr size_t kSessionsMax = 256;
// Packets that wait for TakeOutgoing(); more are dropped and counted.
inline constexpr size_t kOutgoingMax = 4 * kSessionsMax;

// What a single hop must arrive with, and what is always sent (RFC 5082).
inline constexpr int kBfdTtl = 255;

struct ReceivedPacket {
  PacketWay way;
  int ttl = 0;
  absl::Time arrived;  // When it reached the host.
  absl::Span<const uint8_t> payload;
};

struct OutgoingPacket {
  SessionKey key;
  std::array<uint8_t, kControlPacketSize> bytes = {};
};

class Endpoint {
 public:
  using Sessions = absl::btree_map<SessionKey, SessionOptions>;

  explicit Endpoint(Prng prng) : prng_(prng) {}
  Endpoint(const Endpoint&) = delete;
  Endpoint& operator=(const Endpoint&) = delete;

  // Replaces the wanted sessions. Those whose key stays go on, with their new
  // options. InvalidArgument names the first that is not valid;
  // ResourceExhausted: they are more than kSessionsMax. Nothing has changed
  // then.
  absl::Status SetSessions(absl::Time now, const Sessions& wanted);

  // The verdict has been counted.
  Verdict OnDatagram(absl::Time now, const ReceivedPacket& received);
  void OnTimer(absl::Time now);

  // When OnTimer() has something to do. InfiniteFuture: never.
  absl::Time NextDeadline() const;
  // True if OnTimer(now) would judge that a peer has been silent. The caller
  // first takes what waits in its sockets.
  bool HasSilentPeer(absl::Time now) const;

  std::vector<OutgoingPacket> TakeOutgoing() {
    return std::exchange(outgoing_, {});
  }
  std::vector<SessionEvent> TakeEvents() { return std::exchange(events_, {}); }

  // The wanted sessions.
  absl::btree_map<SessionKey, SessionStatus> Statuses() const;
  // Their keys, and those of the sessions that leave: all that send.
  absl::btree_set<SessionKey> SendingKeys() const;

  // How many sessions are wanted, and how many leave, together.
  size_t size() const { return entries_.size(); }

  const VerdictCounters& verdicts() const { return verdicts_; }
  uint64_t packets_dropped() const { return packets_dropped_; }

 private:
  struct Entry {
    SessionKey key;
    Session session;
    absl::Time deadline = absl::InfiniteFuture();  // As in deadlines_.
    // InfiniteFuture: it is wanted. Else when it is forgotten.
    absl::Time leaves_at = absl::InfiniteFuture();
  };
  using Entries = absl::btree_map<uint32_t, Entry>;  // By own discriminator.

  void Keep(absl::Time now, const SessionKey& key,
            const SessionOptions& options);
  void Leave(absl::Time now, Entry& entry);
  // Forgets sessions that leave until no more than kSessionsMax of them do.
  void BoundLeaving();
  // Returns the next one.
  Entries::iterator Forget(Entries::iterator entry);
  uint32_t NewDiscriminator();
  Verdict Judge(absl::Time now, const ReceivedPacket& received);
  // Takes what the session has to say, and notes its deadline.
  void Settle(Entry& entry);

  Prng prng_;
  Entries entries_;
  Demultiplexer demultiplexer_;
  absl::btree_set<std::pair<absl::Time, uint32_t>> deadlines_;
  std::vector<OutgoingPacket> outgoing_;
  std::vector<SessionEvent> events_;
  VerdictCounters verdicts_;
  uint64_t packets_dropped_ = 0;
};

}  // namespace lb::bfd

#endif  // LB_BFD_ENDPOINT_H_

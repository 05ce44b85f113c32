// SimConnection: one simulated TCP connection, with both its ends.
//
// Internal to lb/io/sim. Held by the streams of its two ends and by what is
// under way. Each direction is a queue of segments, of which one at a time is
// under way; so bytes keep their order whatever the path does.
#ifndef LB_IO_SIM_SIM_CONNECTION_H_
#define LB_IO_SIM_SIM_CONNECTION_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lb/io/sim/sim_network.h"
#include "lb/io/sim/sim_streams.h"
#include "lb/io/stream_transport.h"
#include "lb/net/endpoint.h"

namespace lb::io {

class SimConnection : public std::enable_shared_from_this<SimConnection> {
 public:
  enum Side { kConnector = 0, kAcceptor = 1 };
  struct End {
    const SimAttachment* at = nullptr;
    net::Endpoint endpoint;
    // Empty: its segments are not signed.
    std::string md5_key = {};
    // After which it gives up a peer that it does not reach.
    absl::Duration timeout = kStreamTimeout;
  };

  // What the acceptor sends arrives after `established`.
  static std::shared_ptr<SimConnection> Make(SimNetwork* network,
                                             const End& connector,
                                             const End& acceptor,
                                             absl::Time established);

  // The stream of one end; once per end.
  std::unique_ptr<Stream> TakeStream(Side side);

  // The node at `at` is about to die; its kernel, if it lives, closes the end.
  void OnNodeStopped(const SimAttachment* at);

  // What a Stream does, by its side:
  net::Endpoint local(Side side) const { return ends_[side].end.endpoint; }
  net::Endpoint remote(Side side) const {
    return ends_[Other(side)].end.endpoint;
  }
  size_t unacknowledged(Side side) const { return ends_[side].outbox_bytes; }
  absl::Status SetMd5Key(Side side, std::string_view key);
  void Receive(Side side, Stream::OnBytes on_bytes, Stream::OnClosed on_closed);
  absl::Status Send(Side side, absl::Span<const uint8_t> bytes);
  void FinishSending(Side side);
  void Close(Side side);  // The stream was destroyed.

 private:
  enum class Kind { kBytes, kFinish, kReset };
  struct Segment {
    Kind kind = Kind::kBytes;
    std::vector<uint8_t> bytes;
    absl::Time arrival;  // At the earliest.
  };
  struct Callbacks {
    Stream::OnBytes on_bytes;
    Stream::OnClosed on_closed;
  };
  struct EndState {
    End end;
    int run = 0;   // Of the process it belongs to.
    int boot = 0;  // Of the host.
    bool closed = false;
    bool finished = false;  // FinishSending() was called.
    // Outgoing:
    std::deque<Segment> outbox;
    size_t outbox_bytes = 0;
    bool transmitting = false;
    absl::Time last_arrival;
    // Incoming, not yet handed over:
    std::vector<uint8_t> inbox;
    std::optional<absl::Status> end_reason;
    bool draining = false;
    std::shared_ptr<Callbacks> callbacks;
  };

  static Side Other(Side side) {
    return side == kConnector ? kAcceptor : kConnector;
  }
  // Is the node still there whose end it is?
  static bool IsAlive(const EndState& end);
  // Is its kernel?
  static bool IsPowered(const EndState& end);
  static bool IsBroken(const EndState& end);
  void Enqueue(Side from, Kind kind, absl::Span<const uint8_t> bytes);
  void ScheduleFront(Side from);
  void TryArrive(Side from, absl::Time stuck_since, absl::Duration retry);
  void Arrive(Side from);
  void Reset(Side from);
  void Break(Side side, absl::Status reason);
  void ScheduleDrain(Side side);
  void Drain(Side side);

  SimNetwork* network_ = nullptr;
  std::array<EndState, 2> ends_;
};

}  // namespace lb::io

#endif  // LB_IO_SIM_SIM_CONNECTION_H_

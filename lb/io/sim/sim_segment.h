// SimSegment: an Ethernet segment, and the FrameTransport of each host on it.
//
// A frame reaches the host whose eth0 has the destination address; broadcast
// reaches all, and so does multicast, unless SetMulticastSnooping(): then IPv6
// multicast but to all nodes reaches those that joined the group. At most
// kFramesInFlightMax wait for a host; more are dropped. Delay, loss and
// partitions: paths().
//
// With SetForwarding() it is a switch that learns: a frame to a MAC that was
// seen as a source goes to the port where it was seen last, be it the right
// one or not, until the entry is older than the age; to any other, to all.
#ifndef LB_IO_SIM_SIM_SEGMENT_H_
#define LB_IO_SIM_SIM_SEGMENT_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lb/base/prng.h"
#include "lb/io/frame_transport.h"
#include "lb/io/sim/sim_loop.h"
#include "lb/io/sim/sim_network.h"
#include "lb/io/sim/sim_paths.h"
#include "lb/net/mac_address.h"

namespace lb::io {

// Frames under way to one host.
inline constexpr size_t kFramesInFlightMax = 4096;
// Entries of a forwarding table; a MAC beyond is not learned.
inline constexpr size_t kForwardingMax = 8192;

struct SimSegmentStats {
  uint64_t sent = 0;         // Accepted by Send().
  uint64_t delivered = 0;    // Arrived at a host; once per host.
  uint64_t duplicated = 0;   // Copies made on the way.
  uint64_t lost = 0;         // Drawn.
  uint64_t blocked = 0;      // By a block of the path.
  uint64_t unreachable = 0;  // The host is down, or its cable is unplugged.
  uint64_t overflowed = 0;   // kFramesInFlightMax were under way.
  uint64_t misdirected = 0;  // To a port where its destination is not.
};

class SimFramePort;
class SimFrameTransport;

class SimSegment {
 public:
  // Sees each frame as it is sent: by which host (its number), and its bytes.
  using Tap = absl::AnyInvocable<void(int host, absl::Span<const uint8_t>)>;

  SimSegment(SimLoop* loop, Prng prng) : loop_(loop), prng_(prng) {}
  SimSegment(const SimSegment&) = delete;
  SimSegment& operator=(const SimSegment&) = delete;

  SimPaths& paths() { return paths_; }
  const SimSegmentStats& stats() const { return stats_; }
  void SetTap(Tap tap) { tap_ = std::move(tap); }
  void SetMulticastSnooping(bool on) { snooping_ = on; }
  // Zero, as at first: frames go where their destination is.
  void SetForwarding(absl::Duration age) { forwarding_age_ = age; }
  // The number of the host at whose port the MAC was seen last; nullopt: the
  // table has no entry for it.
  std::optional<int> PortOf(const net::MacAddress& mac) const;
  size_t forwarding_entries() const { return forwarding_.size(); }

  // For the transports:
  void Attach(SimFrameTransport* transport) { members_.push_back(transport); }
  void Transmit(const SimFrameTransport& from, absl::Span<const uint8_t> frame);

 private:
  using Frame = std::shared_ptr<const std::vector<uint8_t>>;
  struct ForwardingEntry {
    int host = 0;
    absl::Time seen;
  };

  void Learn(int host, const net::MacAddress& source);
  void SendTo(SimFrameTransport* to, int from, const Frame& frame);
  void Schedule(SimFrameTransport* to, int from, const Frame& frame);

  SimLoop* const loop_;
  Prng prng_;
  SimPaths paths_;
  SimSegmentStats stats_;
  bool snooping_ = false;
  absl::Duration forwarding_age_;
  absl::btree_map<net::MacAddress, ForwardingEntry> forwarding_;
  Tap tap_;
  std::vector<SimFrameTransport*> members_;  // In the order they came.
};

class SimFrameTransport final : public FrameTransport {
 public:
  // Both must outlive it.
  SimFrameTransport(SimSegment* segment, const SimAttachment* at,
                    net::MacAddress mac);

  // "eth0" is the only interface.
  absl::StatusOr<std::unique_ptr<FramePort>> Open(
      const std::string& interface, const std::string& filter) override;

  // Closes all ports; they stay silent from now on.
  void CloseAll();

 private:
  friend class SimFramePort;
  friend class SimSegment;
  struct PortState;

  bool HasJoined(const net::MacAddress& group) const;
  void Arrive(absl::Span<const uint8_t> frame);

  SimSegment* const segment_;
  const SimAttachment* const at_;
  const net::MacAddress mac_;
  size_t in_flight_ = 0;
  std::vector<std::shared_ptr<PortState>> ports_;  // Open ones, oldest first.
};

}  // namespace lb::io

#endif  // LB_IO_SIM_SIM_SEGMENT_H_

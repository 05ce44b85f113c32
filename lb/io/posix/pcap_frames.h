// PcapFrames: a FrameTransport through libpcap.
//
// Frames of up to kFrameSizeMax bytes; longer ones are cut. ARP takes 60, and
// neighbour discovery with signatures (RFC 3971) some 700. Takes at most
// kFramesPerTurn of them in one turn of the loop, before the handlers that are
// ready (FirstLook). When the interface goes down a port stays open and works
// again when it is back.
#ifndef LB_IO_POSIX_PCAP_FRAMES_H_
#define LB_IO_POSIX_PCAP_FRAMES_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "lb/io/frame_transport.h"
#include "lb/io/posix/posix_loop.h"

namespace lb::io {

inline constexpr int kFrameSizeMax = 900;
inline constexpr int kFramesPerTurn = 64;

class PcapFrames final : public FrameTransport {
 public:
  // `loop` must outlive it.
  explicit PcapFrames(PosixLoop* loop) : loop_(loop) {}

  absl::StatusOr<std::unique_ptr<FramePort>> Open(
      const std::string& interface, const std::string& filter) override;

 private:
  PosixLoop* const loop_;
};

}  // namespace lb::io

#endif  // LB_IO_POSIX_PCAP_FRAMES_H_

// FrameTransport and FramePort: raw Ethernet frames on one interface.
//
// Loop thread only. A FramePort sees whole frames as they are on the wire, from
// the destination address on, without frame check sequence, and never those
// that it sent itself.
#ifndef LB_IO_FRAME_TRANSPORT_H_
#define LB_IO_FRAME_TRANSPORT_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "lb/io/frame_program.h"
#include "lb/net/ip_address.h"

namespace lb::io {

class FramePort {
 public:
  using Receiver = absl::AnyInvocable<void(absl::Span<const uint8_t> frame)>;

  virtual ~FramePort() = default;

  // Sends one frame. Never blocks. InvalidArgument: shorter than an Ethernet
  // header. Unavailable: the kernel refused (link down, queue full, ...).
  virtual absl::Status Send(absl::Span<const uint8_t> frame) = 0;

  // Called for each frame that passes the filter; valid during the call only.
  // Without a receiver frames are dropped. The port may be destroyed within.
  virtual void SetReceiver(Receiver receiver) = 0;

  // Replaces the filter at once: no frame that both the old and the new one
  // pass is lost. Frames that had passed the old one may still come. If the
  // program is refused the old filter stays.
  // InvalidArgument: not a program (empty, over kFrameProgramSizeMax, a jump
  // beyond the end, an end that does not return). ResourceExhausted: the kernel
  // finds it too large. Unavailable: it refused for another reason.
  virtual absl::Status SetFilter(const FrameProgram& program) = 0;

  // Receives frames to an IPv6 multicast group and reports the membership
  // (MLD), so that snooping switches forward them. Joining twice is joining
  // once, leaving what was not joined is nothing.
  // InvalidArgument: not an IPv6 multicast address. Unavailable: the kernel
  // refused.
  virtual absl::Status JoinGroup(const net::IpAddress& group) = 0;
  virtual absl::Status LeaveGroup(const net::IpAddress& group) = 0;
};

class FrameTransport {
 public:
  virtual ~FrameTransport() = default;

  // Opens a port on an interface. `filter` is in pcap-filter(7) language and is
  // applied in the kernel. The port must not outlive the transport.
  // NotFound: no such interface. PermissionDenied: CAP_NET_RAW is missing.
  // InvalidArgument: the filter does not compile.
  virtual absl::StatusOr<std::unique_ptr<FramePort>> Open(
      const std::string& interface, const std::string& filter) = 0;
};

}  // namespace lb::io

#endif  // LB_IO_FRAME_TRANSPORT_H_

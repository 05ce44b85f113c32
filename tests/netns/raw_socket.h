// RawSocket: Ethernet frames through a packet socket of the kernel, no library
// between: what the benchmark measures with, and how tests send odd frames.
#ifndef TESTS_NETNS_RAW_SOCKET_H_
#define TESTS_NETNS_RAW_SOCKET_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace lb::netns {

class RawSocket {
 public:
  // Receives frames of `ether_type`; 0: it only sends. NotFound: no such
  // interface. PermissionDenied: CAP_NET_RAW is missing.
  static absl::StatusOr<RawSocket> Open(const std::string& interface,
                                        uint16_t ether_type);
  RawSocket(RawSocket&& other) noexcept;
  RawSocket& operator=(RawSocket&&) = delete;
  ~RawSocket();

  // Both: did it work? Receive() waits if `flags` do not say MSG_DONTWAIT.
  bool Send(absl::Span<const uint8_t> frame);
  bool Receive(absl::Span<uint8_t> buffer, size_t* size, int flags);

  // Frames that found its queue full since last asked.
  uint64_t TakeDrops();
  // Waits no longer than this in Receive().
  void SetPatience(int milliseconds);

 private:
  explicit RawSocket(int descriptor) : descriptor_(descriptor) {}

  int descriptor_;
};

}  // namespace lb::netns

#endif  // TESTS_NETNS_RAW_SOCKET_H_

// SendingSocket: the socket from which one session sends, always from the same
// port (RFC 5881 section 4).
//
// A socket that cannot be opened (no such interface, no such address), or that
// takes no packet for a second (its interface was made again), is opened again
// with a back-off. Loop thread only.
#ifndef LB_BFD_SENDING_SOCKET_H_
#define LB_BFD_SENDING_SOCKET_H_

#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lb/base/prng.h"
#include "lb/bfd/back_off.h"
#include "lb/bfd/session_options.h"
#include "lb/io/datagram_transport.h"

namespace lb::bfd {

class SendingSocket {
 public:
  // Opens it. `factory` must outlive it.
  SendingSocket(const SessionKey& key, io::DatagramFactory* factory, Prng prng,
                absl::Time now);

  // Sends the packet to the peer, or counts it as unsent.
  void Send(absl::Time now, absl::Span<const uint8_t> packet);
  // The packet cannot be sent for another reason.
  void CountUnsent() { ++unsent_; }
  // Tries again what has failed, if it is time for that.
  void Retry(absl::Time now);
  absl::Time retry_at() const { return back_off_.retry_at(); }

  // Why the last packet was not sent, or why there is no socket.
  const absl::Status& error() const { return error_; }
  uint64_t unsent() const { return unsent_; }

 private:
  void Open(absl::Time now);
  absl::Status OpenAtPort(uint16_t port);
  uint16_t DrawPort();

  const SessionKey key_;
  io::DatagramFactory* const factory_;
  Prng prng_;
  uint16_t port_ = 0;
  std::unique_ptr<io::DatagramTransport> socket_;
  BackOff back_off_;
  absl::Status error_;
  absl::Time failing_since_ = absl::InfiniteFuture();
  uint64_t unsent_ = 0;
};

}  // namespace lb::bfd

#endif  // LB_BFD_SENDING_SOCKET_H_

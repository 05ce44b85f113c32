// PeerListener: the socket where peers dial us, if any of them may.
//
// Off unless a peer has Opening::kDialAndListen or kListen: on a node where
// another BGP program has port 179 nothing is in its way. It opens again when
// the passwords change; connections that it accepted before stay. If it cannot
// listen, it tries again every kRetry.
//
// Private to SpeakerNode. Loop thread only.
#ifndef LB_BGP_PEER_LISTENER_H_
#define LB_BGP_PEER_LISTENER_H_

#include <memory>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "lb/bgp/peer.h"
#include "lb/bgp/ports.h"
#include "lb/io/loop.h"
#include "lb/io/socket_options.h"
#include "lb/io/stream_transport.h"
#include "lb/net/endpoint.h"

namespace lb::bgp {

class PeerListener {
 public:
  static constexpr absl::Duration kRetry = absl::Seconds(10);

  struct Owner {
    absl::AnyInvocable<void(std::unique_ptr<io::Stream>)> on_accepted;
    // It cannot listen. Not again for the same reason.
    absl::AnyInvocable<void(const absl::Status&)> on_failed;
  };

  PeerListener(const Ports& ports, const net::Endpoint& at, Owner owner);
  PeerListener(const PeerListener&) = delete;
  PeerListener& operator=(const PeerListener&) = delete;

  // Listens for these peers; no peer: it closes the socket.
  void Follow(const std::vector<const PeerOptions*>& peers);

 private:
  void Open();

  const Ports ports_;
  const net::Endpoint at_;
  Owner owner_;
  bool is_wanted_ = false;
  io::StreamOptions options_;
  absl::Status failed_;
  std::unique_ptr<io::StreamTransport> transport_;
  std::unique_ptr<io::Timer> retry_;
};

}  // namespace lb::bgp

#endif  // LB_BGP_PEER_LISTENER_H_

// SimStreamFactory: the TCP of one simulated host; its listeners and dialers.
//
// Ordered and reliable: what the path loses is sent again after
// kRetransmitTimeout and its doubles; a peer that is not reached for
// kStreamTimeout ends the stream (Unavailable). A host that is up but runs no
// node, or another run of it, answers with a reset or refuses. A stream without
// data on the way does not notice that its peer is gone, as in TCP.
#ifndef LB_IO_SIM_SIM_STREAMS_H_
#define LB_IO_SIM_SIM_STREAMS_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lb/io/sim/sim_network.h"
#include "lb/io/sim/sim_port_table.h"
#include "lb/io/socket_options.h"
#include "lb/io/stream_transport.h"
#include "lb/net/endpoint.h"

namespace lb::io {

inline constexpr absl::Duration kRetransmitTimeout = absl::Milliseconds(200);
inline constexpr absl::Duration kConnectRetryTimeout = absl::Seconds(1);
inline constexpr absl::Duration kStreamTimeout = absl::Seconds(15);

class SimConnection;
class SimDial;

// A listening socket, for what is under way to it too.
struct SimListener {
  const net::Endpoint at;
  const StreamOptions options;
  std::shared_ptr<StreamTransport::OnAccepted> on_accepted;
};

class SimStreamFactory final : public StreamFactory {
 public:
  // Both must outlive it.
  SimStreamFactory(SimNetwork* network, SimAttachment* at);
  SimStreamFactory(const SimStreamFactory&) = delete;
  SimStreamFactory& operator=(const SimStreamFactory&) = delete;

  absl::StatusOr<std::unique_ptr<StreamTransport>> Listen(
      const net::Endpoint& at, const StreamOptions& options) override;
  absl::StatusOr<std::unique_ptr<StreamDialer>> MakeDialer(
      const net::IpAddress& source, const StreamOptions& options) override;
  // The host's own transport, at all its addresses: its local() is the host's
  // first address, whatever that is at the time. REQUIRES: the port is free.
  std::unique_ptr<StreamTransport> ListenHost(uint16_t port);

  // The node is about to die, with its kernel or without.
  void OnNodeStopping();
  // It is dead: no listener has an acceptor any more.
  void OnNodeStopped();

  // For SimDial and the transports:
  // Null: none.
  std::shared_ptr<SimListener> FindListener(const net::Endpoint& to) const;
  void Close(const SimListener& listener) { listeners_.Remove(listener.at); }
  // The port of the host's side of the next connection that it opens.
  uint16_t NextPort();
  void Remember(const std::shared_ptr<SimConnection>& connection);

 private:
  static constexpr uint16_t kFirstEphemeralPort = 32768;

  std::shared_ptr<SimListener> Open(const net::Endpoint& at,
                                    const StreamOptions& options);

  SimNetwork* const network_;
  SimAttachment* const at_;
  SimPortTable<std::shared_ptr<SimListener>> listeners_;
  std::vector<std::weak_ptr<SimConnection>> connections_;
  size_t prune_at_ = 16;  // connections_ is pruned at this size.
  uint16_t next_port_ = kFirstEphemeralPort;
};

}  // namespace lb::io

#endif  // LB_IO_SIM_SIM_STREAMS_H_

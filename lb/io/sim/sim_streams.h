// SimStreamTransport: TCP between simulated hosts.
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

#include "absl/time/time.h"
#include "lb/io/sim/sim_network.h"
#include "lb/io/stream_transport.h"
#include "lb/net/endpoint.h"

namespace lb::io {

inline constexpr absl::Duration kRetransmitTimeout = absl::Milliseconds(200);
inline constexpr absl::Duration kConnectRetryTimeout = absl::Seconds(1);
inline constexpr absl::Duration kStreamTimeout = absl::Seconds(15);

class SimConnection;

class SimStreamTransport final : public StreamTransport {
 public:
  // Both must outlive it.
  SimStreamTransport(SimNetwork* network, const SimAttachment* at);

  net::Endpoint local() const override { return at_->endpoints[0]; }
  void Connect(const net::Endpoint& to, absl::Time deadline,
               OnConnected on_connected) override;
  void SetAcceptor(OnAccepted on_accepted) override;

  // The node is about to die, with its kernel or without.
  void OnNodeStopped();

 private:
  static constexpr uint16_t kFirstEphemeralPort = 32768;

  struct Pending;  // A Connect() that is not answered.

  void SendSyn(const std::shared_ptr<Pending>& pending, absl::Duration retry);
  void OnSynArrived(const std::shared_ptr<Pending>& pending,
                    const SimAttachment* host);
  void Answer(const std::shared_ptr<Pending>& pending,
              absl::StatusOr<std::unique_ptr<Stream>> stream);
  void AnswerLate(const std::shared_ptr<Pending>& pending);
  void Remember(const std::shared_ptr<SimConnection>& connection);

  SimNetwork* const network_;
  const SimAttachment* const at_;
  std::shared_ptr<OnAccepted> on_accepted_;
  std::vector<std::weak_ptr<SimConnection>> connections_;
  size_t prune_at_ = 16;  // connections_ is pruned at this size.
  uint16_t next_port_ = kFirstEphemeralPort;
};

}  // namespace lb::io

#endif  // LB_IO_SIM_SIM_STREAMS_H_

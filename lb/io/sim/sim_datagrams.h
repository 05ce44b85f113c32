// SimDatagramFactory, SimDatagramTransport and SimDatagramListener: the UDP
// sockets of one simulated host.
//
// At most kDatagramsInFlightMax wait for a socket; more are dropped. Its ports
// are free again when the node that opened them is stopped and gone. What came
// to a listener while the process was paused is read later than timers fire
// that are due: the worst order that a real loop may have.
#ifndef LB_IO_SIM_SIM_DATAGRAMS_H_
#define LB_IO_SIM_SIM_DATAGRAMS_H_

#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lb/io/datagram_transport.h"
#include "lb/io/sim/sim_network.h"
#include "lb/io/sim/sim_port_table.h"
#include "lb/io/socket_options.h"
#include "lb/net/endpoint.h"

namespace lb::io {

// Datagrams under way to one socket, those that wait for a paused process
// included.
inline constexpr size_t kDatagramsInFlightMax = 4096;

// A socket, for what is under way to it too.
struct SimDatagramState;
using SimDatagramSocket = std::shared_ptr<SimDatagramState>;

class SimDatagramTransport final : public DatagramTransport {
 public:
  explicit SimDatagramTransport(SimDatagramSocket socket);
  ~SimDatagramTransport() override;
  SimDatagramTransport(const SimDatagramTransport&) = delete;
  SimDatagramTransport& operator=(const SimDatagramTransport&) = delete;

  net::Endpoint local() const override;
  absl::Status Send(const net::Endpoint& to,
                    absl::Span<const uint8_t> payload) override;
  void SetReceiver(Receiver receiver) override;

 private:
  const SimDatagramSocket socket_;
};

class SimDatagramListener final : public DatagramListener {
 public:
  explicit SimDatagramListener(SimDatagramSocket socket);
  ~SimDatagramListener() override;
  SimDatagramListener(const SimDatagramListener&) = delete;
  SimDatagramListener& operator=(const SimDatagramListener&) = delete;

  net::Endpoint local() const override;
  void SetReceiver(Receiver receiver) override;
  void ReceiveWaiting() override;

 private:
  const SimDatagramSocket socket_;
};

class SimDatagramFactory final : public DatagramFactory {
 public:
  // Both must outlive it.
  SimDatagramFactory(SimNetwork* network, SimAttachment* at);
  SimDatagramFactory(const SimDatagramFactory&) = delete;
  SimDatagramFactory& operator=(const SimDatagramFactory&) = delete;

  absl::StatusOr<std::unique_ptr<DatagramTransport>> Bind(
      const net::Endpoint& at, const SocketOptions& options) override;
  absl::StatusOr<std::unique_ptr<DatagramListener>> BindListener(
      const net::Endpoint& at, const SocketOptions& options) override;
  // The host's own socket, at all its addresses: its local() is the host's
  // first address, whatever that is at the time. REQUIRES: the port is free.
  std::unique_ptr<DatagramTransport> BindHost(uint16_t port);

  // The node was stopped: no socket has a receiver any more.
  void OnNodeStopped();

  // For SimNetwork. Null: none.
  SimDatagramSocket Find(const net::Endpoint& to) const;

 private:
  friend class SimDatagramTransport;
  friend class SimDatagramListener;

  // Bind() up to the socket itself.
  absl::StatusOr<SimDatagramSocket> OpenAt(const net::Endpoint& at,
                                           const SocketOptions& options);
  SimDatagramSocket Open(const net::Endpoint& at, const SocketOptions& options);

  SimNetwork* const network_;
  SimAttachment* const at_;
  SimPortTable<SimDatagramSocket> sockets_;
};

// For SimNetwork:
const SocketOptions& OptionsOf(const SimDatagramSocket& socket);
// Schedules the arrival of one datagram at `datagram.at`, or counts why not.
void ScheduleDatagram(const SimDatagramSocket& socket,
                      const ArrivedDatagram& datagram);

}  // namespace lb::io

#endif  // LB_IO_SIM_SIM_DATAGRAMS_H_

// ReceivingSocket: the socket at which all sessions of one kind hear their
// peers: port 3784 of single hops, port 4784 of multihops.
//
// For IPv4 sessions alone it is one of IPv4; else one of both families, and if
// the host has none of those, one of IPv4 for the IPv4 sessions. The port may
// be another program's (bfdd, Cilium): then it is tried again with a back-off.
// Loop thread only.
#ifndef LB_BFD_RECEIVING_SOCKET_H_
#define LB_BFD_RECEIVING_SOCKET_H_

#include <memory>

#include "absl/container/btree_set.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "lb/bfd/back_off.h"
#include "lb/bfd/session_options.h"
#include "lb/io/datagram_transport.h"
#include "lb/net/ip_address.h"

namespace lb::bfd {

class ReceivingSocket {
 public:
  using Receiver =
      absl::AnyInvocable<void(Hops hops, const io::ArrivedDatagram& datagram)>;

  // `factory` must outlive it.
  ReceivingSocket(Hops hops, io::DatagramFactory* factory, Receiver receiver)
      : hops_(hops), factory_(factory), receiver_(std::move(receiver)) {}
  ReceivingSocket(const ReceivingSocket&) = delete;
  ReceivingSocket& operator=(const ReceivingSocket&) = delete;

  // Opens or closes it, as sessions of these families want.
  void Follow(absl::Time now, const absl::btree_set<net::IpFamily>& families);
  // Tries again what has failed, if it is time for that.
  void Retry(absl::Time now);
  absl::Time retry_at() const { return back_off_.retry_at(); }

  // OK: sessions of the family hear their peers. The kernel's answer else.
  absl::Status ErrorOf(net::IpFamily family) const;
  // The receiver gets, within this call, what waits in the socket.
  void ReceiveWaiting();

 private:
  void Open(absl::Time now);
  absl::Status OpenAt(const net::IpAddress& any);

  const Hops hops_;
  io::DatagramFactory* const factory_;
  Receiver receiver_;
  absl::btree_set<net::IpFamily> families_;
  std::unique_ptr<io::DatagramListener> listener_;
  BackOff back_off_;
  absl::Status error_;  // The last try at all that is wanted.
};

}  // namespace lb::bfd

#endif  // LB_BFD_RECEIVING_SOCKET_H_

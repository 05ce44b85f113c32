// SimDial: one attempt to connect two simulated hosts, until it is answered.
//
// Internal to lb/io/sim. What is under way holds it.
#ifndef LB_IO_SIM_SIM_DIAL_H_
#define LB_IO_SIM_SIM_DIAL_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lb/io/loop.h"
#include "lb/io/sim/sim_network.h"
#include "lb/io/socket_options.h"
#include "lb/io/stream_transport.h"
#include "lb/net/endpoint.h"

namespace lb::io {

class SimDial : public std::enable_shared_from_this<SimDial> {
 public:
  struct Call {
    net::Endpoint to;
    absl::Time deadline;
    StreamDialer::OnConnected on_connected;
  };

  // Both must outlive it.
  SimDial(SimNetwork* network, const SimAttachment* at, StreamOptions options,
          Call call);

  // From that address: sends the first SYN, or answers on a later turn why it
  // cannot.
  void Start(const net::IpAddress& source);
  // The dialer is gone: there is no answer.
  void Abandon();
  bool is_answered() const { return !call_.on_connected; }

 private:
  void SendSyn(absl::Duration retry);
  void SendSynLater(absl::Duration retry);
  void OnSynArrived(const SimAttachment* host);
  // Do the ends let each other's packets in?
  bool Agrees(const StreamOptions& listener, int host) const;
  void Refuse(absl::Status why);
  void Answer(absl::StatusOr<std::unique_ptr<Stream>> stream);
  void AnswerLate();
  std::string Place() const;

  SimNetwork* const network_;
  const SimAttachment* const at_;
  const StreamOptions options_;
  const int run_;  // Of the process that connects.
  Call call_;      // Its callback is empty once it is answered.
  net::Endpoint from_;
  std::unique_ptr<Timer> timer_;
};

}  // namespace lb::io

#endif  // LB_IO_SIM_SIM_DIAL_H_

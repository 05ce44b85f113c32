// Relay: the way from one client to the API server, which a test can cut.
//
// It listens on loopback, and passes the bytes of each connection on. TLS is
// end to end, so the server's certificate is the client's to judge.
//
//   Relay relay(&sockets, server);
//   ... Http2Client with relay.local() as its server ...
//   relay.Set(Relay::Way::kSilent);
//
// Loop thread only. The sockets outlive it.
#ifndef LB_TESTS_KUBERNETES_RELAY_H_
#define LB_TESTS_KUBERNETES_RELAY_H_

#include <list>
#include <memory>
#include <string>

#include "absl/types/span.h"
#include "lb/io/stream_transport.h"
#include "lb/net/endpoint.h"

namespace lb::kubernetes {

class Relay {
 public:
  enum class Way {
    kOpen,
    kSilent,  // No byte passes, no connection ends: a cut cable.
    kClosed,  // Connections end, and new ones end at once.
  };

  Relay(io::StreamFactory* factory, const net::Endpoint& server);

  net::Endpoint local() const { return listener_->local(); }

  // What was silenced stays silent.
  void Set(Way way);

 private:
  struct Link {
    std::unique_ptr<io::Stream> client;
    std::unique_ptr<io::StreamDialer> dialer;
    std::unique_ptr<io::Stream> server;
    std::string early;  // The client's bytes before the server is there.
    bool is_silent = false;
  };
  using Links = std::list<Link>;

  void OnAccepted(std::unique_ptr<io::Stream> client);
  void OnClientBytes(Link& link, absl::Span<const uint8_t> bytes);

  io::StreamFactory* const factory_;
  const net::Endpoint server_;
  Way way_ = Way::kOpen;
  std::unique_ptr<io::StreamTransport> listener_;
  Links links_;
};

}  // namespace lb::kubernetes

#endif  // LB_TESTS_KUBERNETES_RELAY_H_

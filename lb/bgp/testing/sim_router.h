// SimRouter: a strict, scripted BGP router on a simulated host.
//
// It listens at port 179, may dial too, checks each message by decoders of its
// own (heard_message.h, receiver.h) and keeps a table of the routes that it was
// told. What its peer does against the rules is in faults(), which a test
// expects to be empty.
//
//   SimRouter router(host, {.asn = 65000, .peer_asn = 64512});
//   world.loop().RunFor(absl::Seconds(1));
//   EXPECT_THAT(router.faults(), IsEmpty());
//   router.RoutesText();  // "192.0.2.10/32 next-hop 10.0.0.1\n"
//
// It takes one peer: connections are not told apart by their address. Routes
// that it kept over a peer's restart go as RFC 4724 says: when the restart time
// is over, with the End-of-RIB, or if the peer did not keep forwarding.
#ifndef LB_BGP_TESTING_SIM_ROUTER_H_
#define LB_BGP_TESTING_SIM_ROUTER_H_

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lb/bgp/testing/heard_message.h"
#include "lb/bgp/testing/receiver.h"
#include "lb/io/loop.h"
#include "lb/io/sim/sim_host.h"
#include "lb/io/stream_transport.h"
#include "lb/net/endpoint.h"
#include "lb/net/ip_prefix.h"

namespace lb::bgp {

struct SimRouterOptions {
  uint32_t asn = 65000;
  uint32_t peer_asn = 64512;
  uint32_t identifier = 0x0a0000fe;
  int hold_seconds = 90;
  bool ipv4 = true;
  bool ipv6 = true;
  // False: its OPEN has none, as that of a very old router.
  bool capabilities = true;
  // It answers 2/4 to an OPEN that has any.
  bool refuses_capabilities = false;
  bool ipv4_by_ipv6_next_hop = false;
  // For so long it keeps the routes of a peer that went without a word, if the
  // peer offered it too. 0: not at all.
  int restart_seconds = 0;
  std::string md5_key;
  net::IpAddress md5_peer;
  // False: it falls silent after its OPEN.
  bool sends_keepalives = true;
  // After an error it resets connections for so long, as BIRD does.
  absl::Duration deaf = absl::ZeroDuration();
};

class SimRouter {
 public:
  using Routes = Receiver::Table;

  // `host` outlives it.
  SimRouter(io::SimHost* host, SimRouterOptions options);
  // The same with sockets from elsewhere: several of them can be one router
  // that shares out what it accepts by the peers' addresses.
  SimRouter(io::Loop* loop, io::StreamFactory* streams,
            SimRouterOptions options);
  SimRouter(const SimRouter&) = delete;
  SimRouter& operator=(const SimRouter&) = delete;
  ~SimRouter();

  void Dial(const net::Endpoint& to);
  // For connections from now on.
  SimRouterOptions& options() { return options_; }

  // On the Established connection, if there is one:
  void AskRefresh(net::IpFamily family);
  void Send(const HeardBytes& bytes);
  // Sends a NOTIFICATION and closes.
  void Notify(int code, int subcode);
  // Resets TCP, of every connection.
  void Reset();
  // Forgets the routes that it kept of a peer that went without a word.
  void ForgetStale() { stale_.clear(); }
  // Another key, for what is connected too.
  void SetMd5Key(const std::string& key);

  int established() const;  // Connections; more than one is a fault.
  int connected() const;
  // Those of the Established connection, and stale ones of the last.
  Routes routes() const;
  std::string RoutesText() const;
  // Families whose End-of-RIB came on the Established connection.
  std::set<net::IpFamily> complete() const;
  // How often a refresh of the family was answered on it.
  size_t refreshes(net::IpFamily family) const;
  // The last OPEN that came.
  const HeardOpen& open() const { return open_; }
  // How connections ended, by the peer: "6/2 maintenance", "closed", "reset".
  const std::vector<std::string>& ends() const { return ends_; }
  // Messages that came, by type.
  int heard(int type) const;
  // What the peer did against the rules.
  const Faults& faults() const { return faults_; }
  // Dials that came, also those that were turned away.
  int dials() const { return dials_; }

 private:
  enum class State { kOpenSent, kOpenConfirm, kEstablished, kOver };
  struct Connection {
    std::unique_ptr<io::Stream> stream;
    bool dialled = false;
    State state = State::kOpenSent;
    HeardBytes buffer;
    HeardOpen open;
    std::optional<Receiver> receiver;  // Once there is an OPEN.
    absl::Duration hold;
    std::unique_ptr<io::Timer> hold_timer;
    std::unique_ptr<io::Timer> keepalive_timer;
  };

  void Listen();
  void OnAccepted(std::unique_ptr<io::Stream> stream);
  void Take(std::unique_ptr<io::Stream> stream, bool dialled);
  void OnBytes(Connection& connection, absl::Span<const uint8_t> bytes);
  void OnMessage(Connection& connection, const HeardBytes& message);
  void OnOpen(Connection& connection, const HeardBytes& message);
  void OnKeepalive(Connection& connection);
  void OnUpdate(Connection& connection, const HeardBytes& message);
  void ForgetUnforwarded(const HeardOpen& open);
  void OnNotification(Connection& connection, const HeardBytes& message);
  // False: this one is closed.
  bool WinsCollision(Connection& connection);
  void SendOpen(Connection& connection);
  void SendKeepalive(Connection& connection);
  void Prolong(Connection& connection);
  void NotifyOn(Connection& connection, int code, int subcode);
  void EndConnection(Connection& connection, std::string how);
  Connection* Established();
  const Connection* Established() const;
  void Forget();

  io::Loop* const loop_;
  io::StreamFactory* const stream_factory_;
  SimRouterOptions options_;
  std::unique_ptr<io::StreamTransport> transport_;
  std::unique_ptr<io::StreamDialer> dialer_;
  std::list<Connection> connections_;
  Routes stale_;
  std::unique_ptr<io::Timer> stale_timer_;
  HeardOpen open_;
  std::vector<std::string> ends_;
  std::map<int, int> heard_;
  Faults faults_;
  int dials_ = 0;
  absl::Time deaf_until_ = absl::InfinitePast();
};

}  // namespace lb::bgp

#endif  // LB_BGP_TESTING_SIM_ROUTER_H_

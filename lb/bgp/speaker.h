// Speaker: all BGP sessions of a node.
//
//   Speaker speaker({.node_name = "n1"}, prng);
//   const PeersChange change = speaker.SetPeers(now, {tor1, tor2});
//   LB_RETURN_IF_ERROR(speaker.SetRoutes("tor-1", routes));
//   for (const SpeakerOutput& out : speaker.TakeOutgoing(now)) Use(out);
//
// A change of peers touches no session but those whose own options changed,
// and a change of routes touches none. A second call with the same peers or
// routes plans nothing and sends nothing.
//
// It ends in three ways that peers see differently. To drain, the caller sets
// routes with the community 65535:0 (Draining() in drain.h), waits, and sets
// none; the sessions stay. Stop() withdraws and says why. Leave() says nothing,
// so that peers with graceful restart keep the routes for the next run.
//
// Pure but for its Prng: `now` is an argument, there is no socket. One thread.
// Bounds: kPeersMax peers, kRoutesMax routes over all peers.
#ifndef LB_BGP_SPEAKER_H_
#define LB_BGP_SPEAKER_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lb/base/prng.h"
#include "lb/bgp/adj_rib_out.h"
#include "lb/bgp/collision.h"
#include "lb/bgp/peer.h"
#include "lb/bgp/peer_status.h"
#include "lb/bgp/route.h"
#include "lb/bgp/session.h"
#include "lb/bgp/wire/notification.h"
#include "lb/net/ip_address.h"
#include "lb/net/ip_prefix.h"

namespace lb::bgp {

// Names one session, never another one of the same peer.
using SessionId = uint64_t;

struct SpeakerOptions {
  // Makes the BGP identifier where there is no IPv4 address.
  std::string node_name;
  // What the last run of this process left behind.
  RestartState restart;
};

struct SpeakerOutput {
  SessionId session = 0;
  SessionOutput output;
};

struct SpeakerNews {
  std::string peer;  // Its name.
  SessionNews news;
};

// What SetPeers() did, by name, each list sorted.
struct PeersChange {
  struct Refused {
    std::string name;
    absl::Status why;

    friend bool operator==(const Refused&, const Refused&) = default;
  };

  std::vector<std::string> added;
  std::vector<std::string> removed;
  std::vector<std::string> reset;    // Other options: a new session.
  std::vector<std::string> rekeyed;  // Another password: the session stays.
  std::vector<Refused> refused;

  bool empty() const {
    return added.empty() && removed.empty() && reset.empty() && rekeyed.empty();
  }
};

// Routes of one peer that change.
struct RoutesChange {
  std::vector<Route> set;  // Added, or replaced.
  std::vector<net::IpPrefix> erased;
};

class Speaker {
 public:
  static constexpr size_t kPeersMax = 64;
  static constexpr size_t kRoutesMax = 100'000;

  Speaker(const SpeakerOptions& options, const Prng& prng);
  Speaker(const Speaker&) = delete;
  Speaker& operator=(const Speaker&) = delete;

  // Makes these all peers. A peer that is gone is told so: withdrawals, then
  // 6/3. One with other options gets 6/6 and a new session. A peer is refused
  // alone. InvalidArgument: Validate() refuses it, and a session that it has
  // keeps its options; or a peer before it has the name, or the source and the
  // endpoint. ResourceExhausted: it is one above kPeersMax.
  PeersChange SetPeers(absl::Time now, const std::vector<PeerOptions>& peers);

  // Makes `routes` all that the peer is told. NotFound: no such peer.
  // ResourceExhausted: all peers together would have more than kRoutesMax;
  // nothing changed.
  absl::Status SetRoutes(std::string_view peer, const RouteSet& routes);
  // Changes some; costs what changes. The same errors, and InvalidArgument:
  // Validate() refuses the attributes of a route; nothing changed.
  absl::Status ChangeRoutes(std::string_view peer, const RoutesChange& change);

  // Routes are about to change in portions: until EndBatch(), an UPDATE that is
  // not full waits for more of them. It waits 250 ms after the last UPDATE to
  // its peer, and 2 s in all (BatchWait); without a batch nothing waits. Each
  // may be called again; EndBatch() returns whether there was a batch.
  void BeginBatch();
  bool EndBatch();

  // BFD says that the peer is gone: 6/10, then it is dialled at once. NotFound:
  // no such peer.
  absl::Status PeerFailed(absl::Time now, std::string_view peer);
  // An operator's reset: 6/4 with the text. NotFound: no such peer.
  absl::Status ResetPeer(absl::Time now, std::string_view peer,
                         std::string_view text);

  // Withdraws all routes, says 6/2 with the text, and ends for good: there are
  // no peers afterwards.
  void Stop(absl::Time now, std::string_view text);
  // Ends for good without a word.
  void Leave(absl::Time now);

  // For the owner of the sockets; Session has these of the same name. Calls for
  // a session that is gone do nothing.
  //
  // The session that a connection from this address is for. None: it is to be
  // closed. Else its Admit() decides. `interfaces`: those that have our end's
  // address. A link-local peer is another host on each interface.
  std::optional<SessionId> FindListener(
      const net::IpAddress& peer,
      absl::Span<const std::string> interfaces) const;
  // Null: it is gone.
  Session* Find(SessionId id);
  std::vector<SessionId> Sessions() const;
  void OnTimer(absl::Time now);

  absl::Time NextDeadline() const;
  std::vector<SpeakerOutput> TakeOutgoing(absl::Time now);
  std::vector<SpeakerNews> TakeNews();

  // By name.
  std::vector<PeerStatus> Snapshot() const;

 private:
  struct Peer {
    SessionId id = 0;
    std::unique_ptr<AdjRibOut> rib;
    std::unique_ptr<Session> session;
  };
  using Peers = std::map<std::string, Peer, std::less<>>;

  // The options that the peers are to have from now on.
  std::vector<const PeerOptions*> Select(const std::vector<PeerOptions>& peers,
                                         PeersChange& change);
  void Add(absl::Time now, const PeerOptions& options,
           std::unique_ptr<AdjRibOut> rib);
  // Ends the session of a peer that is about to go.
  void End(absl::Time now, Peer& peer, Session::Farewell farewell,
           const wire::Notification& notification);
  // Takes over the last words of a session.
  void Collect(absl::Time now, const std::string& name, Peer& peer);
  void Apply(absl::Time now, const PeerOptions& options, PeersChange& change);
  Peer* FindPeer(std::string_view name);
  static size_t WantedOf(const Peer& peer);
  size_t Wanted() const;

  const SpeakerOptions options_;
  const Prng prng_;
  SessionId last_id_ = 0;
  bool in_batch_ = false;
  Peers peers_;
  std::map<SessionId, Session*> sessions_;  // Those of peers_.
  std::vector<SpeakerOutput> outgoing_;
  std::vector<SpeakerNews> news_;
};

}  // namespace lb::bgp

#endif  // LB_BGP_SPEAKER_H_

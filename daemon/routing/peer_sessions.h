// PeerSessions: the BGP sessions of this node (lb/bgp), and those of BFD beside
// them (lb/bfd).
//
// Follows the objects for peers. Without one it keeps nothing and opens no
// socket. The router of a peer without an address is found by its
// advertisements (lb/bgp/unnumbered). If BFD says that the path to a peer
// failed, the session with it ends, and the peer is dialled again. While TCP
// cannot connect to a peer, the signatures of its router are watched
// (lb/bgp/signature).
//
//   PeerSessions sessions({"n1", boot_id}, environment, observer);
//   for (const std::string& peer : sessions.Follow(peers, node)) {
//     sessions.SetRoutes(peer, routes);
//   }
//   sessions.Flush();
//
// Loop thread only; the environment outlives it.
#ifndef LB_DAEMON_ROUTING_PEER_SESSIONS_H_
#define LB_DAEMON_ROUTING_PEER_SESSIONS_H_

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "daemon/routing/peer_plan.h"
#include "daemon/routing/restart_record.h"
#include "lb/bfd/bfd_node.h"
#include "lb/bgp/peer_status.h"
#include "lb/bgp/route.h"
#include "lb/bgp/signature/signature_watch.h"
#include "lb/bgp/speaker_node.h"
#include "lb/bgp/unnumbered/router_finder.h"
#include "lb/config/desired.h"
#include "lb/io/environment.h"
#include "lb/net/endpoint.h"

namespace lb {

class PeerSessions {
 public:
  struct Options {
    std::string node;
    std::string boot_id;  // As RestartRecord has it.
    // Where peers with an address may dial this node, which dials them, too.
    // Nullopt: nothing listens.
    std::optional<net::Endpoint> listen;
  };
  struct Observer {
    // Follow() is due again, since another router was found. Called on a turn
    // of its own.
    std::function<void()> on_routers;
    // is_established() is another than before. May be called within any call.
    std::function<void()> on_established;
  };

  PeerSessions(Options options, const io::Environment& environment,
               Observer observer);

  // Makes these all peers, on this node. Returns those that are new, by name:
  // they are told nothing yet.
  std::vector<std::string> Follow(absl::Span<const config::BgpPeer> peers,
                                  const election::NodeAttributes& node);
  void OnLinks();

  // As SpeakerNode has them. A peer without a session is told nothing; one that
  // cannot be told its routes is refused() with the reason.
  void SetRoutes(const std::string& peer, const bgp::RouteSet& routes);
  void ChangeRoutes(const std::string& peer, const bgp::RoutesChange& change);
  void BeginBatch();
  void EndBatch();
  // Sends all that was set and changed, in this turn of the loop.
  void Flush();

  // Ends all sessions, for good. With a peer that was promised a restart
  // nothing is said, so that peers keep the routes for the next process; else
  // the routes are withdrawn, and the peers are told why.
  void Leave();

  // A session is.
  bool is_established() const { return is_established_; }

  // For those that describe the node.
  const PeerPlan& plan() const { return plan_; }
  std::vector<bgp::PeerStatus> Statuses() const;
  // Since when the session with the peer is not Established. REQUIRES: it has
  // a session, or waits for its router, and that is so.
  absl::Time DownSince(const std::string& peer) const;
  // The peers without a session, by name, and why.
  const std::map<std::string, std::string>& refused() const { return refused_; }
  absl::btree_map<bfd::SessionKey, bfd::NodeSession> BfdSessions() const;
  // How the router of a peer that does not come up signs; nullopt: nothing was
  // seen of it.
  std::optional<bgp::SignatureSeen> SignatureOf(const std::string& peer) const;

 private:
  // Finds the routers of peers without an address.
  void FollowRouters(absl::Span<const config::BgpPeer> peers);
  void MakeSpeaker();
  std::vector<std::string> FollowSessions();
  void FollowBfd();
  void FollowEstablished();
  // Watches the peers that TCP does not reach.
  void FollowSignatures();
  void Note(const std::string& peer, const absl::Status& told);
  void OnNews(const bgp::SpeakerNews& news);
  void OnBfd(const bfd::SessionEvent& event);

  const Options options_;
  const io::Environment environment_;
  const Observer observer_;
  RestartRecord restart_;
  PeerPlan plan_;
  std::map<std::string, std::string> refused_;
  // Peers whose session is not Established, by name.
  std::map<std::string, absl::Time, std::less<>> down_since_;
  std::unique_ptr<bgp::RouterFinder> finder_;  // Null: all have addresses.
  std::unique_ptr<bgp::SpeakerNode> speaker_;  // Null: there never was a peer.
  std::unique_ptr<bfd::BfdNode> detector_;     // Null: nor a BFD session.
  // Null: TCP reaches all peers.
  std::unique_ptr<bgp::SignatureWatch> signatures_;
  bool is_established_ = false;
  bool untold_ = false;  // Changes wait for Flush().
};

}  // namespace lb

#endif  // LB_DAEMON_ROUTING_PEER_SESSIONS_H_

// SpeakerNode: a Speaker on real (or simulated) sockets.
//
// Owns the speaker, its streams and its timer. Without peers it opens nothing.
// Changes of routes in one turn of the loop are sent together: by Flush(), else
// on a later turn.
//
//   SpeakerNode node({.speaker = {.node_name = "n1"}},
//                    Ports::From(environment));
//   node.SetPeers({tor});
//   LB_RETURN_IF_ERROR(node.SetRoutes("tor-1", routes));
//
// Loop thread only. Callbacks come on later turns. Destroying it without Stop()
// or Leave() resets the connections: peers see TCP fail.
//
// Events, each of BgpPeer/NAME: PeerUp, PeerDown (it was up) and PeerFailed (it
// does not get up, for another reason than before) with the reason; of
// BgpListener/ADDRESS: ListenFailed.
#ifndef LB_BGP_SPEAKER_NODE_H_
#define LB_BGP_SPEAKER_NODE_H_

#include <array>
#include <map>
#include <memory>
#include <string_view>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "lb/bgp/collision.h"
#include "lb/bgp/peer.h"
#include "lb/bgp/peer_listener.h"
#include "lb/bgp/peer_status.h"
#include "lb/bgp/ports.h"
#include "lb/bgp/route.h"
#include "lb/bgp/speaker.h"
#include "lb/io/loop.h"
#include "lb/io/stream_transport.h"
#include "lb/net/endpoint.h"

namespace lb::bgp {

struct SpeakerNodeOptions {
  SpeakerOptions speaker;
  // Where peers with Opening::kDialAndListen and kListen dial us: every address
  // of the host, both families.
  net::Endpoint listen = {net::IpAddress::Ipv6(0), kBgpPort};
};

class SpeakerNode {
 public:
  SpeakerNode(const SpeakerNodeOptions& options, const Ports& ports);
  SpeakerNode(const SpeakerNode&) = delete;
  SpeakerNode& operator=(const SpeakerNode&) = delete;
  ~SpeakerNode();

  // As Speaker has them.
  PeersChange SetPeers(const std::vector<PeerOptions>& peers);
  absl::Status SetRoutes(std::string_view peer, const RouteSet& routes);
  absl::Status ChangeRoutes(std::string_view peer, const RoutesChange& change);
  void BeginBatch() { speaker_.BeginBatch(); }
  bool EndBatch();
  // Sends what has changed now, and not on a later turn. The observer may be
  // called.
  void Flush() { Settle(); }
  absl::Status PeerFailed(std::string_view peer);
  absl::Status ResetPeer(std::string_view peer, std::string_view text);
  void Stop(std::string_view text);
  void Leave();
  std::vector<PeerStatus> Snapshot() const { return speaker_.Snapshot(); }

  // To be called when ports.links has changed: next hops follow, and a session
  // whose own address is gone dials again from another one.
  void OnLinks();

  // Called with each piece of news, after its event. The observer may call the
  // node, and may not destroy it.
  void SetObserver(absl::AnyInvocable<void(const SpeakerNews&)> on_news) {
    on_news_ = std::move(on_news);
  }

 private:
  struct Socket {
    std::unique_ptr<io::Stream> stream;
    bool is_on_link = false;  // An interface had its address at the start.
  };
  struct Sockets {
    std::unique_ptr<io::StreamDialer> dialer;  // While it dials.
    std::array<Socket, 2> of_side;             // By Side.
  };

  void Perform(const SpeakerOutput& output);
  void Dial(SessionId id);
  void Rekey(SessionId id, Side side);
  void Close(SessionId id, Side side);
  void OnDialed(SessionId id, absl::StatusOr<std::unique_ptr<io::Stream>> got);
  void OnAccepted(std::unique_ptr<io::Stream> stream);
  void Take(SessionId id, Side side, std::unique_ptr<io::Stream> stream);
  void NoteUnacknowledged();
  void FollowListener();
  // On a later turn, once.
  void SettleSoon();
  // What follows from a change of the speaker: bytes, dials, news, the timer.
  void Settle();
  void Report();

  const Ports ports_;
  Speaker speaker_;
  std::map<SessionId, Sockets> sockets_;
  PeerListener listener_;
  std::unique_ptr<io::Timer> timer_;
  absl::AnyInvocable<void(const SpeakerNews&)> on_news_;
};

}  // namespace lb::bgp

#endif  // LB_BGP_SPEAKER_NODE_H_

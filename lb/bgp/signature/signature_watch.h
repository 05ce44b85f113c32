// SignatureWatch: how routers sign the connections that they open, or answer.
//
// With TCP-MD5 (RFC 2385) a wrong, a missing and a surplus password all look
// the same: the dial has no answer. The kernel counts what it drops
// (TcpExt: TCPMD5Failure, TCPMD5NotFound, TCPMD5Unexpected), but on the host
// that is dialled: to this node, which dials, its own counters say nothing. So
// this one reads the SYNs that come from the router's address, and judges their
// signatures by the password of this node. A router that only waits to be
// dialled (FRR: passive, listen range) sends none, and is not seen.
//
// It is for peers that do not come up. It opens a frame port on each interface
// that leads to one, and none without them.
//
//   SignatureWatch watch(SignatureWatchPorts::From(environment));
//   watch.Follow({{"tor-1", {.address = router, .password = "secret"}}});
//   if (watch.seen("tor-1") == SignatureSeen::kAnother) ...
//
// A SYN proves nothing of who sent it: what is seen is a hint for people, and
// decides nothing.
//
// Events, each of BgpPeer/NAME: PasswordDiffers, with what was seen, each thing
// once. Loop thread only.
#ifndef LB_BGP_SIGNATURE_SIGNATURE_WATCH_H_
#define LB_BGP_SIGNATURE_SIGNATURE_WATCH_H_

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "absl/types/span.h"
#include "lb/bgp/peer.h"
#include "lb/bgp/signature/tcp_segment.h"
#include "lb/io/frame_transport.h"
#include "lb/io/node_ports.h"
#include "lb/io/route_table.h"

namespace lb::bgp {

// How the router signs, by the last SYN that came.
enum class SignatureSeen : uint8_t {
  kSame,     // As this node does: neither signs, or both by one password.
  kAnother,  // Both sign, by different passwords.
  kMissing,  // This node signs, the router does not.
  kSurplus,  // The router signs, this node does not.
};

// What is wrong, in words: "the router signs with another password". Empty:
// nothing is.
std::string_view Describe(SignatureSeen seen);

// Pure: judges a segment of a peer with that password.
SignatureSeen JudgeSignature(const TcpSegment& segment,
                             std::string_view password);

// Nothing is owned; all of it outlives the watch.
struct SignatureWatchPorts : io::NodePorts {
  io::FrameTransport* frames = nullptr;
  const io::RouteTable* routes = nullptr;

  // As NodePorts::From().
  template <typename World>
  static SignatureWatchPorts From(const World& world) {
    return {io::NodePorts::From(world), world.frames, world.routes};
  }
};

class SignatureWatch {
 public:
  // By name. Those of PeerOptions that matter: address, port, interface, source
  // and password.
  using Peers = std::map<std::string, PeerOptions, std::less<>>;

  explicit SignatureWatch(const SignatureWatchPorts& ports) : ports_(ports) {}
  SignatureWatch(const SignatureWatch&) = delete;
  SignatureWatch& operator=(const SignatureWatch&) = delete;

  // Makes these all peers. What was seen of a peer with other options is
  // forgotten. An interface whose port cannot be opened is tried at the next
  // call.
  void Follow(const Peers& peers);
  // To be called when ports.links has changed.
  void OnLinks() { FollowInterfaces(); }

  // Nullopt: no SYN came, or there is no such peer.
  std::optional<SignatureSeen> seen(std::string_view peer) const;

 private:
  struct Watched {
    PeerOptions options;
    std::optional<SignatureSeen> seen;
    std::set<SignatureSeen> reported;
  };

  void FollowInterfaces();
  // The link that the peer is behind; empty: none, or the loopback.
  std::string InterfaceTo(const PeerOptions& peer) const;
  void OnFrame(absl::Span<const uint8_t> frame);
  bool IsOwn(const net::IpAddress& address) const;
  void Note(const std::string& name, Watched& peer, const TcpSegment& segment);

  const SignatureWatchPorts ports_;
  std::map<std::string, Watched, std::less<>> peers_;
  std::map<std::string, std::unique_ptr<io::FramePort>> taps_;  // By link.
};

}  // namespace lb::bgp

#endif  // LB_BGP_SIGNATURE_SIGNATURE_WATCH_H_

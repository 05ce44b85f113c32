// RouterFinder: a RouterSearch on each interface that has a BGP peer without an
// address.
//
// It opens a frame port on each of these interfaces, and none without them. The
// kernel's own settings for router advertisements (accept_ra, forwarding) play
// no part, and it changes none.
//
//   RouterFinder finder(RouterFinderPorts::From(environment));
//   finder.SetObserver([&] { Show(finder.found().at("eth1").router); });
//   finder.Follow({"eth1"});
//
// A peer's PeerOptions then have `address` and `interface`, and `source` of
// FoundRouter::own: the router knows this node by that address.
//
// Events, each of BgpInterface/NAME: RouterFound; SeveralRouters (the first one
// stays in use); RouterLost (it is gone, and several others are there).
// Loop thread only.
#ifndef LB_BGP_UNNUMBERED_ROUTER_FINDER_H_
#define LB_BGP_UNNUMBERED_ROUTER_FINDER_H_

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/btree_set.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lb/bgp/unnumbered/router_search.h"
#include "lb/io/frame_transport.h"
#include "lb/io/loop.h"
#include "lb/io/node_ports.h"
#include "lb/net/ip_address.h"

namespace lb::bgp {

// Nothing is owned; all of it outlives the finder.
struct RouterFinderPorts : io::NodePorts {
  io::FrameTransport* frames = nullptr;

  // As NodePorts::From().
  template <typename World>
  static RouterFinderPorts From(const World& world) {
    return {io::NodePorts::From(world), world.frames};
  }
};

// One interface.
struct FoundRouter {
  std::string interface;  // Its own name; Follow() may have had another one.
  // This node's link-local address; none: there was none yet.
  std::optional<net::IpAddress> own;
  // RouterSearch::router(): none, and `why` says why: "no router advertisement
  // heard on eth1".
  std::optional<net::IpAddress> router;
  // Beside a router: "2 routers advertise on eth1 (fe80::1, fe80::2)".
  std::string why;

  friend bool operator==(const FoundRouter&, const FoundRouter&) = default;
};

class RouterFinder {
 public:
  // A frame port that could not be opened is tried again after so long.
  static constexpr absl::Duration kRetry = absl::Seconds(10);

  explicit RouterFinder(const RouterFinderPorts& ports);
  RouterFinder(const RouterFinder&) = delete;
  RouterFinder& operator=(const RouterFinder&) = delete;

  // Makes these all interfaces, by name or alternative name.
  void Follow(const absl::btree_set<std::string>& interfaces);
  // To be called when ports.links has changed.
  void OnLinks();

  // By the names that Follow() had.
  const std::map<std::string, FoundRouter>& found() const { return found_; }
  // Called on a later turn, after found() has changed. It may call the finder,
  // and may not destroy it.
  void SetObserver(absl::AnyInvocable<void()> on_change) {
    on_change_ = std::move(on_change);
  }

 private:
  struct Place {
    std::string unfit;      // Why no frame can be sent now; empty: one can.
    std::string interface;  // The link's name.
    int index = 0;
    std::unique_ptr<io::FramePort> port;  // Null with `unfit`.
    std::optional<RouterSearch> search;   // Since the interface was fit.
  };

  void FollowLink(const std::string& name, Place& place);
  absl::StatusOr<std::unique_ptr<io::FramePort>> Open(
      const std::string& interface, const std::string& name);
  void OnFrame(const std::string& name, absl::Span<const uint8_t> frame);
  void OnTimer();
  // Sends all frames, notes what is found, and arms the timer.
  void Drain();
  void Report(const std::string& name, const FoundRouter& before,
              const FoundRouter& now);

  RouterFinderPorts ports_;
  std::map<std::string, Place> places_;
  std::map<std::string, FoundRouter> found_;
  absl::Time retry_at_ = absl::InfiniteFuture();
  std::unique_ptr<io::Timer> timer_;
  std::unique_ptr<io::Timer> news_;  // Armed: found_ has changed.
  absl::AnyInvocable<void()> on_change_;
};

}  // namespace lb::bgp

#endif  // LB_BGP_UNNUMBERED_ROUTER_FINDER_H_

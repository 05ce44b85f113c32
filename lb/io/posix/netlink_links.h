// NetlinkLinks: a LinkMonitor through rtnetlink.
//
// The kernel's notifications say that something changed; then all links and
// addresses are read again at once, so that a lost notification (ENOBUFS) costs
// no more than any other. No polling. Only of addresses that an
// AddressInstaller put there the notification itself is taken up: there may be
// ten thousand of them, and they come one by one.
#ifndef LB_IO_POSIX_NETLINK_LINKS_H_
#define LB_IO_POSIX_NETLINK_LINKS_H_

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "lb/io/link_monitor.h"
#include "lb/io/posix/posix_loop.h"

namespace lb::io {

class NetlinkLinks final : public LinkMonitor {
 public:
  // Reads the links. `loop` must outlive it. Unavailable: the kernel refused.
  static absl::StatusOr<std::unique_ptr<NetlinkLinks>> Create(PosixLoop* loop);
  ~NetlinkLinks() override;

  std::vector<Link> Links() const override;
  void SetObserver(absl::AnyInvocable<void()> on_change) override;

 private:
  struct State;

  explicit NetlinkLinks(std::shared_ptr<State> state);

  const std::shared_ptr<State> state_;
};

}  // namespace lb::io

#endif  // LB_IO_POSIX_NETLINK_LINKS_H_

// QuietNetwork: interfaces without a network, for tests of a node that have
// real sockets and files but neither root nor a segment.
//
// "lo", and "eth0" which is usable; frames go nowhere and none come.
#ifndef LB_DAEMON_TESTING_QUIET_NETWORK_H_
#define LB_DAEMON_TESTING_QUIET_NETWORK_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "lb/io/frame_transport.h"
#include "lb/io/link_monitor.h"
#include "lb/net/ip_address.h"
#include "lb/net/ip_prefix.h"

namespace lb {

class QuietPort final : public io::FramePort {
 public:
  absl::Status Send(absl::Span<const uint8_t>) override { return {}; }
  void SetReceiver(Receiver) override {}
  absl::Status SetFilter(const io::FrameProgram&) override { return {}; }
  absl::Status JoinGroup(const net::IpAddress&) override { return {}; }
  absl::Status LeaveGroup(const net::IpAddress&) override { return {}; }
};

class QuietNetwork final : public io::FrameTransport, public io::LinkMonitor {
 public:
  absl::StatusOr<std::unique_ptr<io::FramePort>> Open(
      const std::string&, const std::string&) override {
    return std::make_unique<QuietPort>();
  }

  std::vector<io::Link> Links() const override {
    return {{.index = 1,
             .name = "lo",
             .up = true,
             .carrier = true,
             .loopback = true},
            {.index = 2,
             .name = "eth0",
             .mac = {{0x02, 0, 0x5e, 0, 0x53, 1}},
             .up = true,
             .carrier = carrier_,
             .broadcast = true,
             .addresses = {*net::ParseIpPrefix("172.18.8.11/24"),
                           *net::ParseIpPrefix("fe80::11/64")}}};
  }
  void SetObserver(absl::AnyInvocable<void()> on_change) override {
    on_change_ = std::move(on_change);
  }

  // Sets the carrier of eth0. On the loop's thread.
  void SetCarrier(bool carrier) {
    carrier_ = carrier;
    if (on_change_) on_change_();
  }

 private:
  bool carrier_ = true;
  absl::AnyInvocable<void()> on_change_;
};

}  // namespace lb

#endif  // LB_DAEMON_TESTING_QUIET_NETWORK_H_

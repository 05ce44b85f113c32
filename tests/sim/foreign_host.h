// ForeignHost: a host on the segment that is no member, and answers ARP and
// neighbour solicitations for the addresses that a predicate names.
//
// With one address it is a router or a printer; with all of a prefix, a router
// with proxy ARP. It answers probes as well (RFC 5227), and tells nothing
// unasked.
#ifndef LB_TESTS_SIM_FOREIGN_HOST_H_
#define LB_TESTS_SIM_FOREIGN_HOST_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "absl/types/span.h"
#include "lb/io/frame_transport.h"
#include "lb/io/sim/sim_host.h"
#include "lb/net/ip_address.h"

namespace lb {

class ForeignHost {
 public:
  using Has = std::function<bool(const net::IpAddress&)>;

  // `host` must outlive it.
  ForeignHost(io::SimHost* host, Has has);

  void SetHas(Has has) { has_ = std::move(has); }
  int answers() const { return answers_; }

 private:
  void OnFrame(absl::Span<const uint8_t> bytes);
  void Send(absl::Span<const uint8_t> frame);

  io::SimHost* const host_;
  Has has_;
  int answers_ = 0;
  std::unique_ptr<io::FramePort> port_;
};

}  // namespace lb

#endif  // LB_TESTS_SIM_FOREIGN_HOST_H_

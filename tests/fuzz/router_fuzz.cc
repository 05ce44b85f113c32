// Any bytes as the payload of a frame of type IPv6, behind a header of 14 bytes
// that is not read: what parses serializes to bytes that parse to the same
// packet. And a story of a RouterSearch: frames come, and time passes.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lb/base/check.h"
#include "lb/base/prng.h"
#include "lb/bgp/unnumbered/router_search.h"
#include "lb/net/ethernet.h"
#include "lb/net/router_discovery.h"
#include "tests/fuzz/repaired_ndp.h"

namespace {

using lb::bgp::RouterSearch;

constexpr lb::net::MacAddress kMac = {{2, 0, 0, 0, 0, 1}};

void RoundTrip(absl::Span<const uint8_t> frame) {
  const auto packet =
      lb::net::ParseRouterPacket(frame.subspan(lb::net::kEthernetHeaderSize));
  if (!packet.ok()) return;
  const std::vector<uint8_t> bytes = lb::net::SerializeRouterPacket(*packet);
  const auto again = lb::net::ParseRouterPacket(bytes);
  LB_CHECK(again.ok() && *again == *packet);
  LB_CHECK(lb::net::SerializeRouterPacket(*again) == bytes);
}

class Story {
 public:
  void Hear(const std::vector<uint8_t>& frame) {
    search_.OnFrame(now_, frame);
    Check();
  }
  void Wait(absl::Duration time) {
    const absl::Time end = now_ + time;
    while (search_.NextDeadline() <= end) {
      LB_CHECK(search_.NextDeadline() >= now_);
      now_ = search_.NextDeadline();
      search_.OnTimer(now_);
      LB_CHECK(search_.NextDeadline() > now_);
      Check();
    }
    now_ = end;
  }

 private:
  void Check() {
    const auto routers = search_.routers();
    LB_CHECK(routers.size() <= RouterSearch::kRoutersMax);
    for (const auto& router : routers) LB_CHECK(router.is_link_local());
    if (routers.size() == 1) LB_CHECK(search_.router() == routers[0]);
    if (routers.size() > 1 && search_.router()) {
      LB_CHECK(std::count(routers.begin(), routers.end(), *search_.router()));
    }
    for (const auto& frame : search_.TakeFrames()) {
      const auto ethernet = lb::net::ParseEthernet(frame);
      LB_CHECK(ethernet.ok());
      const auto sent = lb::net::ParseRouterPacket(ethernet->payload);
      LB_CHECK(sent.ok());
      if (!std::holds_alternative<lb::net::RouterAdvertisement>(
              sent->message)) {
        continue;
      }
      LB_CHECK(now_ - advertised_ >= RouterSearch::kAdvertiseMin);
      advertised_ = now_;
    }
  }

  absl::Time now_ = absl::UnixEpoch();
  absl::Time advertised_ = absl::InfinitePast();
  RouterSearch search_{
      {*lb::net::ParseIpAddress("fe80::1"), kMac}, now_, lb::Prng(1)};
};

// Each chapter: which byte of the source to change, its value, seconds to wait.
void Tell(absl::Span<const uint8_t> bytes) {
  constexpr size_t kSource = lb::net::kEthernetHeaderSize + 8;
  constexpr size_t kFrameMin = lb::net::kEthernetHeaderSize + 56;
  if (bytes.size() < kFrameMin) return;
  Story story;
  std::vector<uint8_t> frame(bytes.begin(), bytes.end());
  for (size_t i = 0; i + 2 < bytes.size(); i += 3) {
    frame[kSource + bytes[i] % 16] = bytes[i + 1];
    story.Hear(lb::net::RepairedNdp(frame));
    story.Wait(absl::Milliseconds(100 * bytes[i + 2]));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  if (size < lb::net::kEthernetHeaderSize) return 0;
  RoundTrip({bytes, size});
  RoundTrip(lb::net::RepairedNdp({bytes, size}));
  Tell({bytes, size});
  return 0;
}

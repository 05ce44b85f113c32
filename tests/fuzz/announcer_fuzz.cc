// Any bytes as a frame for an announcer. Each gets one verdict. The announcer
// sends only answers of a kernel's form or, against a rival, announcements,
// from its own MAC and about its own addresses.
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lb/announce/announcer.h"
#include "lb/base/check.h"
#include "lb/base/prng.h"
#include "lb/net/arp.h"
#include "lb/net/ndp.h"
#include "tests/fuzz/repaired_ndp.h"

namespace lb::announce {
namespace {

constexpr net::MacAddress kMac = {{0x02, 0x00, 0x5e, 0x00, 0x53, 0x0b}};
const net::IpAddress kVip = *net::ParseIpAddress("198.51.100.11");
const net::IpAddress kVip6 = *net::ParseIpAddress("2001:db8::b");

void CheckAnswer(const OutgoingFrame& sent) {
  const auto frame = net::ParseEthernet(sent.bytes);
  LB_CHECK(frame.ok() && frame->header.source == kMac);
  if (sent.vip == kVip) {
    const auto arp = net::ParseArp(frame->payload);
    LB_CHECK(arp.ok());
    LB_CHECK(arp->operation == net::ArpOperation::kReply ||
             net::Kind(*arp) == net::ArpKind::kGratuitousRequest);
    LB_CHECK(arp->sender_ip == kVip && arp->sender_mac == kMac);
    return;
  }
  LB_CHECK(sent.vip == kVip6);
  const auto ndp = net::ParseNdp(frame->payload);
  LB_CHECK(ndp.ok() && ndp->source == kVip6);
  const auto* advert = std::get_if<net::NeighborAdvertisement>(&ndp->message);
  LB_CHECK(advert != nullptr && advert->target == kVip6);
  LB_CHECK(advert->target_mac == kMac && advert->override_cache);
}

class Fuzzed {
 public:
  Fuzzed() : announcer_({}, Prng(1)) {
    announcer_.SetLinks(now_, {{.name = "eth0",
                                .index = 2,
                                .mac = kMac,
                                .arp = true,
                                .link_local = kVip6}});
    announcer_.SetAnnouncements(now_, {{kVip, {}}, {kVip6, {}}});
    announcer_.TakeFrames();  // The announcements of the start.
  }

  void Receive(std::string_view interface, absl::Span<const uint8_t> bytes) {
    const uint64_t before = Verdicts();
    const Verdict verdict = announcer_.OnFrame(now_, interface, bytes);
    LB_CHECK(Verdicts() == before + 1);
    const std::vector<OutgoingFrame> sent = announcer_.TakeFrames();
    if (verdict == Verdict::kReply) LB_CHECK(sent.size() == 1);
    // One round of defence: two frames of IPv4, one of IPv6.
    LB_CHECK(sent.size() <= (verdict == Verdict::kConflict ? 2 : 1));
    if (!sent.empty()) {
      LB_CHECK(verdict == Verdict::kReply || verdict == Verdict::kConflict);
    }
    for (const OutgoingFrame& frame : sent) CheckAnswer(frame);
    const std::vector<Conflict> conflicts = announcer_.TakeConflicts();
    LB_CHECK(conflicts.empty() || verdict == Verdict::kConflict);
    for (const Conflict& conflict : conflicts) {
      const net::IpAddress& vip = conflict.announcement.vip;
      LB_CHECK(vip == kVip || vip == kVip6);
    }
  }

 private:
  uint64_t Verdicts() const {
    uint64_t count = 0;
    for (size_t i = 0; i < kVerdictCount; ++i) {
      count += announcer_.verdicts()[static_cast<Verdict>(i)];
    }
    return count;
  }

  const absl::Time now_ = absl::UnixEpoch() + absl::Seconds(1);
  Announcer announcer_;
};

}  // namespace
}  // namespace lb::announce

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  lb::announce::Fuzzed fuzzed;
  fuzzed.Receive("eth0", {bytes, size});
  fuzzed.Receive("eth0", lb::net::RepairedNdp({bytes, size}));
  fuzzed.Receive("eth1", {bytes, size});
  return 0;
}

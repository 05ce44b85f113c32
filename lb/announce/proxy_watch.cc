#include "lb/announce/proxy_watch.h"

namespace lb::announce {

bool ProxyWatch::Overlooks(absl::Time now, Segment& segment,
                           const Reception& claim) {
  if (!is_spare_ || claim.sign != RivalSign::kClaims) return false;
  ProxyCheck& proxies = segment.proxies();
  proxies.Suspect(now, claim.mac, claim.vip, is_spare_);
  hearing_stale_ |= proxies.asking();
  return wanted_->DespiteProxy({claim.vip, segment.interface().name}) &&
         proxies.VerdictOf(claim.mac, claim.vip.family()) ==
             ProxyCheck::Verdict::kProxy;
}

bool ProxyWatch::HearDecoys(Segment& segment,
                            const net::NeighborPacket& packet) {
  ProxyCheck& proxies = segment.proxies();
  if (!proxies.asking()) return false;
  const Reception claim =
      Receive(segment.interface().mac, proxies.Decoys(), packet);
  if (claim.verdict != Verdict::kConflict) return false;
  proxies.OnClaim(claim.vip, claim.mac);
  return true;
}

bool ProxyWatch::Judge(absl::Time now, Segment& segment) {
  const auto judgements = segment.proxies().TakeJudged(now);
  for (const ProxyCheck::Judged& judged : judgements) {
    hearing_stale_ = true;
    OnJudged(now, segment, judged);
  }
  return !judgements.empty();
}

void ProxyWatch::OnJudged(absl::Time now, Segment& segment,
                          const ProxyCheck::Judged& judged) {
  for (const net::IpAddress& vip : segment.held()) {
    if (vip.family() != judged.family || segment.RivalOf(vip) != judged.mac ||
        !segment.WithheldSince(vip)) {
      continue;
    }
    const Announcement announcement = {vip, segment.interface().name};
    if (judged.verdict != ProxyCheck::Verdict::kProxy) {
      reports_->OnNoProxy(announcement);
    } else if (wanted_->DespiteProxy(announcement)) {
      reports_->OnOverlooked(announcement);
      segment.Retry(now, vip);
    } else {
      reports_->OnProxy(announcement, judged.mac);
    }
  }
}

}  // namespace lb::announce

// Announcer's dealings with hosts that answer for every address.
#include <utility>
#include <vector>

#include "lb/announce/announcer.h"

namespace lb::announce {

// Is the claim one of a proxy, and the address one that is announced all the
// same? What is not known of the rival yet is found out.
bool Announcer::Overlooks(absl::Time now, Segment& segment,
                          const Reception& reception) {
  if (!options_.is_spare || reception.sign != RivalSign::kClaims) return false;
  const net::IpAddress& vip = reception.vip;
  ProxyCheck& proxies = segment.proxies();
  proxies.Suspect(now, reception.mac, vip, options_.is_spare);
  hearing_stale_ |= proxies.asking();
  const auto it = current_.find({vip, segment.interface().name});
  return it != current_.end() && it->second.despite_proxy &&
         proxies.VerdictOf(reception.mac, vip.family()) ==
             ProxyCheck::Verdict::kProxy;
}

void Announcer::HearDecoys(absl::Time now, Segment& segment,
                           absl::Span<const uint8_t> bytes) {
  ProxyCheck& proxies = segment.proxies();
  const Reception claim =
      Receive(segment.interface().mac, proxies.Decoys(), bytes);
  if (claim.verdict != Verdict::kConflict) return;
  proxies.OnClaim(claim.vip, claim.mac);
  JudgeProxies(now, segment);
}

void Announcer::JudgeProxies(absl::Time now, Segment& segment) {
  for (const ProxyCheck::Judged& judged : segment.proxies().TakeJudged(now)) {
    hearing_stale_ = true;
    OnJudged(now, segment, judged);
  }
}

void Announcer::OnJudged(absl::Time now, Segment& segment,
                         const ProxyCheck::Judged& judged) {
  const bool is_proxy = judged.verdict == ProxyCheck::Verdict::kProxy;
  for (const net::IpAddress& vip : segment.held()) {
    if (vip.family() != judged.family || segment.RivalOf(vip) != judged.mac ||
        !segment.WithheldSince(vip)) {
      continue;
    }
    const Announcement announcement = {vip, segment.interface().name};
    auto unjudged = unjudged_.extract(announcement);
    if (!is_proxy) {
      if (unjudged) conflicts_.insert(std::move(unjudged));
      continue;
    }
    if (current_.at(announcement).despite_proxy) {
      segment.Retry(now, vip);
    } else {
      conflicts_.insert_or_assign(
          announcement, Conflict{announcement, judged.mac, Outcome::kProxied});
    }
  }
  FollowChanges(segment);
}

void Announcer::Report(const Segment& segment, const ClaimChange& change) {
  const Announcement announcement = {change.vip, segment.interface().name};
  Conflict conflict = {announcement, change.rival, *change.report};
  const auto verdict =
      segment.proxies().VerdictOf(change.rival, change.vip.family());
  const bool is_proxy = verdict == ProxyCheck::Verdict::kProxy;
  if (conflict.outcome == Outcome::kTakenBack && is_proxy &&
      current_.at(announcement).despite_proxy) {
    conflict.outcome = Outcome::kOverlooked;
  }
  if (conflict.outcome == Outcome::kWithheld) {
    if (verdict == ProxyCheck::Verdict::kAsking) {
      unjudged_.insert_or_assign(announcement, conflict);
      return;
    }
    if (is_proxy) conflict.outcome = Outcome::kProxied;
  }
  conflicts_.insert_or_assign(announcement, conflict);
}

}  // namespace lb::announce

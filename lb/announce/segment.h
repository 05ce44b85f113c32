// Segment: one usable interface, with the claims of its addresses, and the
// frames that each sends unasked.
//
// Joins Claim and AnnouncementSchedule; builds the frames. The changes of its
// claims are drained. Pure bookkeeping, as its parts.
#ifndef LB_ANNOUNCE_SEGMENT_H_
#define LB_ANNOUNCE_SEGMENT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "absl/functional/function_ref.h"
#include "absl/time/time.h"
#include "lb/announce/announcement_plan.h"
#include "lb/announce/announcement_schedule.h"
#include "lb/announce/claim.h"
#include "lb/announce/claim_state.h"
#include "lb/announce/demand.h"
#include "lb/announce/interface.h"
#include "lb/announce/proxy_check.h"
#include "lb/announce/released_addresses.h"
#include "lb/base/prng.h"
#include "lb/net/ip_address.h"
#include "lb/net/mac_address.h"

namespace lb::announce {

// A claim took another state, ended its trial, or has a conflict to report.
struct ClaimChange {
  net::IpAddress vip;
  ClaimState before = ClaimState::kIdle;
  ClaimState after = ClaimState::kIdle;
  bool on_trial = false;
  net::MacAddress rival;
  std::optional<Outcome> report;
};

struct UnaskedFrame {
  net::IpAddress vip;
  bool is_probe = false;
  std::vector<uint8_t> bytes;
};

class Segment {
 public:
  static constexpr size_t kReleasedMax = 65'536;

  // `claim_options` and `demand` must outlive it.
  Segment(const ScheduleOptions& schedule_options,
          const ClaimOptions* claim_options, const Demand* demand,
          Interface interface, Prng prng);

  const Interface& interface() const { return interface_; }
  // From now on the frames have its MAC.
  void SetInterface(Interface interface);
  // All addresses that have a claim.
  const absl::btree_set<net::IpAddress>& held() const { return held_; }
  // REQUIRES: held().contains(vip), here and below.
  ClaimState StateOf(const net::IpAddress& vip) const {
    return claims_.at(vip).state();
  }

  // Since when another host keeps it silent, and which one; see Claim.
  std::optional<absl::Time> WithheldSince(const net::IpAddress& vip) const {
    return claims_.at(vip).withheld_since();
  }
  const net::MacAddress& RivalOf(const net::IpAddress& vip) const {
    return claims_.at(vip).rival();
  }

  // A claim at rest; nothing if there is one. Drop() forgets it, but that the
  // address was announced until then.
  void Hold(const net::IpAddress& vip);
  void Drop(absl::Time now, const net::IpAddress& vip);

  // The addresses that were announced here until a moment ago.
  ReleasedAddresses& released() { return released_; }
  const ReleasedAddresses& released() const { return released_; }
  // Begin() of an address that was not wanted until now: one that was announced
  // here until a moment ago, and is to be probed for, begins on trial.
  void Start(absl::Time now, const net::IpAddress& vip, Role role);
  void Begin(absl::Time now, const net::IpAddress& vip, Role role);
  void HandOver(absl::Time now, const net::IpAddress& vip);
  void SetPeriod(absl::Time now, const net::IpAddress& vip,
                 std::optional<absl::Duration> period) {
    schedule_.SetPeriod(now, vip, period);
  }
  // Nothing if it is not held.
  void SetDelivered(absl::Time now, const net::IpAddress& vip, bool delivered);
  void Retry(absl::Time now, const net::IpAddress& vip);
  void OnRival(absl::Time now, const net::IpAddress& vip, const Rival& rival);
  // Says it all again, under the interface's new identity.
  void Renew(absl::Time now, const net::IpAddress& vip);
  // One more round, if the address is announced; it need not be held.
  void Refresh(absl::Time now, const net::IpAddress& vip);
  // The same for the first that is announced; nothing if none is.
  void RefreshOne(absl::Time now);
  // The checks of the hosts on it.
  ProxyCheck& proxies() { return proxies_; }
  const ProxyCheck& proxies() const { return proxies_; }
  // All claims.
  void Rest(absl::Time now);

  // Carries out all that is due; returns the frames to send, in this order.
  std::vector<UnaskedFrame> TakeDue(absl::Time now);
  absl::Time NextDeadline() const;
  // Since last taken, in this order.
  std::vector<ClaimChange> TakeChanges() { return std::exchange(changes_, {}); }

 private:
  // Lets the claim of `vip` take the step that `act` returns.
  void Take(absl::Time now, const net::IpAddress& vip,
            absl::FunctionRef<Claim::Step(Claim&)> act);
  void Schedule(absl::Time now, const net::IpAddress& vip, Claim::Move move);
  void RunDeadlines(absl::Time now);
  // Lets the claim go on; no frame if it does not probe any more.
  std::optional<UnaskedFrame> Probe(absl::Time now, const net::IpAddress& vip);
  std::vector<uint8_t> ProbeFrame(const net::IpAddress& vip) const;

  const ClaimOptions* const claim_options_;
  const Demand* const demand_;
  Interface interface_;
  absl::btree_set<net::IpAddress> held_;
  absl::btree_map<net::IpAddress, Claim> claims_;  // For held_.
  absl::btree_set<std::pair<absl::Time, net::IpAddress>>
      deadlines_;  // The claims'.
  AnnouncementSchedule schedule_;
  ProxyCheck proxies_;
  ReleasedAddresses released_{kReleasedMax};
  std::vector<ClaimChange> changes_;
};

}  // namespace lb::announce

#endif  // LB_ANNOUNCE_SEGMENT_H_

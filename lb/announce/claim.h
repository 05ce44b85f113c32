// Claim: one address on one interface, from its start to its stop.
//
// ClaimState with its times: how often to probe, when to defend, when to try
// again, which conflicts to report. Each input returns a step: the next action
// for the address. Pure: no frames, no clock.
//
//   Claim claim(&options);
//   Carry out claim.Begin(now, Role::kProbeFirst).move;         // kProbe
//   ... whenever a probe is due: claim.OnProbe(now);
//   ... whenever a rival is heard: claim.OnRival(now, rival);
//   ... at claim.deadline(): claim.OnDeadline(now);
//
// Probing is that of RFC 5227 and RFC 4862 with shorter times: the RFCs allow
// for switches and hosts that wake up together, and take 4 to 7 s, in which no
// node would have the address. Here the ledger already says that it is free,
// and the probe looks for a host that was configured by hand, which answers
// within milliseconds. So the address is announced on trial (as RFC 4429 has
// it for IPv6) once the first probe is unanswered, and the other probes go on:
// a host that answers one of them has the address, which is withdrawn. After
// the trial a claim is a conflict. An address that a foreign host had is not
// tried: it is announced after all probes. One that this node had until a
// moment ago is tried at once, with all probes.
#ifndef LB_ANNOUNCE_CLAIM_H_
#define LB_ANNOUNCE_CLAIM_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "absl/container/btree_map.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "lb/announce/announcement_plan.h"
#include "lb/announce/claim_state.h"
#include "lb/net/mac_address.h"

namespace lb::announce {

struct ClaimOptions {
  // `probe_count` probes, `probe_interval` apart; `probe_wait` is how long one
  // waits for its answer:
  // PROBE_NUM, PROBE_MIN and ANNOUNCE_WAIT of RFC 5227 1.1.
  int probe_count = 3;
  absl::Duration probe_interval = absl::Milliseconds(50);
  absl::Duration probe_wait = absl::Milliseconds(60);
  // A foreign host has it: when to probe again, and after more than
  // `conflicts_max` such conflicts in a row (RFC 5227 2.1.1).
  absl::Duration retry_interval = absl::Seconds(10);
  int conflicts_max = 10;                                  // MAX_CONFLICTS
  absl::Duration rate_limit_interval = absl::Seconds(60);  // The RFC's name.
  // An address of ours that the host did not take packets to for longer than
  // this was silent, so that another host may have it now: it is probed again.
  absl::Duration await_max = absl::Seconds(5);
  // An address is defended against foreign hosts with one round of
  // announcements, and a conflict of one kind reported again, at most this
  // often: DEFEND_INTERVAL, RFC 5227 2.4 (c). A claim that comes earlier is
  // answered when the interval is over.
  absl::Duration defend_interval = absl::Seconds(10);
  // Against a member that must yield: at most one round in this time, and the
  // last one after its last claim.
  absl::Duration insist_interval = absl::Seconds(1);
  // Yielded: between probes of the rival; how many in a row it must leave
  // unanswered before the address is taken back.
  absl::Duration watch_interval = absl::Milliseconds(500);
  int watch_count = 3;
  // Members see a change one after the other, so each planned move is a short
  // conflict. It is settled at once, and reported if it lasts for this long.
  // Below 500 ms, so that both sides report within 1 s.
  absl::Duration member_grace = absl::Milliseconds(400);
};

// InvalidArgument names the first option that is out of range.
absl::Status Validate(const ClaimOptions& options);

// The kind of a rival for an address.
enum class Precedence : uint8_t {
  kForeign,  // No member of the cluster.
  kOurs,     // A member that must yield to us.
  kTheirs,   // A member that we must yield to.
};

// The kind of a rival, by its MAC. If two members ask about each other, one
// must get kOurs and the other kTheirs. It may be called for each frame.
using PrecedenceOf = std::function<Precedence(const Announcement& announcement,
                                              const net::MacAddress& rival)>;

// The meaning of another host's frame about an address.
enum class RivalSign : uint8_t {
  kClaims,  // Says that it has it.
  kProbes,  // It probes on the segment: it is about to claim it.
  kYields,  // It probes this node alone, as a host that has yielded does.
};

struct Rival {
  net::MacAddress mac;
  RivalSign sign = RivalSign::kClaims;
  Precedence precedence = Precedence::kForeign;
};

// The reaction to a conflict.
enum class Outcome : uint8_t {
  kWithheld,     // A rival had it when we probed: not announced, tried again.
  kDefended,     // Announced again; goes on.
  kYielded,      // Left to the rival, which is watched.
  kRivalYields,  // The rival left it to us, and watches us.
  kTakenBack,    // The rival that had it is silent: announced (again).
  kProxied,      // As kWithheld; but the rival answers for every address.
  kOverlooked,   // A proxy, and the address is announced nevertheless.
};

// "withheld", "defended", ...: stable, for metrics.
std::string_view ToString(Outcome outcome);

class Claim {
 public:
  // How the address is dealt with from now on.
  enum class Move : uint8_t {
    kNone,          // As before.
    kAnnounce,      // In all rounds, from the first.
    kTry,           // The same, and the probes go on.
    kEndProbes,     // As before, but no more probes.
    kAnnounceOnce,  // As before, and in one more round now.
    kTryFirst,      // In all rounds, and with probes, both from the first.
    kProbe,         // Probes to all, each probe_interval.
    kWatch,      // No more frames but probes to rival(), each watch_interval.
    kKeepQuiet,  // Nothing unasked.
    kSilence,    // No more frames.
  };
  struct Step {
    Move move = Move::kNone;
    std::optional<Outcome> report;  // To report a conflict with rival().
  };

  // `options` must outlive it.
  explicit Claim(const ClaimOptions* options) : options_(options) {}

  // From whatever was before.
  Step Begin(absl::Time now, Role role);
  // Begins as kAnnounce, but on trial: it is probed for at the same time. For
  // one that this node had until a moment ago (released_addresses.h).
  // REQUIRES: it is at rest.
  Step BeginOnTrial(absl::Time now);
  // Ends at once if a rival that had to yield claimed it within member_grace:
  // the new owner was the first to know.
  Step HandOver(absl::Time now);
  // Whether the host takes packets to the address. While it does not, an
  // address that is ours waits, silent; after await_max it is probed again. At
  // first the host does.
  Step SetDelivered(absl::Time now, bool delivered);
  Step Rest(absl::Time now) { return Go(now, ClaimEvent::kRest); }
  // Probes again for an address that is withheld, and takes back one that was
  // yielded. Else nothing.
  Step Retry(absl::Time now);

  Step OnRival(absl::Time now, const Rival& rival);
  // A probe is due. It is to be sent if this changes no state.
  Step OnProbe(absl::Time now);
  // REQUIRES: now >= deadline().
  Step OnDeadline(absl::Time now);
  absl::Time deadline() const { return deadline_; }  // InfiniteFuture: none.

  ClaimState state() const { return state_; }
  // Announced, or about to be, while probes still go on.
  bool on_trial() const { return trial_until_ == absl::InfiniteFuture(); }
  // True if this node announces it, past its trial, and heard no other claim
  // within defend_interval.
  bool IsUndisputed(absl::Time now) const;
  // The last one that counted.
  const net::MacAddress& rival() const { return rival_; }
  // Since when the address is kept silent because rival() has it; a member's
  // claim that was not reported yet does not count. Nullopt: it is not.
  std::optional<absl::Time> withheld_since() const;

 private:
  Step Go(absl::Time now, ClaimEvent event);
  Move Enter(absl::Time now);
  Step OnOwnProbe(absl::Time now);
  ClaimEvent EventOfClaim(absl::Time now, const Rival& rival) const;
  Step OnWatchedRival(absl::Time now, const Rival& rival);
  ClaimEvent TakeBack(ClaimEvent event);
  Step Defend(absl::Time now);
  Step Insist(absl::Time now, RivalSign sign);
  Move HaveTheLastWord(absl::Time now, absl::Duration interval);
  std::optional<Outcome> ReportOf(absl::Time now, Outcome outcome);

  const ClaimOptions* options_;
  ClaimState state_ = ClaimState::kIdle;
  absl::Time deadline_ = absl::InfiniteFuture();
  net::MacAddress rival_;
  bool delivered_ = true;
  absl::Time awaiting_since_ = absl::InfiniteFuture();  // In that state.
  absl::Time withheld_since_ = absl::InfiniteFuture();  // By whichever rival.
  int probes_ = 0;  // Sent since they began; yielded: unanswered ones.
  // Until then a foreign claim answers a probe of ours.
  absl::Time trial_until_ = absl::InfinitePast();
  int conflicts_ = 0;  // Probings in a row that met a foreign host.
  bool yield_reported_ = false;
  // Yielded, before our probes ended, to a member that only probed as well.
  bool nobody_had_it_ = false;
  absl::Time contest_since_ = absl::InfinitePast();  // With a member.
  absl::Time contest_seen_ = absl::InfinitePast();
  absl::Time claim_heard_ = absl::InfinitePast();  // In a contest.
  absl::Time defended_at_ = absl::InfinitePast();
  absl::btree_map<Outcome, absl::Time> reported_;  // When last.
};

}  // namespace lb::announce

#endif  // LB_ANNOUNCE_CLAIM_H_

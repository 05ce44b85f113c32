// Defects that the checks must find. Each is seeded from outside the product:
// by an option that only a test can set so, or by wrapping an interface of a
// node's environment. The product's code has no switch for any of them.
#ifndef LB_TESTS_SIM_CHAOS_DEFECT_H_
#define LB_TESTS_SIM_CHAOS_DEFECT_H_

#include <optional>
#include <string_view>

namespace lb::chaos {

enum class Defect {
  kNone,
  // By options.
  kNoSettling,       // Ready at once, before the cluster is heard.
  kNoDetection,      // A silent member is suspected for ever.
  kNoRejoining,      // Sides of a partition never look for each other.
  kNobodyToJoin,     // No node knows another.
  kOtherPolicy,      // One node elects by another policy.
  kEndlessHandover,  // A handover awaits a node that cannot come.
  // In the gossip of the nodes.
  kNoRefuting,  // A node that is accused does not refute.
  // Numbers of pings begin at 0 in each run, and any host's ack counts.
  kForeseenNumbers,
  // In the frames of the nodes.
  kNoGratuitous,      // Announcements are lost; only questions are answered.
  kAnnouncedOnce,     // Only the first round of announcements leaves.
  kDeafToRivals,      // No node hears that another announces.
  kForgottenGroups,   // Solicited-node groups are not joined.
  kNoUnicastAnswers,  // Reachability checks are not answered.
  kNoOverride,        // Advertisements without the override flag.
  kStuckFilter,       // The kernel's filter is never exchanged.
  kWrongMac,          // Claims name a MAC that no host has.
  // In other interfaces of the nodes.
  kLyingDisk,      // Writes are acknowledged, and lost.
  kEndlessWrites,  // Writes are never acknowledged.
  kStoppedClock,   // The clock stands while the process is stopped.
  // Civil clocks run back, and no claim is provisional: the later of two wins.
  kLaterStamp,
  kLostManifests,  // One node never reads a change.
  kNoTakingBack,   // An address is never taken off "lo".
  kBlindToOwn,     // A node sees none of its host's later addresses.
  kKeptIpv6,       // A node goes on seeing IPv6 addresses that are gone.
  kEveryKey,       // Nodes and outsiders know all keys.
  // In the requests of an lbd with Kubernetes.
  kUnheldLease,        // Each finds a Lease of its own, so all controllers act.
  kStaleList,          // A new holder assigns by a list of the watch cache.
  kSkippedVersions,    // After a 410 it watches on, and lists nothing again.
  kUnlistedIsDeleted,  // What only a list lacks is released at once.
  kNoBackOff,          // A request that failed is sent again at once.
  // In how an lbd with Kubernetes marks the pods of dead nodes.
  kNoLimit,      // All nodes may be out at once.
  kUnheldMarks,  // It marks without the Lease.
  kDeafProbes,   // No node that others have lost answers its probes.
  // Between a node and its routers.
  kUnenforcedHold,    // A silent router seems to send keepalives.
  kLostWithdrawals,   // Withdrawals are lost while the router is slow.
  kBothInOne,         // One UPDATE withdraws and announces a prefix.
  kEmptyRestart,      // A node that booted says that it kept forwarding.
  kDeafToBfd,         // The last packet of BFD is heard over and over.
  kFrozenLinks,       // A node sees no change of its addresses.
  kNoEndOfRib,        // The end of a table is never said.
  kRoutersNextHop,    // The next hop is the router itself.
  kEarlyWithdrawal,   // A node that drains withdraws at once.
  kEndlessDrain,      // It never withdraws.
  kDeafToRefresh,     // Requests of a router are not heard.
  kRestlessTimers,    // Each reading changes a timer of the peers.
  kForgottenRestart,  // A restarted node does not say so.
  kUntoldLoss,        // A node never says that it has no session.
};
inline constexpr int kDefects = static_cast<int>(Defect::kUntoldLoss) + 1;

// True if the defect is one of clusters with Kubernetes.
constexpr bool IsOfKubernetes(Defect defect) {
  return defect >= Defect::kUnheldLease && defect <= Defect::kDeafProbes;
}
// True if it is one of clusters with BGP.
constexpr bool IsOfBgp(Defect defect) {
  return defect >= Defect::kUnenforcedHold;
}

// "none", "no-settling", ...
std::string_view ToString(Defect defect);
std::optional<Defect> ParseDefect(std::string_view name);

}  // namespace lb::chaos

#endif  // LB_TESTS_SIM_CHAOS_DEFECT_H_

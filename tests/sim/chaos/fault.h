// Fault: one thing that goes wrong in a simulated cluster, and for how long.
//
// A script is a list of faults, a value: it can be drawn, printed, read back
// and made shorter. As text a fault is
//
//   START:KIND:NODE:OTHER:LENGTH:AMOUNT      times in milliseconds
//
// and a script is such faults joined by commas: "1500:crash:2:0:3000:0". Nodes
// count from 1. What a kind does not need is 0.
#ifndef LB_TESTS_SIM_CHAOS_FAULT_H_
#define LB_TESTS_SIM_CHAOS_FAULT_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace lb::chaos {

enum class FaultKind {
  kLoss,            // On all paths, UDP, TCP and Ethernet; amount: percent.
  kDelay,           // As loss; amount: milliseconds, and as much jitter, by
                    // which packets overtake each other.
  kDuplicate,       // As loss; amount: percent.
  kCutOneWay,       // Nothing passes from node to other.
  kCutGossip,       // IP is cut; amount: which nodes are on one side, as bits.
  kCutSegment,      // Ethernet is cut, so.
  kCutBoth,         // Both are, and clients stay with the nodes of bit 0.
  kCrash,           // Power loss of node, which starts again at the end.
  kKill,            // kill -9.
  kWipe,            // As crash, and its disk is empty when it comes back.
  kPowerCut,        // All nodes crash at once.
  kPause,           // SIGSTOP, SIGCONT.
  kClockJump,       // Node's civil clock jumps by amount seconds; stays so.
  kClockDrift,      // Node's clocks run fast by amount parts per million.
  kUnplug,          // No carrier.
  kAddService,      // In all manifests, which nodes read within a second.
  kRemoveService,   // Service number amount; it comes back at the end.
  kAddPool,         // One more pool, for good.
  kBrokenManifest,  // Node's manifests have objects that are refused.
  kStaleManifest,   // Node reads no changes.
  kDiskFull,        // Node's writes fail.
  kDiskSlow,        // Each takes amount milliseconds.
  kNameTwin,        // A second host runs under node's name.
  kThief,           // A foreign host claims address number amount.
  kMalformed,       // It sends garbage, amount packets in a second.
  kDrain,           // Node is drained, and undrained at the end.
  // A lease gives node another address, if it runs; for good.
  kNewAddress,
  kHostAddress,  // Node's host has address number amount of the services.
  kLoseIpv6,     // Node's host has no IPv6 address.
  kOtherKey,     // Node runs with a gossip key that no other node has.
  kOutsider,     // A host that is no member joins with a key of its own.
  // The datagrams to other that a stranger has recorded are played back to
  // node; amount: 0 from the stranger's own address, else from the senders'.
  kReplay,
  // With Kubernetes. A node is any lbd, also one that only gives addresses.
  kApiCut,      // Nothing passes between node and the API server.
  kApiRestart,  // The server is away, then refuses all for amount milliseconds.
  kApiErrors,   // Requests fail; amount: in which ways, as bits (SimFaultPlan).
  kApiCompact,  // The server forgets old versions.
  kApiLag,      // Watches and cached reads are amount milliseconds late.
  // At the end the store is as it was at the start; it is away for amount
  // milliseconds.
  kApiRestore,
  kApiChange,  // A user changes something, drawn from amount.
  kStop,       // SIGTERM; node starts again at the end.
  // With BGP. `other` is a router, if the kind has one.
  kRouterKill,    // kill -9.
  kRouterCrash,   // Power loss.
  kRouterPause,   // SIGSTOP, SIGCONT.
  kRouterCut,     // Nothing passes between node and router.
  kRouterDeaf,    // Nothing passes from node to router.
  kRouterNotify,  // It ends the session; amount: code * 256 + subcode.
  kRouterReset,   // It resets TCP.
  kRouterSlow,    // It reads amount bytes of node in a second.
  kRefresh,       // It asks for the routes; amount: 0 IPv4, 1 IPv6.
  kObjects,       // Objects change, drawn from amount, and all nodes read them.
};
inline constexpr int kFaultKinds = static_cast<int>(FaultKind::kObjects) + 1;

struct Fault {
  absl::Duration start;
  FaultKind kind = FaultKind::kLoss;
  int node = 0;
  int other = 0;
  absl::Duration length;
  int amount = 0;

  absl::Duration end() const { return start + length; }
  friend bool operator==(const Fault&, const Fault&) = default;
};
using Script = std::vector<Fault>;

// "loss", "cut-one-way", ...
std::string_view ToString(FaultKind kind);
// True if the cluster must come to rest while the fault lasts.
bool IsStatic(FaultKind kind);
// True if the fault is one of the paths between hosts.
bool IsOfPaths(FaultKind kind);
// True if one of the faults may lose packets of some node.
bool HarmPaths(const Script& faults);
// True if one of them may lose frames.
bool HarmSegment(const Script& faults);
// True if one of them may keep a node from hearing another's gossip.
bool HarmGossip(const Script& faults);

// Calls `begin` and `end` for each fault, in the order of their times. Before
// each, `run_until` brings the cluster to that time; false ends it all.
void PlayScript(const Script& script,
                absl::FunctionRef<bool(absl::Duration)> run_until,
                absl::FunctionRef<void(const Fault&)> begin,
                absl::FunctionRef<void(const Fault&)> end);

std::string ToString(const Script& script);
// InvalidArgument: which fault, and what is wrong. The empty text is no fault.
absl::StatusOr<Script> ParseScript(std::string_view text);

}  // namespace lb::chaos

#endif  // LB_TESTS_SIM_CHAOS_FAULT_H_

// ContactChecks: whether this node itself has lost the members that failed.
//
// That a member failed is mostly hearsay: one node's suspicion is told to all.
// Where more depends on it, each node pings such a member once more, by itself
// and without helpers. One that acks none of these pings is lost to this node,
// until it comes back or says goodbye.
//
//   checks.Begin(now, member);               // It failed.
//   checks.OnTimer(now);                     // Sends the pings that are due.
//   for (const std::string& name : checks.lost()) ...
//
// It does nothing unless ProbeOptions::contact_checks is set. At most kMax
// members are pinged or lost at a time; those beyond are not checked.
//
// Part of the core: no I/O; see Membership.
#ifndef LB_GOSSIP_CONTACT_CHECKS_H_
#define LB_GOSSIP_CONTACT_CHECKS_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "lb/gossip/member.h"
#include "lb/gossip/shared_state.h"
#include "lb/net/endpoint.h"

namespace lb::gossip {

class ContactChecks {
 public:
  // Pings of one check, a probe_timeout apart; as long again for the last ack.
  static constexpr int kPings = 3;
  static constexpr size_t kMax = 256;

  explicit ContactChecks(SharedState& state) : state_(state) {}

  // The member failed: the first ping leaves with the next OnTimer(), which is
  // due at once.
  void Begin(absl::Time now, const Member& member);
  // It is up again, or it left.
  void End(std::string_view member);

  // True: it is the ack of one of these pings. The member is not lost.
  bool OnAck(uint32_t sequence);

  void OnTimer(absl::Time now);
  absl::Time NextDeadline() const;
  // Forgives time that this process slept through.
  void Shift(absl::Duration by);

  // The members that are lost, by name.
  const std::set<std::string, std::less<>>& lost() const { return lost_; }

 private:
  struct Check {
    net::Endpoint endpoint;
    absl::Time due;
    std::vector<uint32_t> sent;  // Sequence numbers of the pings.
  };

  SharedState& state_;
  std::map<std::string, Check, std::less<>> running_;
  std::set<std::string, std::less<>> lost_;
};

}  // namespace lb::gossip

#endif  // LB_GOSSIP_CONTACT_CHECKS_H_

// NewcomerQueue: pings unverified members, within bounds.
//
// Gossip can name any host as a member; one is verified once it has
// acked a ping of this node. A newcomer is pinged at once: up to
// newcomer_pings_at_once together, then four per gossip_interval. Those that do
// not ack within probe_timeout wait, the one that waits longest first, for one
// of a few lanes, each a Prober: so ten thousand invented members take no turn
// of a real one.
//
// It knows names, numbers and times; its owner sends pings and acts on
// verdicts. Time per call: logarithmic in the members that wait.
#ifndef LB_GOSSIP_NEWCOMER_QUEUE_H_
#define LB_GOSSIP_NEWCOMER_QUEUE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "absl/time/time.h"
#include "lb/base/prng.h"
#include "lb/gossip/options.h"
#include "lb/gossip/prober.h"

namespace lb::gossip {

class NewcomerQueue {
 public:
  static constexpr size_t kLanes = 8;

  // `options` outlives it.
  NewcomerQueue(const GossipOptions& options, const Prng& prng);
  NewcomerQueue(const NewcomerQueue&) = delete;
  NewcomerQueue& operator=(const NewcomerQueue&) = delete;

  // The member came up. REQUIRES: it is not here.
  void Add(absl::Time now, std::string_view name);
  // It was verified, or is down. Ends its probe.
  void Remove(std::string_view name);

  // The next to be pinged for the first time: the newest, so that one that is
  // there does not queue behind thousands that are not. Nullopt: none, or not
  // yet.
  std::optional<ProbeTarget> TakeNewcomer(absl::Time now);
  // The member gave a sign of life: is it to be pinged out of turn? Nullopt: it
  // is not here, or its last ping may still be answered.
  std::optional<ProbeTarget> TakeAtOnce(absl::Time now, std::string_view name);
  // A lane, running, for the next member that waits; the caller pings its
  // target. Null: no member waits, or no lane is free.
  Prober* TakeLane(absl::Time now);
  // The lane's verdict was a failure: its target waits again, as the last.
  void OnFailed(absl::Time now, const Prober& lane);

  // The member whose ack this would be; empty: there is none. Numbers are
  // random, from kSequenceMin on: an ack without a ping matches no member.
  std::string_view NameOf(uint32_t sequence) const;
  static constexpr uint32_t kSequenceMin = 1u << 31;
  // Were others asked to ping that member? Then the ack may be from them.
  bool HasAskedOthers(uint32_t sequence) const;

  std::array<Prober, kLanes>& lanes() { return lanes_; }
  size_t size() const { return by_name_.size(); }
  // When the next lane judges its target by its silence.
  absl::Time NextVerdict() const;
  absl::Time NextDeadline() const;
  void Shift(absl::Duration by);

 private:
  using Queue = std::set<std::pair<absl::Time, uint32_t>>;  // Due, sequence.
  struct Unverified {
    uint32_t sequence = 0;
    absl::Time pinged = absl::InfinitePast();  // Last, outside of lanes.
    Queue* queue = nullptr;                    // Null: in a lane.
    absl::Time due;                            // In `queue`.
  };
  using ByName = std::map<std::string, Unverified, std::less<>>;

  void Put(Unverified& unverified, Queue* queue, absl::Time due);
  ProbeTarget Ping(absl::Time now, ByName::value_type& entry);
  absl::Time NewcomerDue() const;
  bool HasFreeLane() const;

  const GossipOptions& options_;
  const absl::Duration pace_;  // Between newcomers, after the first.
  Prng prng_;
  ByName by_name_;
  std::map<uint32_t, ByName::iterator> by_sequence_;
  Queue newcomers_;
  Queue waiting_;
  absl::Time paced_ = absl::InfinitePast();  // Pings so far, at their pace.
  std::array<Prober, kLanes> lanes_;
};

}  // namespace lb::gossip

#endif  // LB_GOSSIP_NEWCOMER_QUEUE_H_

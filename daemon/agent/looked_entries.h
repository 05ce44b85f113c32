// LookedEntries: the addresses of services, as an agent's looks see them.
//
// The allocator may change ten thousand services in a few turns of the loop,
// and one look at all of these would keep ARP waiting. Each look takes up a
// portion. What has not been taken up yet is as before, so that elections,
// announcements, events and the history go by one state of the entries.
//
//   LookedEntries looked;
//   looked.Note(changed);                         // Whenever entries change.
//   Services changed = looked.Take(allocator);    // In a look.
//   looked.NoteSame(others);                      // What else it looks at.
//   Tell(looked.before(), looked.entries(), changed);
//   if (looked.has_more()) LookSoon();
//
// Services that share an address are taken up together. Pure bookkeeping.
#ifndef LB_DAEMON_AGENT_LOOKED_ENTRIES_H_
#define LB_DAEMON_AGENT_LOOKED_ENTRIES_H_

#include <cstdint>
#include <string>

#include "daemon/placement/placement.h"
#include "lb/ipam/replicated_allocator.h"

namespace lb {

class LookedEntries {
 public:
  using Services = ipam::ReplicatedAllocator::Services;

  // Their entries are others than when they were last taken up.
  void Note(Services changed) { due_.merge(changed); }
  // A look begins: takes up some of these as `allocator` has them now. Returns
  // them.
  Services Take(const ipam::ReplicatedAllocator& allocator);
  // The look is at these services, too; before() has them then.
  void NoteSame(const Services& services);

  const AddressEntries& entries() const { return entries_; }
  // The entries before Take() of the services that this look is at.
  const AddressEntries& before() const { return before_; }
  // Counts the changes of entries().
  uint64_t version() const { return version_; }
  // The next look takes up more.
  bool has_more() const { return !due_.empty(); }
  // Adds `others` to the services that this look is at, but for those that a
  // later one takes up.
  void AddOthers(const Services& others, Services* changed) const;

 private:
  void TakeUp(const std::string& service, const AddressEntries& now);

  Services due_;
  AddressEntries entries_;
  AddressEntries before_;
  Services taken_;  // By the last Take().
  uint64_t version_ = 0;
};

}  // namespace lb

#endif  // LB_DAEMON_AGENT_LOOKED_ENTRIES_H_

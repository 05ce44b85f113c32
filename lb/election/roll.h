// Roll: the members, numbered, and their part in each electorate.
//
// What is true of a member for all services that the same advertisements match
// is worked out once and looked up by its number. Pure state, one thread,
// copyable; for the library's own use.
#ifndef LB_ELECTION_ROLL_H_
#define LB_ELECTION_ROLL_H_

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "lb/election/candidates.h"
#include "lb/election/electorate.h"
#include "lb/election/front.h"

namespace lb::election {

// Members that were candidates, and those that are, where that is not the same.
// One that stays a candidate, but another than before, is in both.
struct Shift {
  std::vector<Slot> out;
  std::vector<Slot> in;

  bool empty() const { return out.empty() && in.empty(); }
};

class Roll {
 public:
  // Nullopt: no member.
  std::optional<Slot> Find(std::string_view node) const;
  // Valid until the next Refresh().
  const std::string& NameOf(Slot slot) const { return names_[slot]; }
  // Slots are below this.
  size_t slot_count() const { return names_.size(); }

  // An electorate is kept while a service is in it. Returns its number.
  size_t Enrol(const Cluster& cluster, const ElectorateKey& key);
  void Withdraw(size_t electorate);
  Policy PolicyOf(size_t electorate) const {
    return electorates_[electorate].policy;
  }
  // By slot; free ones are no candidates.
  const std::vector<Prospect>& ProspectsOf(size_t electorate) const {
    return electorates_[electorate].prospects;
  }

  // Looks at `nodes` again, whose attributes or membership changed. Returns the
  // shifts by electorate. The slots of those that left are free afterwards.
  // REQUIRES: cluster.members is sorted.
  std::vector<Shift> Refresh(const Cluster& cluster,
                             const std::set<std::string>& nodes);

  // A roll with the same members and no electorate.
  Roll WithoutElectorates() const;

 private:
  struct Electorate {
    ElectorateKey key;
    Policy policy = Policy::kCompat;
    size_t services = 0;  // None: its number is free.
    std::vector<Prospect> prospects;
  };

  Slot TakeSlot(const std::string& node);
  Shift RefreshElectorate(const Cluster& cluster,
                          const std::set<std::string>& nodes,
                          Electorate& electorate) const;

  std::vector<std::string> names_;  // By slot; empty: free.
  std::map<std::string, Slot, std::less<>> slots_;
  std::vector<Slot> free_slots_;
  std::vector<Electorate> electorates_;
  std::map<ElectorateKey, size_t> numbers_;  // Of electorates in use.
  std::vector<size_t> free_numbers_;
};

// How the candidates of an electorate differ from those that there were.
Shift ShiftBetween(const std::vector<Prospect>& before,
                   const std::vector<Prospect>& after);

}  // namespace lb::election

#endif  // LB_ELECTION_ROLL_H_

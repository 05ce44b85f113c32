// MemberIndex: the members, numbered, and their eligibility in each
// group of services.
//
// What is true of a member for all services that the same advertisements match
// is worked out once and looked up by its number. Pure state, one thread,
// copyable; for the library's own use.
#ifndef LB_ELECTION_MEMBER_INDEX_H_
#define LB_ELECTION_MEMBER_INDEX_H_

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "lb/election/election.h"
#include "lb/election/eligibility_group.h"
#include "lb/election/top_candidates.h"

namespace lb::election {

// Members that were candidates, and those that are, where that is not the same.
// One that stays a candidate, but another than before, is in both.
struct CandidateDelta {
  std::vector<Slot> out;
  std::vector<Slot> in;

  bool empty() const { return out.empty() && in.empty(); }
};

class MemberIndex {
 public:
  // Nullopt: no member.
  std::optional<Slot> Find(std::string_view node) const;
  // Valid until the next Refresh().
  const std::string& NameOf(Slot slot) const { return names_[slot]; }
  // Slots are below this.
  size_t slot_count() const { return names_.size(); }

  // A group is kept while a service is in it. Returns its number.
  size_t AddService(const Cluster& cluster, const EligibilityGroupKey& key);
  void RemoveService(size_t group);
  Policy PolicyOf(size_t group) const { return groups_[group].policy; }
  // By slot; free ones are no candidates.
  const std::vector<Eligibility>& EligibilityIn(size_t group) const {
    return groups_[group].nodes;
  }

  // Looks at `nodes` again, whose attributes or membership changed. Returns the
  // deltas by group. The slots of those that left are free afterwards.
  // REQUIRES: cluster.members is sorted.
  std::vector<CandidateDelta> Refresh(const Cluster& cluster,
                                      const std::set<std::string>& nodes);

  // An index with the same members and no group.
  MemberIndex WithoutGroups() const;

 private:
  struct EligibilityGroup {
    EligibilityGroupKey key;
    Policy policy = Policy::kCompat;
    size_t services = 0;  // None: its number is free.
    std::vector<Eligibility> nodes;
  };

  Slot TakeSlot(const std::string& node);
  CandidateDelta RefreshGroup(const Cluster& cluster,
                              const std::set<std::string>& nodes,
                              EligibilityGroup& group) const;

  std::vector<std::string> names_;  // By slot; empty: free.
  std::map<std::string, Slot, std::less<>> slots_;
  std::vector<Slot> free_slots_;
  std::vector<EligibilityGroup> groups_;
  std::map<EligibilityGroupKey, size_t> numbers_;  // Of groups in use.
  std::vector<size_t> free_numbers_;
};

// How the candidates of a group differ from those that there were.
CandidateDelta DeltaBetween(const std::vector<Eligibility>& before,
                            const std::vector<Eligibility>& after);

}  // namespace lb::election

#endif  // LB_ELECTION_MEMBER_INDEX_H_

// DesiredUpdate: one step of DesiredKeeper, from the objects that its source
// said something of to the Desired that follows.
//
// Kind by kind, as in BuildDesired: what an object is checked against comes
// before it. For one Run(); state and Desired outlive it.
#ifndef LB_CONFIG_DESIRED_UPDATE_H_
#define LB_CONFIG_DESIRED_UPDATE_H_

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "lb/config/desired.h"
#include "lb/config/difference.h"
#include "lb/config/kept_state.h"
#include "lb/config/known_objects.h"
#include "lb/config/manifests.h"
#include "lb/config/pool_admission.h"
#include "lb/config/problem_list.h"

namespace lb::config {

class DesiredUpdate {
 public:
  using Names = std::set<std::string, std::less<>>;

  // `said`: the objects of which the source said something, by name.
  DesiredUpdate(KeptState* state, Desired* desired, Names said);

  // Changes the Desired; returns what differs from before.
  Difference Run();

 private:
  using Settle = absl::FunctionRef<void(const std::string& name)>;

  void ForEachTouched(std::string_view kind, Settle settle) const;
  bool IsTouched(std::string_view kind) const;
  const Object* InForce(std::string_view name) const;
  const Object* NewestOf(const std::string& name) const;
  void Admit(const std::string& name);
  void RemoveUnlessThere(const std::string& name);

  void CountObjects();
  void SettlePools();
  PoolCandidates CandidatePools() const;
  void TakeAdmission(const PoolAdmission& admission);
  void PublishPools();
  void SettleNamespaces();
  std::vector<std::string> ServicesFrom(std::string_view prefix) const;
  void SettleAdvertisements();
  void SettleNodes();
  void SettleSlices();
  void SettleBgp();
  void SettleService(const std::string& name);
  void ReviewRestored(const std::string& name, const KnownObject& known);
  void NoteFaulty(const std::string& name);
  void NoteCounted(const std::string& name);
  void Publish(const std::string& service);
  void UpdateProblems();
  void AddLeftOut(ProblemsOf* problems) const;
  void UpdateNotices();

  KeptState& state_;
  Desired& desired_;
  const Names said_;
  Names touched_;  // And objects that are looked at again.
  Names joined_;   // Services that may be published with something else.
  std::set<std::string> changed_;  // Services, for `difference_`.
  // Pools, nodes or advertisements changed: the notices of advertisements, and
  // what is admitted for BGP, may be others.
  bool are_advertisements_due_ = false;
  Difference difference_;
};

}  // namespace lb::config

#endif  // LB_CONFIG_DESIRED_UPDATE_H_

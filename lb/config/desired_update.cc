#include "lb/config/desired_update.h"

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "fmt/format.h"
#include "lb/config/advertisement_notices.h"
#include "lb/config/bgp_admission.h"
#include "lb/config/kinds.h"
#include "lb/config/object_change.h"
#include "lb/config/service_join.h"

namespace lb::config {
namespace {

constexpr std::string_view kPool = "IPAddressPool";
constexpr std::string_view kAdvertisement = "L2Advertisement";
constexpr std::string_view kService = "Service";
constexpr std::string_view kSlice = "EndpointSlice";
constexpr std::string_view kNode = "Node";
constexpr std::string_view kNamespace = "Namespace";
constexpr std::array<std::string_view, 5> kForBgp = {
    "BGPPeer", "BGPAdvertisement", "Community", "BFDProfile", "Secret"};

// Adds or removes a name.
template <typename Set>
void SetIn(const std::string& name, bool is_in, Set& set) {
  if (is_in) {
    set.insert(name);
  } else {
    set.erase(name);
  }
}

}  // namespace

DesiredUpdate::DesiredUpdate(KeptState* state, Desired* desired, Names said)
    : state_(*state),
      desired_(*desired),
      said_(std::move(said)),
      touched_(said_) {}

Difference DesiredUpdate::Run() {
  CountObjects();
  if (IsTouched(kPool)) SettlePools();
  SettleNamespaces();
  SettleAdvertisements();
  SettleNodes();
  SettleSlices();
  ForEachTouched(kService,
                 [&](const std::string& name) { SettleService(name); });
  for (const std::string& service : joined_) Publish(service);
  SettleBgp();
  const bool may_define_any =
      !state_.is_complete || state_.known.has_left_out();
  difference_.may_define |=
      std::exchange(desired_.may_define.any, may_define_any) != may_define_any;
  UpdateProblems();
  UpdateNotices();
  difference_.services.assign(changed_.begin(), changed_.end());
  return std::move(difference_);
}

void DesiredUpdate::ForEachTouched(std::string_view kind, Settle settle) const {
  const auto end = EndOf(touched_, kind);
  for (auto name = BeginOf(touched_, kind); name != end; ++name) settle(*name);
}

bool DesiredUpdate::IsTouched(std::string_view kind) const {
  return BeginOf(touched_, kind) != EndOf(touched_, kind);
}

const Object* DesiredUpdate::InForce(std::string_view name) const {
  const auto found = desired_.objects.find(name);
  return found == desired_.objects.end() ? nullptr : &found->second;
}

// The value that was read last, in force or not; nullptr: the object is not
// there, is not ours, or has faults of its own.
const Object* DesiredUpdate::NewestOf(const std::string& name) const {
  const KnownObject* const known = state_.known.Find(name);
  if (known == nullptr || !known->HasNewest()) return nullptr;
  return known->waiting ? known->waiting.get() : InForce(name);
}

// Brings the value that was read into force.
void DesiredUpdate::Admit(const std::string& name) {
  KnownObject* const known = state_.known.Find(name);
  if (known != nullptr && known->waiting) {
    desired_.objects.insert_or_assign(name, std::move(*known->waiting));
    known->waiting.reset();
  }
  RemoveUnlessThere(name);
}

void DesiredUpdate::RemoveUnlessThere(const std::string& name) {
  const KnownObject* const known = state_.known.Find(name);
  const bool is_gone =
      known == nullptr ? state_.is_complete : known->passed_over;
  if (is_gone) desired_.objects.erase(name);
}

void DesiredUpdate::CountObjects() {
  desired_.read_count = state_.known.all().size();
  for (const std::string& name : said_) {
    const KnownObject* const known = state_.known.Find(name);
    SetIn(name, known != nullptr && known->passed_over, desired_.passed_over);
    if (KindOf(name) != kService) continue;
    const std::string service(NameWithoutKind(name));
    if (known != nullptr && !known->other_class.empty()) {
      desired_.other_class[service] = known->other_class;
    } else {
      desired_.other_class.erase(service);
    }
  }
}

// There are few, and each may clash with each.
void DesiredUpdate::SettlePools() {
  const auto& known = state_.known.all();
  for (auto pool = BeginOf(known, kPool); pool != EndOf(known, kPool); ++pool) {
    touched_.insert(pool->first);
  }
  TakeAdmission(AdmitPools(CandidatePools()));
  PublishPools();
}

PoolCandidates DesiredUpdate::CandidatePools() const {
  PoolCandidates candidates = {.in_force = desired_.objects};
  ForEachTouched(kPool, [&](const std::string& name) {
    const KnownObject* const known = state_.known.Find(name);
    if (known != nullptr && known->passed_over) return;
    const bool is_there = known != nullptr || !state_.is_complete;
    const Object* const in_force = InForce(name);
    if (const Object* const newest = NewestOf(name)) {
      candidates.read.push_back(newest);
    } else if (is_there && in_force != nullptr) {
      candidates.kept.push_back(in_force);
    }
  });
  return candidates;
}

void DesiredUpdate::TakeAdmission(const PoolAdmission& admission) {
  Objects in_force;
  for (const auto& [name, object] : admission.admitted) {
    in_force.emplace(name, *object);
  }
  ForEachTouched(kPool, [&](const std::string& name) {
    KnownObject* const known = state_.known.Find(name);
    if (known == nullptr) return;
    known->clash.reset();
    const Object* const newest = NewestOf(name);
    if (newest == nullptr) return;
    const auto admitted = admission.admitted.find(name);
    const bool is_in_force =
        admitted != admission.admitted.end() && admitted->second == newest;
    // Perhaps a copy of itself.
    known->waiting = is_in_force ? nullptr : std::make_unique<Object>(*newest);
  });
  for (const Problem& problem : admission.problems) {
    KnownObject* const known = state_.known.Find(problem.object);
    if (known != nullptr) known->clash = std::make_unique<Problem>(problem);
  }
  desired_.objects.erase(BeginOf(desired_.objects, kPool),
                         EndOf(desired_.objects, kPool));
  desired_.objects.merge(in_force);
}

void DesiredUpdate::PublishPools() {
  const auto pools = std::exchange(desired_.pools, {});
  const auto labels = std::exchange(desired_.pool_labels, {});
  const auto end = EndOf(desired_.objects, kPool);
  for (auto it = BeginOf(desired_.objects, kPool); it != end; ++it) {
    const auto& value = std::get<PoolObject>(it->second.value);
    desired_.pools.push_back(value.pool);
    desired_.pool_labels[value.pool.name] = value.labels;
  }
  const bool are_others = pools != desired_.pools;
  difference_.pools = are_others || labels != desired_.pool_labels;
  are_advertisements_due_ |= difference_.pools;
  if (!are_others) return;
  state_.admission.SetPools(desired_.pools);
  for (const std::string& name : ServicesFrom("")) touched_.insert(name);
}

void DesiredUpdate::SettleNamespaces() {
  std::vector<std::string> relabelled;
  ForEachTouched(kNamespace, [&](const std::string& name) {
    const std::string own(NameWithoutKind(name));
    const Labels before = LabelsOfNamespace(own, desired_.objects);
    Admit(name);
    if (before != LabelsOfNamespace(own, desired_.objects)) {
      relabelled.push_back(own + "/");
    }
  });
  for (const std::string& prefix : relabelled) {
    for (const std::string& name : ServicesFrom(prefix)) {
      joined_.emplace(NameWithoutKind(name));
      touched_.insert(name);
    }
  }
}

// The objects of all services whose "namespace/name" begins with this.
std::vector<std::string> DesiredUpdate::ServicesFrom(
    std::string_view prefix) const {
  const std::string first = fmt::format("{}/{}", kService, prefix);
  const auto& known = state_.known.all();
  std::vector<std::string> names;
  for (auto service = known.lower_bound(first);
       service != known.end() && service->first.starts_with(first); ++service) {
    names.push_back(service->first);
  }
  return names;
}

void DesiredUpdate::SettleAdvertisements() {
  if (!IsTouched(kAdvertisement)) return;
  ForEachTouched(kAdvertisement, [&](const std::string& name) { Admit(name); });
  const auto before = std::exchange(desired_.advertisements, {});
  const auto end = EndOf(desired_.objects, kAdvertisement);
  for (auto it = BeginOf(desired_.objects, kAdvertisement); it != end; ++it) {
    desired_.advertisements.push_back(
        std::get<election::L2Advertisement>(it->second.value));
  }
  difference_.cluster |= before != desired_.advertisements;
  are_advertisements_due_ = true;
}

void DesiredUpdate::SettleNodes() {
  ForEachTouched(kNode, [&](const std::string& name) {
    Admit(name);
    const std::string own(NameWithoutKind(name));
    const auto before = desired_.nodes.find(own);
    const bool was_there = before != desired_.nodes.end();
    const Object* const object = InForce(name);
    if (object == nullptr) {
      if (!was_there) return;
      desired_.nodes.erase(before);
      are_advertisements_due_ = true;
      difference_.cluster = true;
      return;
    }
    const auto& node = std::get<election::NodeAttributes>(object->value);
    if (was_there && before->second == node) return;
    are_advertisements_due_ |=
        !was_there || before->second.labels != node.labels;
    desired_.nodes[own] = node;
    difference_.cluster = true;
  });
}

void DesiredUpdate::SettleSlices() {
  const auto service_of = [&](const std::string& name) -> std::string {
    const Object* const object = InForce(name);
    if (object == nullptr) return "";
    return std::get<EndpointSliceObject>(object->value).service;
  };
  ForEachTouched(kSlice, [&](const std::string& name) {
    const std::string before = service_of(name);
    Admit(name);
    const std::string now = service_of(name);
    state_.endpoints.Remove(before, name);
    if (!now.empty()) state_.endpoints.Add(now, name);
    joined_.insert({before, now});
  });
}

// There are few, and each may clash with each.
void DesiredUpdate::SettleBgp() {
  for (const std::string_view kind : kForBgp) {
    are_advertisements_due_ |= IsTouched(kind);
    ForEachTouched(kind, [&](const std::string& name) { Admit(name); });
  }
  if (!are_advertisements_due_) return;
  BgpAdmission admission = AdmitBgp(desired_.objects, desired_.bgp);
  difference_.bgp = admission.admitted != desired_.bgp;
  desired_.bgp = std::move(admission.admitted);
  for (const auto& [name, problem] : state_.bgp_problems) touched_.insert(name);
  state_.bgp_problems.clear();
  for (const Problem& problem : admission.problems) {
    touched_.insert(problem.object);
    state_.bgp_problems[problem.object] = problem;
  }
}

// A service that the pools refuse keeps the value that is in force.
void DesiredUpdate::SettleService(const std::string& name) {
  const Object* const newest = NewestOf(name);
  bool is_other = said_.contains(name);
  if (newest == nullptr) {
    RemoveUnlessThere(name);
  } else {
    KnownObject& known = *state_.known.Find(name);
    const auto& value = std::get<ServiceObject>(newest->value);
    std::optional<Problem> clash =
        state_.admission.Refusal(*newest, RequestOf(value, desired_.objects));
    known.clash =
        clash ? std::make_unique<Problem>(*std::move(clash)) : nullptr;
    is_other |= known.waiting && !known.clash;
    if (!known.clash) Admit(name);
    ReviewRestored(name, known);
  }
  NoteFaulty(name);
  NoteCounted(name);
  if (is_other) joined_.emplace(NameWithoutKind(name));
}

// A value that pools refuse is no last good value of an earlier run: other
// nodes, which did not have it, do not know it.
void DesiredUpdate::ReviewRestored(const std::string& name,
                                   const KnownObject& known) {
  if (state_.restored.erase(name) == 0 || !known.clash) return;
  const Object* const in_force = InForce(name);
  if (!state_.options.follows_statuses || in_force == nullptr) return;
  const auto& value = std::get<ServiceObject>(in_force->value);
  const bool is_refused =
      state_.admission.Refusal(*in_force, RequestOf(value, desired_.objects))
          .has_value();
  if (is_refused) desired_.objects.erase(name);
}

// A service that is there, and of which no value is in force, may be meant by
// what it was before.
void DesiredUpdate::NoteFaulty(const std::string& name) {
  const KnownObject* const known = state_.known.Find(name);
  const bool is_faulty =
      known != nullptr && !known->passed_over && InForce(name) == nullptr;
  const std::string service(NameWithoutKind(name));
  if (is_faulty == desired_.faulty_services.contains(service)) return;
  difference_.may_define = true;
  SetIn(service, is_faulty, desired_.may_define.services);
  if (is_faulty) {
    desired_.faulty_services[service] = "";  // No file.
  } else {
    desired_.faulty_services.erase(service);
  }
}

// A service that counted and has got a fault of its own counts as before.
void DesiredUpdate::NoteCounted(const std::string& name) {
  const KnownObject* const known = state_.known.Find(name);
  const bool may_count = state_.options.follows_statuses && known != nullptr &&
                         !known->passed_over && InForce(name) == nullptr;
  if (!may_count) {
    desired_.counted.erase(name);
  } else if (known->HasNewest() && known->waiting) {
    desired_.counted.insert_or_assign(name, *known->waiting);
  }
}

void DesiredUpdate::Publish(const std::string& service) {
  const std::string name = fmt::format("{}/{}", kService, service);
  const Object* object = InForce(name);
  const auto counted = desired_.counted.find(name);
  if (counted != desired_.counted.end()) object = &counted->second;
  const auto before = desired_.services.find(service);
  const bool was_there = before != desired_.services.end();
  if (object == nullptr) {
    if (!was_there) return;
    desired_.services.erase(before);
    changed_.insert(service);
    return;
  }
  auto endpoints = state_.endpoints.EndpointsOf(service, desired_.objects);
  if (!endpoints && state_.options.knows_endpoints) endpoints.emplace();
  Service now = JoinService(*object, desired_.objects, std::move(endpoints));
  if (!was_there || before->second.request != now.request ||
      before->second.traffic != now.traffic) {
    changed_.insert(service);
  }
  desired_.services[service] = std::move(now);
}

void DesiredUpdate::UpdateProblems() {
  ProblemsOf problems;
  for (const std::string& name : touched_) {
    const KnownObject* const known = state_.known.Find(name);
    std::vector<Problem> now;
    if (known != nullptr) now = known->faults;
    if (known != nullptr && known->clash) now.push_back(*known->clash);
    const auto refused = state_.bgp_problems.find(name);
    if (refused != state_.bgp_problems.end()) now.push_back(refused->second);
    if (now.empty() && !HasProblemsOf(name, desired_.problems)) continue;
    problems[name] = std::move(now);
  }
  AddLeftOut(&problems);
  difference_.new_problems =
      ReplaceProblems(std::move(problems), &desired_.problems);
}

void DesiredUpdate::AddLeftOut(ProblemsOf* problems) const {
  for (const std::string_view kind : ReadKinds()) {
    const size_t count = state_.known.left_out(kind);
    if (count == 0 && !HasProblemsOf(kind, desired_.problems)) continue;
    std::vector<Problem>& now = (*problems)[std::string(kind)];
    if (count == 0) continue;
    now.push_back(
        {{},
         std::string(kind),
         "",
         fmt::format("{} objects are not read, want at most {} in all", count,
                     state_.known.objects_max())});
  }
}

void DesiredUpdate::UpdateNotices() {
  ProblemsOf notices;
  const auto add_own = [&](const std::string& name) {
    const KnownObject* const known = state_.known.Find(name);
    notices[name] = known == nullptr ? std::vector<Problem>() : known->notices;
  };
  for (const std::string& name : said_) add_own(name);
  if (are_advertisements_due_ && state_.is_complete) {
    const auto& known = state_.known.all();
    for (const std::string_view kind : KindsWithNotices()) {
      const auto end = EndOf(known, kind);
      for (auto it = BeginOf(known, kind); it != end; ++it) add_own(it->first);
    }
    for (const auto find :
         {&UnknownPools, &UnknownPeers, &UnmatchedSelectors}) {
      for (const Problem& notice : find(desired_)) {
        notices[notice.object].push_back(notice);
      }
    }
  }
  std::erase_if(notices, [&](const auto& entry) {
    const auto& [name, now] = entry;
    return now.empty() && !HasProblemsOf(name, state_.notices);
  });
  if (notices.empty()) return;
  difference_.new_notices =
      ReplaceProblems(std::move(notices), &state_.notices);
  desired_.notices = ShownNotices(state_.notices);
}

}  // namespace lb::config

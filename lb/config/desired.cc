#include "lb/config/desired.h"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "fmt/format.h"
#include "lb/config/advertisement_notices.h"
#include "lb/config/bgp_admission.h"
#include "lb/config/endpoint_index.h"
#include "lb/config/fault_reach.h"
#include "lb/config/pool_admission.h"
#include "lb/config/printable.h"
#include "lb/config/service_admission.h"
#include "lb/config/service_join.h"

namespace lb::config {
namespace {

constexpr size_t kNamedKindsMax = 20;
constexpr size_t kKindShownMax = 100;

template <typename T>
const T* As(const Object& object) {
  return std::get_if<T>(&object.value);
}

// If an object is defined twice, the definition that is in force stays. The
// other one is refused, even if it was read first.
void KeepInForce(const Desired& previous, Manifests* manifests) {
  std::map<std::string_view, Object*> first;
  for (Object& object : manifests->objects) first[object.name] = &object;
  for (Repeated& repeated : manifests->repeated) {
    const auto before = previous.objects.find(repeated.object.name);
    const auto kept = first.find(repeated.object.name);
    if (before == previous.objects.end() || kept == first.end()) continue;
    if (kept->second->value == before->second.value ||
        !(repeated.object.value == before->second.value)) {
      continue;
    }
    std::swap(*kept->second, repeated.object);
    Problem& problem = manifests->problems[repeated.problem];
    problem.origin = repeated.object.origin;
    problem.message =
        fmt::format("defined at {}:{} already, want one definition",
                    kept->second->origin.file(), kept->second->origin.line());
  }
}

// Builds one Desired, kind by kind: what an object is checked against comes
// before it.
class Builder {
 public:
  Builder(const Manifests& manifests, const Desired& previous)
      : manifests_(manifests),
        previous_(previous),
        reach_(manifests, previous) {
    desired_.problems = manifests.problems;
    desired_.notices = manifests.notices;
    desired_.read_count = manifests.read_count;
    desired_.skipped_count = manifests.skipped_count;
    desired_.skipped = manifests.skipped;
    desired_.unread_files = manifests.unread_files;
    desired_.other_class = manifests.other_class;
    desired_.passed_over = manifests.passed_over;
    for (const Object& object : manifests.objects) named_.insert(object.name);
  }

  Desired Build() {
    AdmitPools();
    for (const Object& object : manifests_.objects) {
      if (!As<PoolObject>(object) && !As<ServiceObject>(object)) Admit(object);
    }
    KeepLastGood();
    AdmitServices();
    AdmitForBgp();
    reach_.Report(&desired_);
    Publish();
    AddNotices(UnknownPools(desired_));
    AddNotices(UnknownPeers(desired_));
    AddNotices(UnmatchedSelectors(desired_));
    desired_.notices = ShownNotices(desired_.notices);
    return std::move(desired_);
  }

 private:
  void AdmitPools() {
    PoolCandidates candidates = {.in_force = previous_.objects};
    for (const Object& object : manifests_.objects) {
      if (As<PoolObject>(object)) candidates.read.push_back(&object);
    }
    for (const auto& [name, object] : previous_.objects) {
      if (As<PoolObject>(object) && IsMissed(object)) {
        candidates.kept.push_back(&object);
      }
    }
    const PoolAdmission admission = config::AdmitPools(candidates);
    for (const auto& [name, object] : admission.admitted) {
      Admit(*object);
      desired_.pools.push_back(As<PoolObject>(*object)->pool);
    }
    desired_.problems.insert(desired_.problems.end(),
                             admission.problems.begin(),
                             admission.problems.end());
  }

  void Admit(const Object& object) {
    desired_.objects.insert_or_assign(object.name, object);
  }

  const Object* Before(const std::string& name) const {
    const auto before = previous_.objects.find(name);
    return before == previous_.objects.end() ? nullptr : &before->second;
  }

  // Is the object still meant, though its new value could not be read?
  bool IsMissed(const Object& object) const {
    if (named_.contains(object.name)) return false;
    return manifests_.defined_at.contains(object.name) ||
           reach_.MayHold(object);
  }

  void KeepLastGood() {
    for (const auto& [name, object] : previous_.objects) {
      if (!As<PoolObject>(object) && IsMissed(object)) Admit(object);
    }
  }

  void AdmitServices() {
    ServiceAdmission admission;
    admission.SetPools(desired_.pools);
    for (const Object& object : manifests_.objects) {
      const ServiceObject* const service = As<ServiceObject>(object);
      if (service == nullptr) continue;
      std::optional<Problem> refusal =
          admission.Refusal(object, RequestOf(*service, desired_.objects));
      if (!refusal) {
        Admit(object);
        continue;
      }
      desired_.problems.push_back(*std::move(refusal));
      if (const Object* const before = Before(object.name)) Admit(*before);
    }
  }

  void AdmitForBgp() {
    BgpAdmission admission = AdmitBgp(desired_.objects, previous_.bgp);
    desired_.bgp = std::move(admission.admitted);
    desired_.problems.insert(desired_.problems.end(),
                             admission.problems.begin(),
                             admission.problems.end());
  }

  // Turns the admitted objects into lists and joins them.
  void Publish() {
    CollectEndpoints();
    for (const auto& [name, object] : desired_.objects) {
      if (const auto* pool = As<PoolObject>(object)) {
        desired_.pool_labels[pool->pool.name] = pool->labels;
      } else if (const auto* node = As<election::NodeAttributes>(object)) {
        desired_.nodes[node->name] = *node;
      } else if (const auto* service = As<ServiceObject>(object)) {
        PublishService(object, *service);
      } else if (const auto* advertisement =
                     As<election::L2Advertisement>(object)) {
        desired_.advertisements.push_back(*advertisement);
      }
    }
  }

  void CollectEndpoints() {
    for (const auto& [name, object] : desired_.objects) {
      const auto* const slice = As<EndpointSliceObject>(object);
      if (slice == nullptr) continue;
      endpoints_.Add(slice->service, name);
    }
  }

  void PublishService(const Object& object, const ServiceObject& value) {
    const std::string& name = value.request.service;
    desired_.services[name] =
        JoinService(object, desired_.objects,
                    endpoints_.EndpointsOf(name, desired_.objects));
  }

  void AddNotices(const std::vector<Problem>& notices) {
    desired_.notices.insert(desired_.notices.end(), notices.begin(),
                            notices.end());
  }

  const Manifests& manifests_;
  const Desired& previous_;
  const FaultReach reach_;
  std::set<std::string, std::less<>> named_;  // Good objects of `manifests_`.
  EndpointIndex endpoints_;
  Desired desired_;
};

}  // namespace

std::vector<Problem> ShownNotices(const std::vector<Problem>& notices) {
  if (notices.size() <= kNoticesMax) return notices;
  std::vector<Problem> shown(notices.begin(), notices.begin() + kNoticesMax);
  shown.push_back({{},
                   "",
                   "",
                   fmt::format("{} more notices are not shown",
                               notices.size() - kNoticesMax)});
  return shown;
}

Desired BuildDesired(const Manifests& manifests, const Desired& previous) {
  if (manifests.repeated.empty()) return Builder(manifests, previous).Build();
  Manifests chosen = manifests;
  KeepInForce(previous, &chosen);
  return Builder(chosen, previous).Build();
}

election::NodeAttributes AttributesOf(const Desired& desired,
                                      const std::string& node) {
  const auto known = desired.nodes.find(node);
  return known == desired.nodes.end() ? election::NodeKnownByName(node)
                                      : known->second;
}

std::string CountsText(const Desired& desired) {
  std::string text = fmt::format("{} documents read, {} skipped",
                                 desired.read_count, desired.skipped_count);
  size_t named = 0;
  for (const auto& [kind, count] : desired.skipped) {
    if (named == kNamedKindsMax) {
      text += fmt::format(" and {} more kinds", desired.skipped.size() - named);
      break;
    }
    text += fmt::format("{}{} {}", named == 0 ? ": " : ", ", count,
                        Printable(kind, kKindShownMax));
    ++named;
  }
  if (desired.unread_files > 0) {
    text += fmt::format("; {} files not read", desired.unread_files);
  }
  if (!desired.other_class.empty()) {
    text += fmt::format("; {} services of another class",
                        desired.other_class.size());
  }
  return text;
}

}  // namespace lb::config

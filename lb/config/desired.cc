#include "lb/config/desired.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "fmt/format.h"
#include "lb/base/check.h"
#include "lb/base/nearest.h"
#include "lb/config/fault_reach.h"
#include "lb/config/object_readers.h"
#include "lb/config/printable.h"
#include "lb/config/unmatched_selectors.h"
#include "lb/ipam/allocator.h"
#include "lb/ipam/pool_validation.h"

namespace lb::config {
namespace {

// Pools that a problem lists by name.
constexpr size_t kNamedPoolsMax = 8;
constexpr size_t kNoticesMax = 1000;
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
    problem.file = repeated.object.file;
    problem.line = repeated.object.line;
    problem.message =
        fmt::format("defined at {}:{} already, want one definition",
                    kept->second->file, kept->second->line);
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
    reach_.Report(&desired_);
    Publish();
    const std::vector<Problem> unmatched = UnmatchedSelectors(desired_);
    desired_.notices.insert(desired_.notices.end(), unmatched.begin(),
                            unmatched.end());
    BoundNotices();
    return std::move(desired_);
  }

 private:
  // Pools that stand as they stood come first: an error elsewhere does not
  // take their addresses.
  void AdmitPools() {
    std::vector<const Object*> unchanged, changed, last_good;
    for (const Object& object : manifests_.objects) {
      const PoolObject* const next = As<PoolObject>(object);
      if (next == nullptr) continue;
      const Object* const before = Before(object.name);
      const PoolObject* const last =
          before == nullptr ? nullptr : As<PoolObject>(*before);
      (last != nullptr && *last == *next ? unchanged : changed)
          .push_back(&object);
    }
    for (const auto& [name, object] : previous_.objects) {
      if (As<PoolObject>(object) && IsMissed(object)) {
        unchanged.push_back(&object);
      }
    }
    unchanged.insert(unchanged.end(), changed.begin(), changed.end());
    for (const Object* const refused : AdmitPoolsOf(unchanged, true)) {
      const Object* const before = Before(refused->name);
      if (before != nullptr) last_good.push_back(before);
    }
    AdmitPoolsOf(last_good, false);
  }

  // Admits those that clash with no pool admitted before; returns the others.
  std::vector<const Object*> AdmitPoolsOf(
      const std::vector<const Object*>& objects, bool report) {
    std::vector<ipam::Pool> pools = AdmittedPools();
    const size_t admitted = pools.size();
    for (const Object* const object : objects) {
      pools.push_back(As<PoolObject>(*object)->pool);
    }
    const std::vector<absl::Status> verdicts = ipam::ValidatePools(pools);
    std::vector<const Object*> refused;
    for (size_t i = 0; i < objects.size(); ++i) {
      const absl::Status& verdict = verdicts[admitted + i];
      if (verdict.ok()) {
        Admit(*objects[i]);
        continue;
      }
      refused.push_back(objects[i]);
      if (report) RefusePool(*objects[i], verdict);
    }
    return refused;
  }

  std::vector<ipam::Pool> AdmittedPools() const {
    std::vector<ipam::Pool> pools;
    for (const auto& [name, object] : desired_.objects) {
      if (const auto* pool = As<PoolObject>(object))
        pools.push_back(pool->pool);
    }
    return pools;
  }

  // `verdict` reads "IPAddressPool/name: field: what".
  void RefusePool(const Object& object, const absl::Status& verdict) {
    std::string_view text = {verdict.message().data(),
                             verdict.message().size()};
    text = WithoutName(text, object);
    const size_t colon = text.find(": ");
    LB_CHECK(colon != std::string_view::npos);  // ValidatePools' form.
    const std::string field(text.substr(0, colon));
    desired_.problems.push_back(
        {object.file, LineOf(object, field), object.name, field,
         fmt::format("{}{}", text.substr(colon + 2), WhereOverlapped(object))});
  }

  // " (at file:line)" of the admitted pool that `object` overlaps.
  std::string WhereOverlapped(const Object& object) const {
    const ipam::Pool& pool = As<PoolObject>(object)->pool;
    for (const auto& [name, other] : desired_.objects) {
      const PoolObject* const value = As<PoolObject>(other);
      if (value == nullptr) continue;
      for (const net::IpRange& taken : value->pool.ranges) {
        for (const net::IpRange& range : pool.ranges) {
          if (!range.Overlaps(taken)) continue;
          return fmt::format(" ({} is at {}:{})", name, other.file, other.line);
        }
      }
    }
    return "";  // It overlaps itself.
  }

  static std::string_view WithoutName(std::string_view text,
                                      const Object& object) {
    const std::string prefix = object.name + ": ";
    if (text.starts_with(prefix)) text.remove_prefix(prefix.size());
    return text;
  }

  static int LineOf(const Object& object, const std::string& field) {
    const auto line = object.field_lines.find(field);
    return line == object.field_lines.end() ? object.line : line->second;
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

  // What a service asks for must be possible with the pools there are. One
  // that asks for nothing may wait for a pool.
  void AdmitServices() {
    ipam::Allocator allocator;
    const absl::Status status = allocator.SetPools(AdmittedPools());
    LB_CHECK(status.ok());  // They were validated.
    for (const Object& object : manifests_.objects) {
      const ServiceObject* const service = As<ServiceObject>(object);
      if (service == nullptr) continue;
      const absl::Status verdict = allocator.Check(RequestOf(*service));
      if (verdict.ok() || absl::IsResourceExhausted(verdict)) {
        Admit(object);
        continue;
      }
      RefuseService(object, *service, verdict);
      if (const Object* const before = Before(object.name)) Admit(*before);
    }
  }

  void RefuseService(const Object& object, const ServiceObject& service,
                     const absl::Status& verdict) {
    const std::string_view text = {verdict.message().data(),
                                   verdict.message().size()};
    const std::string& field = service.asking_field;
    desired_.problems.push_back(
        {object.file, LineOf(object, field), object.name, field,
         fmt::format("{}{}", WithoutName(text, object),
                     WantedOf(service.request, verdict))});
  }

  // What would have been right, where the verdict does not say it.
  std::string WantedOf(const ipam::ServiceRequest& request,
                       const absl::Status& verdict) const {
    if (absl::IsFailedPrecondition(verdict)) {
      return ", want an address that a pool gives to this service";
    }
    const bool asks_for_pool_or_address = request.reservation.empty();
    if (!absl::IsNotFound(verdict) || !asks_for_pool_or_address) return "";
    std::vector<std::string> names;
    for (const ipam::Pool& pool : AdmittedPools()) {
      if (names.size() == kNamedPoolsMax) {
        names.push_back("...");
        break;
      }
      names.push_back(pool.name);
    }
    return fmt::format(
        ", want {}: {}",
        request.requested_addresses.empty() ? "one of the pools"
                                            : "an address of one of the pools",
        names.empty() ? "there are none"
                      : fmt::format("{}", fmt::join(names, ", ")));
  }

  ipam::ServiceRequest RequestOf(const ServiceObject& service) const {
    ipam::ServiceRequest request = service.request;
    const auto object =
        desired_.objects.find("Namespace/" + request.service_namespace);
    request.namespace_labels =
        object != desired_.objects.end()
            ? As<NamespaceObject>(object->second)->labels
            : ImpliedNamespace(request.service_namespace).labels;
    return request;
  }

  // Turns the admitted objects into lists and joins them.
  void Publish() {
    CollectEndpoints();
    for (const auto& [name, object] : desired_.objects) {
      if (const auto* pool = As<PoolObject>(object)) {
        desired_.pools.push_back(pool->pool);
        desired_.pool_labels[pool->pool.name] = pool->labels;
      } else if (const auto* node = As<election::NodeAttributes>(object)) {
        desired_.nodes[node->name] = *node;
      } else if (const auto* service = As<ServiceObject>(object)) {
        PublishService(object, *service);
      } else if (const auto* advertisement =
                     As<election::L2Advertisement>(object)) {
        desired_.advertisements.push_back(*advertisement);
        NoticeUnknownPools(object, *advertisement);
      }
    }
  }

  void CollectEndpoints() {
    for (const auto& [name, object] : desired_.objects) {
      const auto* const slice = As<EndpointSliceObject>(object);
      if (slice == nullptr) continue;
      std::vector<election::ServiceEndpoint>& all = endpoints_[slice->service];
      all.insert(all.end(), slice->endpoints.begin(), slice->endpoints.end());
    }
  }

  void PublishService(const Object& object, const ServiceObject& value) {
    Service service = {.request = RequestOf(value),
                       .traffic = value.traffic,
                       .object = object.name,
                       .file = object.file,
                       .line = object.line};
    const auto endpoints = endpoints_.find(service.request.service);
    if (endpoints != endpoints_.end()) {
      service.traffic.endpoints = endpoints->second;
    }
    desired_.services.push_back(std::move(service));
  }

  void NoticeUnknownPools(const Object& object,
                          const election::L2Advertisement& advertisement) {
    for (size_t i = 0; i < advertisement.pools.size(); ++i) {
      const std::string& pool = advertisement.pools[i];
      if (desired_.objects.contains("IPAddressPool/" + pool)) continue;
      const std::string field = fmt::format("spec.ipAddressPools[{}]", i);
      desired_.notices.push_back({object.file, LineOf(object, field),
                                  object.name, field,
                                  fmt::format("\"{}\": no such pool{}", pool,
                                              DidYouMean(pool, PoolNames()))});
    }
  }

  std::vector<std::string_view> PoolNames() const {
    std::vector<std::string_view> names;
    for (const auto& [name, labels] : desired_.pool_labels) {
      names.push_back(name);
    }
    return names;
  }

  void BoundNotices() {
    const size_t count = desired_.notices.size();
    if (count <= kNoticesMax) return;
    desired_.notices.resize(kNoticesMax);
    desired_.notices.push_back(
        {"", 0, "", "",
         fmt::format("{} more notices are not shown", count - kNoticesMax)});
  }

  const Manifests& manifests_;
  const Desired& previous_;
  const FaultReach reach_;
  std::set<std::string, std::less<>> named_;  // Good objects of `manifests_`.
  std::map<std::string, std::vector<election::ServiceEndpoint>> endpoints_;
  Desired desired_;
};

}  // namespace

Desired BuildDesired(const Manifests& manifests, const Desired& previous) {
  if (manifests.repeated.empty()) return Builder(manifests, previous).Build();
  Manifests chosen = manifests;
  KeepInForce(previous, &chosen);
  return Builder(chosen, previous).Build();
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

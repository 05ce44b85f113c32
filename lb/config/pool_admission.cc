#include "lb/config/pool_admission.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "fmt/format.h"
#include "lb/base/check.h"
#include "lb/ipam/pool_validation.h"

namespace lb::config {
namespace {

const PoolObject& PoolOf(const Object& object) {
  return std::get<PoolObject>(object.value);
}

class Admission {
 public:
  explicit Admission(const PoolCandidates& candidates)
      : candidates_(candidates) {}

  PoolAdmission Admit() {
    std::vector<const Object*> unchanged, changed, last_good;
    for (const Object* const object : candidates_.read) {
      const Object* const before = Before(object->name);
      const bool is_same = before != nullptr && before->value == object->value;
      (is_same ? unchanged : changed).push_back(object);
    }
    unchanged.insert(unchanged.end(), candidates_.kept.begin(),
                     candidates_.kept.end());
    unchanged.insert(unchanged.end(), changed.begin(), changed.end());
    const std::vector<const Object*> refused = AdmitInOrder(unchanged);
    Report(refused);
    for (const Object* const object : refused) {
      const Object* const before = Before(object->name);
      if (before != nullptr) last_good.push_back(before);
    }
    AdmitInOrder(last_good);
    return std::move(admission_);
  }

 private:
  const Object* Before(const std::string& name) const {
    const auto before = candidates_.in_force.find(name);
    return before == candidates_.in_force.end() ? nullptr : &before->second;
  }

  // The verdicts on `objects` behind the pools that are admitted already.
  std::vector<absl::Status> Judge(
      const std::vector<const Object*>& objects) const {
    std::vector<ipam::Pool> pools;
    for (const auto& [name, object] : admission_.admitted) {
      pools.push_back(PoolOf(*object).pool);
    }
    const size_t admitted = pools.size();
    for (const Object* const object : objects) {
      pools.push_back(PoolOf(*object).pool);
    }
    std::vector<absl::Status> verdicts = ipam::ValidatePools(pools);
    verdicts.erase(verdicts.begin(),
                   verdicts.begin() + static_cast<ptrdiff_t>(admitted));
    return verdicts;
  }

  // Admits those that clash with no pool admitted before; returns the others.
  std::vector<const Object*> AdmitInOrder(
      const std::vector<const Object*>& objects) {
    const std::vector<absl::Status> verdicts = Judge(objects);
    std::vector<const Object*> refused;
    for (size_t i = 0; i < objects.size(); ++i) {
      if (verdicts[i].ok()) {
        admission_.admitted[objects[i]->name] = objects[i];
      } else {
        refused.push_back(objects[i]);
      }
    }
    return refused;
  }

  // Judges once more, now that all are admitted: the same pools have the same
  // problems when they are read again.
  void Report(const std::vector<const Object*>& refused) {
    const std::vector<absl::Status> verdicts = Judge(refused);
    for (size_t i = 0; i < refused.size(); ++i) {
      LB_CHECK(!verdicts[i].ok());  // What it clashed with is admitted.
      Refuse(*refused[i], verdicts[i]);
    }
  }

  // `verdict` reads "IPAddressPool/name: field: what".
  void Refuse(const Object& object, const absl::Status& verdict) {
    std::string_view text = {verdict.message().data(),
                             verdict.message().size()};
    const std::string prefix = object.name + ": ";
    if (text.starts_with(prefix)) text.remove_prefix(prefix.size());
    const size_t colon = text.find(": ");
    LB_CHECK(colon != std::string_view::npos);  // ValidatePools' form.
    const std::string field(text.substr(0, colon));
    text.remove_prefix(colon + 2);
    admission_.problems.push_back({object.OriginOf(field), object.name, field,
                                   fmt::format("{}{}", text, WhereIsIn(text))});
  }

  // " (NAME is at file:line)" of the admitted pool that the verdict names. In
  // the Kubernetes API the name alone says where it is.
  std::string WhereIsIn(std::string_view text) const {
    constexpr std::string_view kOverlaps = " overlaps ";
    const size_t at = text.find(kOverlaps);
    if (at == std::string_view::npos) return "";
    text.remove_prefix(at + kOverlaps.size());
    const std::string name(text.substr(0, text.find(' ')));
    const auto other = admission_.admitted.find(name);
    if (other == admission_.admitted.end()) return "";  // It overlaps itself.
    const Origin& origin = other->second->origin;
    if (origin.file().empty()) return "";
    return fmt::format(" ({} is at {}:{})", name, origin.file(), origin.line());
  }

  const PoolCandidates& candidates_;
  PoolAdmission admission_;
};

}  // namespace

PoolAdmission AdmitPools(const PoolCandidates& candidates) {
  return Admission(candidates).Admit();
}

}  // namespace lb::config

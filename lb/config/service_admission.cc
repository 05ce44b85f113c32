#include "lb/config/service_admission.h"

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "fmt/format.h"
#include "lb/base/check.h"

namespace lb::config {
namespace {

// Pools that a problem lists by name.
constexpr size_t kNamedPoolsMax = 8;

}  // namespace

void ServiceAdmission::SetPools(const std::vector<ipam::Pool>& pools) {
  const absl::Status status = allocator_.SetPools(pools);
  LB_CHECK(status.ok());  // They were validated.
  named_pools_.clear();
  for (const ipam::Pool& pool : pools) {
    const bool has_room = named_pools_.size() < kNamedPoolsMax;
    named_pools_.push_back(has_room ? pool.name : "...");
    if (!has_room) break;
  }
}

std::optional<Problem> ServiceAdmission::Refusal(
    const Object& object, const ipam::ServiceRequest& request) const {
  const absl::Status verdict = allocator_.Check(request);
  if (verdict.ok() || absl::IsResourceExhausted(verdict)) return std::nullopt;
  std::string_view text = {verdict.message().data(), verdict.message().size()};
  const std::string prefix = object.name + ": ";
  if (text.starts_with(prefix)) text.remove_prefix(prefix.size());
  const std::string& field = std::get<ServiceObject>(object.value).asking_field;
  return Problem{object.OriginOf(field), object.name, field,
                 fmt::format("{}{}", text, WantedOf(request, verdict))};
}

// What would have been right, where the verdict does not say it.
std::string ServiceAdmission::WantedOf(const ipam::ServiceRequest& request,
                                       const absl::Status& verdict) const {
  if (absl::IsFailedPrecondition(verdict)) {
    return ", want an address that a pool gives to this service";
  }
  const bool asks_for_pool_or_address = request.reservation.empty();
  if (!absl::IsNotFound(verdict) || !asks_for_pool_or_address) return "";
  return fmt::format(
      ", want {}: {}",
      request.requested_addresses.empty() ? "one of the pools"
                                          : "an address of one of the pools",
      named_pools_.empty() ? "there are none"
                           : fmt::format("{}", fmt::join(named_pools_, ", ")));
}

}  // namespace lb::config

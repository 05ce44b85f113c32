#include "lb/ipam/request_rules.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "lb/base/status_macros.h"

namespace lb::ipam {

using net::IpAddress;
using net::IpFamily;

FamilyWish WishOf(const ServiceRequest& request) {
  const std::vector<IpFamily>& listed = request.families;
  FamilyWish wish;
  wish.order = {IpFamily::kIpv4, IpFamily::kIpv6};
  if (!listed.empty() && listed.front() == IpFamily::kIpv6) {
    std::swap(wish.order[0], wish.order[1]);
  }
  switch (request.family_policy) {
    case FamilyPolicy::kSingleStack:
      if (!listed.empty()) wish.order.resize(1);
      break;
    case FamilyPolicy::kPreferDualStack:
      if (listed.size() == 1) {
        wish.order.resize(1);
      } else {
        wish.count_max = 2;
      }
      break;
    case FamilyPolicy::kRequireDualStack:
      wish.count_min = wish.count_max = 2;
      break;
  }
  return wish;
}

absl::Status ServiceError(absl::StatusCode code, const ServiceRequest& request,
                          std::string_view what) {
  const std::string text = fmt::format("Service/{}: {}", request.service, what);
  return absl::Status(code, text);
}

absl::Status ValidateRequest(const ServiceRequest& request) {
  const auto refuse = [&](std::string_view what) {
    return ServiceError(absl::StatusCode::kInvalidArgument, request, what);
  };
  if (request.service.empty()) return refuse("no name, want namespace/name");
  const std::vector<IpAddress>& asked = request.requested_addresses;
  if (asked.empty()) return absl::OkStatus();
  if (!request.reservation.empty()) {
    return refuse(
        fmt::format("asks for {} and for the reservation {}, want "
                    "one of the two",
                    asked.front().ToString(), request.reservation));
  }
  LB_RETURN_IF_ERROR(ValidateAddresses(request, asked));
  const FamilyWish wish = WishOf(request);
  for (const IpAddress& address : asked) {
    if (std::find(wish.order.begin(), wish.order.end(), address.family()) ==
        wish.order.end()) {
      return refuse(fmt::format("asks for {}, want an {} address",
                                address.ToString(),
                                net::ToString(wish.order.front())));
    }
  }
  if (asked.size() < wish.count_min) {
    return refuse(
        fmt::format("asks for {} alone, want one address of each "
                    "family for RequireDualStack",
                    asked.front().ToString()));
  }
  return absl::OkStatus();
}

absl::Status ValidateAddresses(const ServiceRequest& request,
                               absl::Span<const IpAddress> addresses) {
  const bool is_valid = addresses.size() < 2 || (addresses.size() == 2 &&
                                                 addresses.front().family() !=
                                                     addresses.back().family());
  if (is_valid) return absl::OkStatus();
  std::string text;
  for (const IpAddress& address : addresses) {
    fmt::format_to(std::back_inserter(text), "{}{}", text.empty() ? "" : ", ",
                   address.ToString());
  }
  return ServiceError(
      absl::StatusCode::kInvalidArgument, request,
      fmt::format("asks for {}, want at most one address of each family",
                  text));
}

}  // namespace lb::ipam

#include "daemon/routes/testing/route_story.h"

#include <utility>

#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "lb/base/check.h"
#include "lb/config/difference.h"
#include "lb/config/manifests.h"
#include "lb/net/ip_address.h"

namespace lb {

RouteStory::RouteStory(const std::string& node, bool ignore_exclude_label)
    : identity_{node, ignore_exclude_label}, planner_(identity_) {}

void RouteStory::SetManifests(std::string_view text) {
  config::Manifests manifests;
  config::ParseManifests("a.yaml", text, {}, &manifests);
  config::Desired now = config::BuildDesired(manifests, {});
  const config::Difference difference = config::DifferenceOf(desired_, now);
  desired_ = std::move(now);
  planner_.SetDesired(desired_, difference);
}

void RouteStory::SetAddress(const std::string& service,
                            std::string_view address, const std::string& pool) {
  auto& addresses = entries_[service].assignment.addresses;
  addresses.clear();
  if (!address.empty()) {
    const auto parsed = net::ParseIpAddress(address);
    LB_CHECK(parsed.ok());
    addresses.push_back({*parsed, pool});
  }
  planner_.NoteEntries({service});
}

std::string RouteStory::Routes() {
  do {
    planner_.Update(desired_, entries_, now_);
  } while (planner_.has_more());
  return planner_.routes().ToString();
}

std::string RouteStory::Verdict(const std::string& service) {
  Routes();
  const auto found = planner_.plans().find(service);
  return found == planner_.plans().end()
             ? ""
             : std::string(bgp::ToString(found->second.verdict));
}

std::string RouteStory::Explain(const std::string& service) const {
  std::string text;
  for (const auto& [node, routes] :
       ExplainRoutes(desired_, entries_, service, identity_)) {
    text += fmt::format("{}: {}\n", node, bgp::ToString(routes.verdict));
    if (!routes.conflict.empty())
      text += fmt::format("  {}\n", routes.conflict);
    for (const auto& route : routes.routes)
      text += fmt::format("  {}\n", route);
    for (const auto& one : routes.notices) text += fmt::format("  ! {}\n", one);
  }
  return text;
}

}  // namespace lb

#include "lb/bgp/route.h"

#include <utility>

#include "lb/base/status_macros.h"

namespace lb::bgp {
namespace {

std::string Text(const net::IpPrefix& prefix,
                 const PathAttributes& attributes) {
  std::string text = prefix.ToString();
  const std::string told = attributes.ToString();
  if (!told.empty()) text += " " + told;
  return text;
}

}  // namespace

std::string Route::ToString() const { return Text(prefix, attributes); }

net::IpPrefix NetworkOf(const net::IpPrefix& prefix) {
  return {prefix.Range().first, prefix.length};
}

absl::Status RouteSet::Set(Route route) {
  route.attributes.Normalize();
  LB_RETURN_IF_ERROR(Validate(route.attributes));
  routes_.insert_or_assign(NetworkOf(route.prefix),
                           std::move(route.attributes));
  return absl::OkStatus();
}

bool RouteSet::Erase(const net::IpPrefix& prefix) {
  return routes_.erase(NetworkOf(prefix)) > 0;
}

const PathAttributes* RouteSet::Find(const net::IpPrefix& prefix) const {
  const auto it = routes_.find(NetworkOf(prefix));
  return it == routes_.end() ? nullptr : &it->second;
}

std::string RouteSet::ToString() const {
  std::string text;
  for (const auto& [prefix, attributes] : routes_) {
    text += Text(prefix, attributes) + "\n";
  }
  return text;
}

}  // namespace lb::bgp

// StatusView's answers: lists, in pages.
#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "daemon/status_view/address_field.h"
#include "daemon/status_view/describe_pool.h"
#include "daemon/status_view/fill_page.h"
#include "daemon/status_view/page.h"
#include "daemon/status_view/status_view.h"
#include "lb/base/status_macros.h"
#include "lb/config/difference.h"
#include "lb/net/ip_address.h"

namespace lb {
namespace {

constexpr int kHoldersMax = 5000;  // As status.proto says.

// Does the node announce it, by any protocol?
bool IsAnnouncedBy(const NodeView& view, std::string_view node,
                   const std::string& service,
                   const ipam::Assignment& assignment) {
  const auto place = view.placement().find(service);
  if (place != view.placement().end() &&
      election::IsAnnouncedBy(place->second.announcers, node)) {
    return true;
  }
  const config::Service* const wanted =
      config::FindService(view.desired, service);
  if (wanted == nullptr) return false;
  const auto routed = view.routing.announcers().Of(*wanted, assignment);
  return std::any_of(routed.begin(), routed.end(),
                     [&](const auto& one) { return one.node == node; });
}

// ListServicesRequest's filters.
struct ServiceFilter {
  std::string_view name_prefix;  // "namespace/"
  std::string_view pool;
  std::string_view node;
  std::optional<net::IpAddress> address;

  bool Matches(const std::string& name,
               const ipam::ReplicatedAllocator::Entry& entry,
               const NodeView& view) const {
    if (!std::string_view(name).starts_with(name_prefix)) return false;
    if (!node.empty() && !IsAnnouncedBy(view, node, name, entry.assignment)) {
      return false;
    }
    const auto& held = entry.assignment.addresses;
    const auto any = [&](auto matches) {
      return std::any_of(held.begin(), held.end(), matches);
    };
    return (pool.empty() ||
            any([&](const auto& a) { return a.pool == pool; })) &&
           (!address ||
            any([&](const auto& a) { return a.address == *address; }));
  }
};

void AddHolders(const AddressEntries& entries, status::v1::Pool* pool) {
  std::map<net::IpAddress, std::vector<std::string_view>> holders;
  for (const auto& [service, entry] : entries) {
    for (const auto& held : entry.assignment.addresses) {
      if (held.pool == pool->name()) holders[held.address].push_back(service);
    }
  }
  for (const auto& [address, services] : holders) {
    if (pool->holders_size() == kHoldersMax) {
      pool->set_holders_omitted(holders.size() - kHoldersMax);
      return;
    }
    auto* const holder = pool->add_holders();
    holder->set_address(address.ToString());
    for (const std::string_view service : services) {
      holder->add_services(std::string(service));
    }
  }
}

// Nullptr: no manifest has the pool, but services hold addresses of it.
using PoolsByName = std::map<std::string, const ipam::Pool*>;

PoolsByName FindPools(const ipam::ReplicatedAllocator& allocator) {
  PoolsByName pools;
  for (const ipam::Pool& pool : allocator.pools()) pools[pool.name] = &pool;
  for (const auto& [service, entry] : allocator.entries()) {
    for (const auto& held : entry.assignment.addresses) {
      pools.try_emplace(held.pool, nullptr);
    }
  }
  for (const ipam::ReplicatedAllocator::Absent& absent :
       allocator.AbsentHolders()) {
    for (const auto& held : absent.held) pools.try_emplace(held.pool, nullptr);
  }
  return pools;
}

status::v1::Pool DescribeGone(const ipam::ReplicatedAllocator& allocator,
                              const std::string& name) {
  status::v1::Pool pool;
  pool.set_name(name);
  pool.set_gone(true);
  AddAbsentHolders(allocator, &pool);
  return pool;
}

}  // namespace

absl::StatusOr<status::v1::ListServicesResponse> StatusView::ListServices(
    const status::v1::ListServicesRequest& request) const {
  LB_ASSIGN_OR_RETURN(Page page,
                      Page::Of(request.page_size(), request.page_token()));
  const std::string prefix = request.service_namespace().empty()
                                 ? ""
                                 : request.service_namespace() + "/";
  ServiceFilter filter = {prefix, request.pool(), request.node(), {}};
  LB_ASSIGN_OR_RETURN(filter.address, ReadAddressField(request.address()));
  status::v1::ListServicesResponse response;
  const AddressEntries& entries = view_.addresses.entries();
  for (auto it = entries.upper_bound(page.after()); it != entries.end(); ++it) {
    const auto& [name, entry] = *it;
    if (!filter.Matches(name, entry, view_)) continue;
    if (!page.HasRoom()) {
      response.set_next_page_token(page.NextToken());
      break;
    }
    auto* const service = response.add_services();
    *service = Describe(name, entry);
    page.Add(name, service->ByteSizeLong());
  }
  return response;
}

status::v1::ListServicesResponse StatusView::DescribeServices() const {
  status::v1::ListServicesResponse response;
  for (const auto& [name, entry] : view_.addresses.entries()) {
    *response.add_services() = Describe(name, entry);
  }
  return response;
}

absl::StatusOr<status::v1::ListPoolsResponse> StatusView::ListPools(
    const status::v1::ListPoolsRequest& request) const {
  LB_ASSIGN_OR_RETURN(Page page,
                      Page::Of(request.page_size(), request.page_token()));
  const ipam::ReplicatedAllocator& allocator = view_.addresses;
  PoolsByName pools = FindPools(allocator);
  if (!request.pool().empty()) {
    std::erase_if(
        pools, [&](const auto& pool) { return pool.first != request.pool(); });
  }
  status::v1::ListPoolsResponse response;
  response.set_next_page_token(FillPage(
      pools, page, [](const auto& pool) { return pool.first; },
      [&](const auto& pool) {
        status::v1::Pool described = pool.second == nullptr
                                         ? DescribeGone(allocator, pool.first)
                                         : Describe(*pool.second);
        if (request.holders()) AddHolders(allocator.entries(), &described);
        return described;
      },
      response.mutable_pools()));
  return response;
}

absl::StatusOr<status::v1::ListMembersResponse> StatusView::ListMembers(
    const status::v1::ListMembersRequest& request) const {
  LB_ASSIGN_OR_RETURN(Page page,
                      Page::Of(request.page_size(), request.page_token()));
  status::v1::ListMembersResponse response;
  response.set_next_page_token(FillPage(
      view_.gossip().Members(), page,
      [](const auto& member) { return member.name; },
      [&](const auto& member) { return Describe(member); },
      response.mutable_members()));
  return response;
}

absl::StatusOr<status::v1::ListInterfacesResponse> StatusView::ListInterfaces(
    const status::v1::ListInterfacesRequest& request) const {
  LB_ASSIGN_OR_RETURN(Page page,
                      Page::Of(request.page_size(), request.page_token()));
  std::vector<const announce::InterfaceChoice*> choices;
  for (const announce::InterfaceChoice& choice :
       view_.announcing.node().interfaces()) {
    choices.push_back(&choice);
  }
  std::sort(choices.begin(), choices.end(), [](const auto* a, const auto* b) {
    return a->interface.name < b->interface.name;
  });
  status::v1::ListInterfacesResponse response;
  response.set_next_page_token(FillPage(
      choices, page, [](const auto* choice) { return choice->interface.name; },
      [&](const auto* choice) { return Describe(*choice); },
      response.mutable_interfaces()));
  return response;
}

}  // namespace lb

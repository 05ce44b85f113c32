#include "daemon/lbctl/name_hint.h"

#include <algorithm>

#include "daemon/lbctl/suggestion.h"

namespace lb::lbctl {
namespace {

using Stub = status::v1::Status::Stub;

std::vector<std::string> ServiceNames(const Client& client) {
  status::v1::ListServicesResponse all;
  std::vector<std::string> names;
  if (!client.AskAll(&Stub::ListServices, {}, &all).ok()) return names;
  for (const auto& service : all.services()) names.push_back(service.name());
  return names;
}

bool IsUnknownName(const grpc::Status& status) {
  return status.error_code() == grpc::StatusCode::NOT_FOUND ||
         status.error_code() == grpc::StatusCode::INVALID_ARGUMENT;
}

}  // namespace

std::vector<std::string> MemberNames(const Client& client) {
  status::v1::ListMembersResponse all;
  std::vector<std::string> names;
  if (!client.AskAll(&Stub::ListMembers, {}, &all).ok()) return names;
  for (const auto& member : all.members()) names.push_back(member.name());
  return names;
}

std::vector<std::string> PoolNames(const Client& client) {
  status::v1::ListPoolsResponse all;
  std::vector<std::string> names;
  if (!client.AskAll(&Stub::ListPools, {}, &all).ok()) return names;
  for (const auto& pool : all.pools()) names.push_back(pool.name());
  return names;
}

NameHint HintOfService(const std::string& service) {
  return [service](const Client& client, const grpc::Status& status) {
    if (!IsUnknownName(status)) return std::string();
    return NearestService(service, ServiceNames(client));
  };
}

NameHint HintOfNodes(const std::vector<std::string>& nodes) {
  return [nodes](const Client& client, const grpc::Status& status) {
    if (!IsUnknownName(status)) return std::string();
    const std::vector<std::string> members = MemberNames(client);
    for (const std::string& node : nodes) {
      if (std::find(members.begin(), members.end(), node) != members.end()) {
        continue;
      }
      const std::string near = SuggestName(node, members);
      if (!near.empty()) return node + near;
    }
    return std::string();
  };
}

}  // namespace lb::lbctl

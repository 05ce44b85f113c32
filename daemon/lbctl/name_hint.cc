#include "daemon/lbctl/name_hint.h"

#include <algorithm>
#include <optional>

#include "daemon/lbctl/suggestion.h"

namespace lb::lbctl {
namespace {

using Stub = status::v1::Status::Stub;

using Names = std::vector<std::string>;

// Returns the names of a list's items. The caller says which call lists them
// and which field of the answer has them. Nullopt: the node does not answer.
template <typename Request, typename Response, typename Items>
std::optional<Names> NamesOf(const Client& client,
                             grpc::Status (Stub::*list)(grpc::ClientContext*,
                                                        const Request&,
                                                        Response*),
                             const Items& (Response::*items)() const) {
  Response all;
  if (!client.AskAll(list, {}, &all).ok()) return std::nullopt;
  Names names;
  for (const auto& item : (all.*items)()) names.push_back(item.name());
  return names;
}

std::optional<Names> MemberNames(const Client& client) {
  return NamesOf(client, &Stub::ListMembers,
                 &status::v1::ListMembersResponse::members);
}

grpc::Status CheckName(const std::string& refusal, const std::string& name,
                       const std::optional<Names>& names) {
  if (!names || std::find(names->begin(), names->end(), name) != names->end()) {
    return grpc::Status();
  }
  return grpc::Status(grpc::StatusCode::NOT_FOUND,
                      refusal + SuggestOneOf(name, *names));
}

bool IsUnknownName(const grpc::Status& status) {
  return status.error_code() == grpc::StatusCode::NOT_FOUND ||
         status.error_code() == grpc::StatusCode::INVALID_ARGUMENT;
}

}  // namespace

grpc::Status CheckMember(const Client& client, const std::string& name) {
  if (name.empty()) return grpc::Status();
  return CheckName("Node/" + name + ": there is no such member", name,
                   MemberNames(client));
}

grpc::Status CheckPool(const Client& client, const std::string& name) {
  if (name.empty()) return grpc::Status();
  return CheckName(
      "IPAddressPool/" + name + ": there is no such pool", name,
      NamesOf(client, &Stub::ListPools, &status::v1::ListPoolsResponse::pools));
}

grpc::Status FindHolders(const Client& client, const std::string& address,
                         std::vector<std::string>* services) {
  status::v1::ListServicesRequest request;
  request.set_address(address);
  status::v1::ListServicesResponse all;
  const grpc::Status status = client.AskAll(&Stub::ListServices, request, &all);
  if (!status.ok()) return status;
  for (const auto& service : all.services()) {
    services->push_back(service.name());
  }
  if (!services->empty()) return status;
  return grpc::Status(grpc::StatusCode::NOT_FOUND,
                      address + ": no service holds it");
}

NameHint HintOfService(const std::string& service) {
  return [service](const Client& client, const grpc::Status& status) {
    if (!IsUnknownName(status)) return std::string();
    const auto names = NamesOf(client, &Stub::ListServices,
                               &status::v1::ListServicesResponse::services);
    return NearestService(service, names.value_or(Names()));
  };
}

NameHint HintOfNodes(const std::vector<std::string>& nodes) {
  return [nodes](const Client& client, const grpc::Status& status) {
    if (!IsUnknownName(status)) return std::string();
    const Names members = MemberNames(client).value_or(Names());
    for (const std::string& node : nodes) {
      if (std::find(members.begin(), members.end(), node) != members.end()) {
        continue;
      }
      const std::string near = SuggestOneOf(node, members);
      if (!near.empty()) return node + near;
    }
    return std::string();
  };
}

}  // namespace lb::lbctl

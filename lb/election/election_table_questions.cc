#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "lb/base/check.h"
#include "lb/base/status_macros.h"
#include "lb/election/election_table.h"

namespace lb::election {
namespace {

// The members after some left and others joined.
absl::StatusOr<std::vector<std::string>> MembersAfter(
    std::vector<std::string> members, absl::Span<const std::string> without,
    absl::Span<const std::string> with) {
  for (const std::string& node : without) {
    if (std::erase(members, node) > 0) continue;
    return absl::InvalidArgumentError(
        fmt::format("without \"{}\": no member, want one", node));
  }
  for (const std::string& node : with) {
    if (std::find(members.begin(), members.end(), node) != members.end()) {
      return absl::InvalidArgumentError(
          fmt::format("with \"{}\": a member already, want another", node));
    }
    members.push_back(node);
  }
  return members;
}

}  // namespace

const Announcers* ElectionTable::Find(std::string_view key) const {
  const auto service = services_.find(key);
  if (service == services_.end() || !service->second.announcers) return nullptr;
  return &*service->second.announcers;
}

absl::StatusOr<Explanation> ElectionTable::Explain(std::string_view key) const {
  LB_CHECK(!is_due_);
  const auto found = services_.find(key);
  if (found == services_.end()) {
    return absl::NotFoundError(
        fmt::format("Service/{}: no address of it is up for election", key));
  }
  const Service& service = found->second;
  const std::string winner = NodesText(*service.announcers);
  if (!IsBalanced(service) || winner.empty()) {
    return election::Explain(cluster_, service.vip);
  }
  return ExplainBalanced(cluster_, service.vip, winner, LoadOf(winner));
}

Load ElectionTable::LoadOf(const std::string& node) const {
  Load load = {.share = ShareOfBalanced()};
  for (const auto& [key, service] : services_) {
    if (IsBalanced(service) && IsAnnouncedBy(*service.announcers, node)) {
      ++load.announced;
    }
  }
  return load;
}

absl::StatusOr<std::vector<Move>> ElectionTable::WhatIf(
    absl::Span<const std::string> without,
    absl::Span<const std::string> with) const {
  LB_CHECK(!is_due_);
  LB_ASSIGN_OR_RETURN(const std::vector<std::string> members,
                      MembersAfter(cluster_.members, without, with));
  ElectionTable after = *this;
  after.SetMembers(members);
  std::vector<Move> moves;
  for (const std::string& key : after.Update()) {
    const std::string from = NodesText(*Find(key));
    const std::string to = NodesText(*after.Find(key));
    if (from == to) continue;  // On other interfaces only.
    moves.push_back({key, services_.find(key)->second.vip.address, from, to});
  }
  return moves;
}

}  // namespace lb::election

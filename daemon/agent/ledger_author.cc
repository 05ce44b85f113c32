#include "daemon/agent/ledger_author.h"

#include "lb/election/digest.h"

namespace lb {

void LedgerAuthor::Elect(const Sight& sight,
                         const std::vector<Elections::LiveMember>& live) {
  knows_hosts_ = sight.knows_hosts;
  name_.clear();
  if (!sight.acts) return;
  std::vector<std::string> lbds;  // A MetalLB speaker assigns nothing.
  for (const Elections::LiveMember& member : live) {
    if (member.metadata) lbds.push_back(member.name);
  }
  name_ = election::ElectLedgerAuthor(lbds).value_or("");
}

std::optional<std::string> LedgerAuthor::Proposer() const {
  if (name_.empty()) return std::nullopt;
  if (name_ == node_ && !knows_hosts_) return std::nullopt;
  return name_;
}

}  // namespace lb

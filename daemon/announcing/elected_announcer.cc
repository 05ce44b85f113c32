#include "daemon/announcing/elected_announcer.h"

#include <set>
#include <variant>

namespace lb {

void ElectedAnnouncer::Update(const Look& look) {
  const ElectedPlanner::Plan plan = PlanOf(look);
  if (const auto* all = std::get_if<Elected>(&plan)) {
    announcing_->Update(*all);
  } else if (const auto* change = std::get_if<ElectedChange>(&plan)) {
    announcing_->Change(*change);
  }
  if (look.acts && announcing_->fenced()) announcing_->Unfence();
  if (look.members_went) announcing_->Refresh();
  // A side of a split that kept its addresses has nothing new to announce; but
  // the other side's clients have heard others meanwhile.
  if (look.members_came) {
    announcing_->Reclaim();
    announcing_->Refresh();
  }
}

ElectedPlanner::Plan ElectedAnnouncer::PlanOf(const Look& look) {
  std::set<net::IpAddress> probed;
  if (look.acts) {
    probed = elections_->Claim(look.entries, look.civil_now,
                               {[this](const net::IpAddress& address) {
                                  return announcing_->Answers(address);
                                },
                                announcing_->LeftToForeigners()},
                               look.reuniting);
  }
  return planner_.Next({.acts = look.acts,
                        .entries_version = look.entries_version,
                        .placement_version = elections_->version(),
                        .withheld_version = look.withheld_version,
                        .inputs = {.node = node_,
                                   .entries = look.entries,
                                   .placement = elections_->placement(),
                                   .pools = look.pools,
                                   .withheld = look.withheld,
                                   .probed = probed},
                        .entries_before = look.entries_before,
                        .changed = look.changed,
                        .services_at = [this](const net::IpAddress& address) {
                          return elections_->ServicesAt(address);
                        }});
}

}  // namespace lb

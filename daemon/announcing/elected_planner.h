// ElectedPlanner: plans what a look tells Announcing: nothing, single
// addresses, or all of them.
//
// A look that changed one service among ten thousand plans that service's
// addresses only. Whatever the looks were, what was planned for all of them
// together is what ElectedPlaces::All() says now. Pure state.
//
//   const ElectedPlanner::Plan plan = planner.Next({.acts = true, ...});
//   if (const auto* all = std::get_if<Elected>(&plan)) announcing.Update(*all);
#ifndef LB_DAEMON_ANNOUNCING_ELECTED_PLANNER_H_
#define LB_DAEMON_ANNOUNCING_ELECTED_PLANNER_H_

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <variant>

#include "daemon/announcing/elected.h"
#include "daemon/placement/placement.h"
#include "lb/net/ip_address.h"

namespace lb {

class ElectedPlanner {
 public:
  using Services = std::set<std::string, std::less<>>;
  struct Look {
    bool acts = false;  // The node may announce; else it announces nothing.
    // They count the changes of entries, placement and withheld.
    uint64_t entries_version = 0;
    uint64_t placement_version = 0;
    uint64_t withheld_version = 0;
    ElectedPlaces::Inputs inputs;
    const AddressEntries& entries_before;  // At the last look.
    // All services whose entry or place differs from the last look.
    const Services& changed;
    std::function<Services(const net::IpAddress&)> services_at;
  };
  // Nothing is to be told; all is as `Elected` says; or these addresses are.
  using Plan = std::variant<std::monostate, Elected, ElectedChange>;

  Plan Next(const Look& look);

  // Pools have other terms, so the next plan has all addresses.
  void Forget() { last_ = Seen(); }

 private:
  struct Seen {
    bool acts = false;
    uint64_t entries = 0;
    uint64_t placement = 0;
    uint64_t withheld = 0;
    std::set<net::IpAddress> probed;

    friend bool operator==(const Seen&, const Seen&) = default;
  };

  ElectedChange ChangeOf(const Look& look) const;

  Seen last_;
};

}  // namespace lb

#endif  // LB_DAEMON_ANNOUNCING_ELECTED_PLANNER_H_

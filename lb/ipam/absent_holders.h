// AbsentHolders(): the services that no manifest asks for and that still hold
// addresses, and what a full pool says of them.
//
// Pure functions.
#ifndef LB_IPAM_ABSENT_HOLDERS_H_
#define LB_IPAM_ABSENT_HOLDERS_H_

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lb/ipam/absent_services.h"
#include "lb/ipam/assignment.h"
#include "lb/ipam/ledger.h"
#include "lb/ipam/may_define.h"
#include "lb/ipam/selection.h"

namespace lb::ipam {

struct AbsentHolder {
  std::string service;
  std::vector<AssignedAddress> held;
  absl::Time since;        // Civil time; as this node saw it, since its start.
  bool held_back = false;  // By Wanted::may_exist; else to be released soon.

  friend bool operator==(const AbsentHolder&, const AbsentHolder&) = default;
};

// By name.
std::vector<AbsentHolder> AbsentHolders(const AbsentServices& absent,
                                        const Ledger& ledger,
                                        const MayDefine& may_exist);

// "2 held by services without a manifest (default/a since ..., default/b since
// ..., 3 more)", for each pool and family of which they hold addresses.
PoolNotes NotesOf(absl::Span<const AbsentHolder> holders);

}  // namespace lb::ipam

#endif  // LB_IPAM_ABSENT_HOLDERS_H_

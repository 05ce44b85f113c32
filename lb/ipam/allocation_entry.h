// AllocationEntry: what one service has, and why it lacks something.
//
// A value, made of what the parts of a ReplicatedAllocator say. Pure.
#ifndef LB_IPAM_ALLOCATION_ENTRY_H_
#define LB_IPAM_ALLOCATION_ENTRY_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "lb/ipam/allocator.h"
#include "lb/ipam/assignment.h"
#include "lb/ipam/assignment_queue.h"
#include "lb/ipam/ledger.h"
#include "lb/ipam/ledger_saver.h"
#include "lb/ipam/poolless_records.h"
#include "lb/ipam/service_request.h"

namespace lb::ipam {

struct AllocationEntry {
  Assignment assignment;  // Without addresses while none is agreed.
  // Why it has none, or not those that it asks for; empty if all is well.
  std::string reason;
  bool waiting = false;  // This changes by itself.
  // It has an address that is not on disk yet.
  bool being_written = false;
  // The code of the refusal that `reason` is about; kOk: none was refused.
  absl::StatusCode code = absl::StatusCode::kOk;

  friend bool operator==(const AllocationEntry&,
                         const AllocationEntry&) = default;
};

struct AllocationSources {
  const Ledger& ledger;
  const LedgerSaver& saver;
  const Allocator& allocator;
  const AssignmentQueue& queue;
  // Addresses are recorded elsewhere; nullopt: an author assigns them.
  const std::optional<PoollessRecords>& records;
  const std::optional<std::string>& author;
  bool is_author = false;  // This node is.
};

AllocationEntry EntryOf(const AllocationSources& sources,
                        const ServiceRequest& request);

}  // namespace lb::ipam

#endif  // LB_IPAM_ALLOCATION_ENTRY_H_

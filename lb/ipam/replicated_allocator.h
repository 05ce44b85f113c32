// ReplicatedAllocator: addresses of services, agreed with the other nodes.
//
// Joins the ledger (the agreement), the allocator (the rules) and the state
// store (what survives). Everything that was shown once is on disk: a proposal
// of this node counts only after it was written, and only then is it told to
// others. All nodes with equal ledgers and manifests show the same.
//
// Only the author proposes: it assigns what services lack and releases what
// vanished services held, after `kReleaseDelay`, so that a file that is missing
// for a moment costs nothing. Loop thread only.
#ifndef LB_IPAM_REPLICATED_ALLOCATOR_H_
#define LB_IPAM_REPLICATED_ALLOCATOR_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "lb/io/paced_timer.h"
#include "lb/io/state_ports.h"
#include "lb/ipam/absent_holders.h"
#include "lb/ipam/absent_services.h"
#include "lb/ipam/allocation_entry.h"
#include "lb/ipam/allocator.h"
#include "lb/ipam/assignment_queue.h"
#include "lb/ipam/ledger.h"
#include "lb/ipam/ledger_follower.h"
#include "lb/ipam/ledger_replay.h"
#include "lb/ipam/ledger_saver.h"
#include "lb/ipam/pool.h"
#include "lb/ipam/poolless_records.h"
#include "lb/ipam/release_search.h"
#include "lb/ipam/wanted.h"
#include "lb/ipam/wanted_services.h"

namespace lb::ipam {

class ReplicatedAllocator {
 public:
  using Services = LedgerFollower::Services;
  using Entry = AllocationEntry;
  using Wanted = ipam::Wanted;
  using WantedChange = ipam::WantedChange;
  using Absent = AbsentHolder;
  using ReleaseTarget = ipam::ReleaseTarget;
  using Released = ipam::Released;

  // The ledger refuses more. So many of usual size (two addresses and names of
  // ten to thirty bytes: 230 bytes with their tenures) are what a full exchange
  // of lb/gossip has room for (kUserStateSizeMax), and some more.
  static constexpr size_t kRecordsMax = 20'000;
  static constexpr size_t kReleasesMax = 100;
  static constexpr absl::Duration kReleaseDelay = absl::Seconds(5);
  static constexpr absl::Duration kSaveRetry = absl::Seconds(1);
  // The first news counts at once; what comes within this time after it is
  // looked at together. It grows with services and records, as some looks are
  // at all of them, so that no flood of news takes the loop for itself.
  static constexpr absl::Duration kLookInterval = absl::Milliseconds(10);
  static constexpr absl::Duration kLookIntervalPerRecord =
      absl::Microseconds(10);
  absl::Duration look_interval() const;

  // `on_change` is called when entries() may have changed, or messages wait.
  ReplicatedAllocator(std::string node, const io::StatePorts& ports,
                      absl::AnyInvocable<void()> on_change);

  // Addresses are decided elsewhere, as in the statuses of Kubernetes'
  // Services, and come by SetRecorded(). Nothing is proposed, told or heard
  // then, and no author is waited for; the ledger is this node's memory alone.
  // Once, before Restore().
  void FollowRecords() { records_.emplace(); }
  // What is recorded of the service from now on; no addresses: nothing. It
  // counts once it is on disk. An address without a pool has the one in which
  // it lies; if there is none, the entry says so.
  void SetRecorded(const std::string& service, const Assignment& assignment);

  // Takes up what an earlier run wrote. If that is older than releases are
  // remembered, it counts only once this node may act and has heard of no other
  // ledger. Blocks; once, before all else.
  void Restore();

  void SetWanted(Wanted wanted);
  // The same, at a cost that goes with the change.
  void ChangeWanted(WantedChange change);
  // Replaces the addresses that hosts have. Other nodes may go by others for a
  // while, so they decide what this node proposes, and nothing of what is
  // agreed.
  void SetTaken(const TakenAddresses& taken);
  // This node may act, and has heard of no other since it started. What it then
  // proposes is provisional, if it restored nothing firm.
  void SetAlone(bool alone);
  // Sets the name of the node that may propose; nullopt: none yet.
  void SetAuthor(std::optional<std::string> author);
  // What another node's ledger says; returns how many records of it were new.
  // Errors as of Ledger::MergeMessage().
  absl::StatusOr<size_t> Merge(std::string_view message);

  // Frees what nothing but the past holds: addresses of a service that is not
  // wanted, at once and not after kReleaseDelay, and addresses that no pool
  // would give to their service any more; the author then assigns it others.
  // Any node may do so, all agree. Returns what it freed; `on_saved` comes
  // later, OK once that is on disk and told to the others. NotFound: no service
  // holds it. FailedPrecondition: a service would get the same again, or asks
  // for it, or the node has not heard the cluster; nothing was freed.
  // ResourceExhausted: kReleasesMax are being written.
  absl::StatusOr<std::vector<Released>> Release(
      const ReleaseTarget& target,
      absl::AnyInvocable<void(absl::Status)> on_saved);

  // By service; one for each request. Many new ones come in portions.
  const std::map<std::string, Entry>& entries() const { return entries_; }
  // How many services are about to get an entry or another one, as far as this
  // node knows: new ones, those whose addresses are being written, and those of
  // the next portions. Some may be counted twice.
  size_t awaited() const {
    const size_t wanted = requests().size();
    const size_t is_new = wanted - std::min(wanted, entries_.size());
    return is_new + saver_.unsaved() + stale_.size();
  }
  // Counts the changes of entries().
  uint64_t version() const { return version_; }
  // Services whose entries are others than at the last call, or went.
  Services TakeChanged() { return std::exchange(changed_, {}); }
  // Takes the first of `from` out of it, and all in it that share an address
  // with one of these: elections must not see one without the others.
  Services TakeWithSharers(size_t count, Services* from) const;
  // The whole ledger as one message, for full exchanges; without own proposals
  // that are not on disk yet. Forgets releases that are too old to matter:
  // told, they would come back to all who forgot them, again and again.
  std::string FullMessage();
  // New records to tell all nodes, in messages of at most `bytes_max`.
  std::vector<std::string> TakeMessages(size_t bytes_max);

  // NotFound: no such pool. Counts what the ledger holds.
  absl::StatusOr<PoolUsage> Usage(std::string_view pool) const {
    return allocator_.Usage(pool);
  }
  const std::vector<Pool>& pools() const { return wanted_.wanted().pools; }
  const ServiceRequests& requests() const { return wanted_.requests(); }
  // Addresses that the ledger had since the last call, and now of no service.
  std::vector<net::IpAddress> TakeUnrecorded();
  // Held addresses that no pool would give to their service now.
  std::vector<std::pair<std::string, Orphan>> Orphans() const;
  const TakenAddresses& taken() const { return allocator_.taken(); }
  std::vector<std::string> HoldersOf(const net::IpAddress& address) const {
    return allocator_.HoldersOf(address);
  }
  // Services that no manifest asks for and that still hold addresses, by name.
  std::vector<Absent> AbsentHolders() const;
  const Ledger& ledger() const { return ledger_; }
  // What is wrong with the state folder; OK: nothing.
  const absl::Status& save_error() const { return saver_.error(); }

 private:
  void WakeBy(absl::Time deadline) { timer_.ArmBy(deadline, look_interval()); }
  void Update();
  LedgerFollower::Followed Follow(const AbsentServices::Since& now);
  bool ProposeReleases(absl::Time now);
  void ProposeAssignments(const Services& followed, bool freed);
  void ProposeAssignment(const ServiceRequest& request);
  void TouchAll(std::vector<std::string> services);
  void OnWritten(Services concerned);
  absl::Status ProposeWithout(const std::vector<Released>& released);
  void ReadEntries();
  bool ReadEntry(const std::string& service);
  bool AwaitsFirstWrite(const std::string& service);
  void NoteStale(const std::string& service);
  std::string WhyLeftOut(const std::string& service) const {
    return records_ ? records_->WhyLeftOut(service) : "";
  }
  bool IsAuthor() const { return author_ == node_; }

  const std::string node_;
  const io::StatePorts ports_;
  absl::AnyInvocable<void()> on_change_;
  Ledger ledger_;
  LedgerSaver saver_;
  Allocator allocator_;
  std::vector<Record> stale_records_;  // Restored, but not counted yet.
  WantedServices wanted_;
  std::optional<std::string> author_;
  std::optional<PoollessRecords> records_;  // FollowRecords()
  std::map<std::string, Entry> entries_;
  uint64_t version_ = 0;

  LedgerFollower follower_;
  bool other_space_ = false;  // Pools or taken addresses, since Follow().
  AssignmentQueue queue_;     // The author's.
  bool more_ = false;         // Portions of what is to be looked at are left.
  Services stale_;            // Their entries may be others.
  Services changed_;          // Their entries are others: TakeChanged().
  Services waiting_;          // Their entries lack an address that they want.
  io::PacedTimer timer_;      // Runs Update().
};

}  // namespace lb::ipam

#endif  // LB_IPAM_REPLICATED_ALLOCATOR_H_

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

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "lb/io/state_ports.h"
#include "lb/ipam/absent_services.h"
#include "lb/ipam/allocator.h"
#include "lb/ipam/ledger.h"
#include "lb/ipam/ledger_follower.h"
#include "lb/ipam/ledger_replay.h"
#include "lb/ipam/ledger_store.h"
#include "lb/ipam/may_define.h"
#include "lb/ipam/pool.h"

namespace lb::ipam {

class ReplicatedAllocator {
 public:
  using Services = LedgerFollower::Services;
  struct Entry {
    Assignment assignment;  // Without addresses while none is agreed.
    // Why it has none, or not those that it asks for; empty if all is well.
    std::string reason;
    bool waiting = false;  // This changes by itself.
    // The code of the refusal that `reason` is about; kOk: none was refused.
    absl::StatusCode code = absl::StatusCode::kOk;

    friend bool operator==(const Entry&, const Entry&) = default;
  };

  // What the manifests ask for.
  struct Wanted {
    std::vector<Pool> pools;  // Valid together.
    ServiceRequests requests;
    // Services that are not in `requests` but may exist all the same, as some
    // of the manifests have faults: their addresses stay reserved.
    MayDefine may_exist;

    friend bool operator==(const Wanted&, const Wanted&) = default;
  };

  // What differs from the Wanted before.
  struct WantedChange {
    std::optional<std::vector<Pool>> pools;  // Nullopt: none of them.
    // By service; nullopt: it is not wanted any more.
    std::map<std::string, std::optional<ServiceRequest>> requests;
    MayDefine may_exist;  // All that there is now.
  };

  // A service that no manifest asks for and that still holds addresses.
  struct Absent {
    std::string service;
    std::vector<AssignedAddress> held;
    absl::Time since;  // Civil time; as this node saw it, since its start.
    bool held_back = false;  // By Wanted::may_exist; else to be released soon.

    friend bool operator==(const Absent&, const Absent&) = default;
  };

  // One of the two is set.
  struct ReleaseTarget {
    std::string service;  // What of it can be freed.
    // All that hold it give it up, or none.
    std::optional<net::IpAddress> address;
  };
  struct Released {
    std::string service;
    net::IpAddress address;

    friend bool operator==(const Released&, const Released&) = default;
  };

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
  // Counts the changes of entries().
  uint64_t version() const { return version_; }
  // Services whose entries are others than at the last call, or went.
  Services TakeChanged() { return std::exchange(changed_, {}); }
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
  const std::vector<Pool>& pools() const { return wanted_.pools; }
  const ServiceRequests& requests() const { return wanted_.requests; }
  // Addresses that the ledger had since the last call, and now of no service.
  std::vector<net::IpAddress> TakeUnrecorded();
  // Held addresses that no pool would give to their service now.
  std::vector<std::pair<std::string, Orphan>> Orphans() const;
  const TakenAddresses& taken() const { return allocator_.taken(); }
  std::vector<std::string> HoldersOf(const net::IpAddress& address) const {
    return allocator_.HoldersOf(address);
  }
  std::vector<Absent> AbsentHolders() const;  // By name.
  const Ledger& ledger() const { return ledger_; }
  // What is wrong with the state folder; OK: nothing.
  const absl::Status& save_error() const { return save_error_; }

 private:
  void WakeBy(absl::Time deadline);
  void Update();
  LedgerFollower::Followed Follow(const AbsentServices::Since& now);
  void NoteAbsentHolders();
  bool ProposeReleases(absl::Time now);
  Services TakeTouched();
  void ProposeAll();
  void AddNextOfAll(Services& due);
  Services DueServices(const Services& followed, bool freed);
  void ProposeAssignments(const Services& due);
  void ProposeAssignment(const ServiceRequest& request);
  void DropOldTombstones();
  void SaveIfChanged();
  void OnSaved(uint64_t version, absl::Status status);
  void ReportSave(const absl::Status& status);
  bool AsksFor(const ServiceRequest& request,
               const net::IpAddress& address) const;
  absl::Status CheckRelease(const std::string& service,
                            const net::IpAddress& address) const;
  absl::Status ProposeWithout(const std::string& service,
                              const std::vector<Released>& released);
  void AnswerReleases();
  void ReadEntries();
  Services TakeStale();
  Entry EntryOf(const ServiceRequest& request) const;
  // The entry of a service for which nothing is held.
  Entry EntryWithout(const ServiceRequest& request) const;
  bool IsAuthor() const { return author_ == node_; }

  const std::string node_;
  const io::StatePorts ports_;
  absl::AnyInvocable<void()> on_change_;
  LedgerStore store_;
  Ledger ledger_;
  Allocator allocator_;
  std::vector<Record> stale_records_;  // Restored, but not counted yet.
  Wanted wanted_;
  std::optional<std::string> author_;
  std::map<std::string, Entry> entries_;
  uint64_t version_ = 0;

  LedgerFollower follower_;
  bool rebuild_ = false;      // The follower's next step is from the start.
  bool propose_all_ = false;  // The author's next looks are at all services.
  std::string proposed_;      // The last of them; empty: none.
  AbsentServices absent_;
  Services touched_, new_;   // For later looks: changed requests; new ones.
  bool more_ = false;        // Portions of what is to be looked at are left.
  Services stale_;           // Their entries may be others.
  Services changed_;         // Their entries are others: TakeChanged().
  Services waiting_;         // Their entries lack an address that they want.
  Services wants_more_;      // They would take a second family.
  Services wants_to_share_;  // The same, and they share.
  // Own proposals by service, with the ledger version that has them; an entry
  // goes when that version is on disk.
  std::map<std::string, uint64_t> unsaved_;
  std::map<std::string, absl::Status> failures_;  // Of Assign(), by service.
  // Callers of Release(), with the version that must be on disk first.
  std::vector<std::pair<uint64_t, absl::AnyInvocable<void(absl::Status)>>>
      releases_;
  uint64_t saved_version_ = 0;
  uint64_t saving_version_ = 0;  // Greater than saved_: a write is under way.
  uint64_t told_version_ = 0;
  absl::Status save_error_;
  std::unique_ptr<io::Timer> timer_;  // Runs Update().
  absl::Time wake_at_ = absl::InfiniteFuture();
  absl::Time updated_ = absl::InfinitePast();  // The last Update().
};

}  // namespace lb::ipam

#endif  // LB_IPAM_REPLICATED_ALLOCATOR_H_

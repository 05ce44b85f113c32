// LedgerSaver: writes a ledger to the state folder, and knows which proposals
// of this node are on disk.
//
// A proposal counts only after it was written: a node that told it before, and
// then lost it, would give the address to another service. So its owner shows
// and tells nothing of a service while IsUnsaved(). A write that fails is
// reported once and tried again by the next Save().
//
//   LedgerSaver saver(node, ports, &ledger, [](Services concerned) { ... });
//   ledger.Propose(service, assignment, now);
//   saver.NoteProposal(service);
//   saver.Save();
//
// Loop thread only; must not outlive the ledger nor the environment.
#ifndef LB_IPAM_LEDGER_SAVER_H_
#define LB_IPAM_LEDGER_SAVER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "lb/io/state_ports.h"
#include "lb/ipam/ledger.h"
#include "lb/ipam/ledger_store.h"

namespace lb::ipam {

class LedgerSaver {
 public:
  using Services = std::set<std::string, std::less<>>;
  // Called after each write, also after one that failed: error() says which.
  // With the services of proposals that are on disk now, or whose reason not to
  // be there has changed.
  using OnWritten = absl::AnyInvocable<void(Services concerned)>;
  using OnSaved = absl::AnyInvocable<void(absl::Status)>;

  // So long a service that is shown nowhere yet may stay so while its first
  // proposal is being written.
  static constexpr absl::Duration kHoldBackMax = absl::Milliseconds(100);

  LedgerSaver(std::string node, const io::StatePorts& ports, Ledger* ledger,
              OnWritten on_written);
  LedgerSaver(const LedgerSaver&) = delete;
  LedgerSaver& operator=(const LedgerSaver&) = delete;

  // Takes into the ledger what an earlier run wrote. Returns it instead, if it
  // is older than releases are remembered: others may have given the addresses
  // away. Blocks; once, before all else.
  std::vector<Record> Restore();

  // This node has just proposed a record of the service.
  void NoteProposal(const std::string& service);
  // Another node's record has replaced the proposal: that node saved it.
  void Forget(const std::string& service) { unsaved_.erase(service); }
  // True while the service's latest proposal is not on disk.
  bool IsUnsaved(const std::string& service) const {
    return unsaved_.contains(service);
  }

  // True: the service, which is shown nowhere yet, need not be shown now. It is
  // on disk within milliseconds, mostly, and then looked at once and not twice.
  bool HoldsBack(const std::string& service, absl::Time now);
  // If it is late_at(), adds to `late` the services that were held back.
  void TakeLate(absl::Time now, Services* late);
  absl::Time late_at() const { return late_at_; }

  // How many services have such a proposal.
  size_t unsaved() const { return unsaved_.size(); }

  // Writes what has changed since the last call, if anything has. Returns the
  // services whose old releases it had the ledger forget before.
  std::vector<std::string> Save();
  // Has the ledger forget releases that are old and on disk; their services.
  std::vector<std::string> DropOldTombstones();
  // Why the last write failed; OK: it did not.
  const absl::Status& error() const { return error_; }

  // Calls `on_saved` once the ledger, as it is now, is on disk, or could not be
  // written; from AnswerWaiting() only.
  void Await(OnSaved on_saved);
  void AnswerWaiting();
  size_t waiting() const { return waiting_.size(); }

  // The records that may be told: all but those that are not on disk yet.
  std::vector<Record> SavedRecords() const;
  // Returns this node's own records that came to be on disk since the last
  // call. The nodes that proposed the others have told them.
  std::vector<Record> TakeNews();

 private:
  void OnSave(uint64_t version, absl::Status status);
  void Report(const absl::Status& status);
  // Takes out those that are on disk.
  Services TakeSaved();

  const std::string node_;
  const io::StatePorts ports_;
  Ledger* const ledger_;
  OnWritten on_written_;
  LedgerStore store_;
  struct Unsaved {
    uint64_t version = 0;  // The ledger's, that has the proposal.
    absl::Time since;      // The loop's.
  };
  std::map<std::string, Unsaved> unsaved_;  // By service.
  Services held_back_;
  absl::Time late_at_ = absl::InfinitePast();  // Of held_back_.
  std::vector<std::pair<uint64_t, OnSaved>> waiting_;
  uint64_t saved_version_ = 0;
  uint64_t saving_version_ = 0;  // Greater than saved_: a write is under way.
  uint64_t told_version_ = 0;
  absl::Status error_;
};

}  // namespace lb::ipam

#endif  // LB_IPAM_LEDGER_SAVER_H_

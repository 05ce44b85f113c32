#include "lb/ipam/replicated_allocator.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "lb/base/check.h"
#include "lb/base/portion.h"
#include "lb/base/status_macros.h"
#include "lb/io/turn_cause.h"
#include "lb/ipam/ledger_codec.h"

namespace lb::ipam {
namespace {

Assignment AssignmentOf(const Record& record) {
  Assignment assignment;
  for (const Claim& claim : record.claims) {
    assignment.addresses.push_back({claim.address, claim.pool});
  }
  return assignment;
}

// Takes out those that are on disk.
ReplicatedAllocator::Services TakeSaved(
    uint64_t saved_version, std::map<std::string, uint64_t>& unsaved) {
  ReplicatedAllocator::Services saved;
  std::erase_if(unsaved, [&](const auto& proposal) {
    if (proposal.second > saved_version) return false;
    saved.insert(saved.end(), proposal.first);
    return true;
  });
  return saved;
}

}  // namespace

ReplicatedAllocator::ReplicatedAllocator(std::string node,
                                         const io::StatePorts& ports,
                                         absl::AnyInvocable<void()> on_change)
    : node_(std::move(node)),
      ports_(ports),
      on_change_(std::move(on_change)),
      store_(ports.state),
      ledger_(node_, kRecordsMax),
      timer_(ports.loop->NewTimer([this] { Update(); })) {}

void ReplicatedAllocator::Restore() {
  const RestoredLedger restored = store_.Restore();
  for (const absl::Status& refused : restored.refused) {
    ports_.log->Record({.time = ports_.loop->CivilNow(),
                        .type = EventType::kWarning,
                        .reason = "StateRefused",
                        .object = {EventObject::kNode, node_},
                        .message = std::string(refused.message())});
  }
  const absl::Duration age = ports_.loop->CivilNow() - restored.written_at;
  if (age < kTombstoneLifetime) {
    ledger_.Merge(restored.records);
    store_.Continue(ledger_);
  } else {
    stale_records_ = restored.records;
  }
  saved_version_ = saving_version_ = told_version_ = ledger_.version();
}

void ReplicatedAllocator::SetWanted(Wanted wanted) {
  WantedChange change = {.may_exist = std::move(wanted.may_exist)};
  if (wanted.pools != wanted_.pools) change.pools = std::move(wanted.pools);
  auto before = wanted_.requests.begin();
  for (auto& [service, request] : wanted.requests) {
    for (; before != wanted_.requests.end() && before->first < service;
         ++before) {
      change.requests[before->first] = std::nullopt;
    }
    const bool is_known =
        before != wanted_.requests.end() && before->first == service;
    if (!is_known || before->second != request) {
      change.requests[service] = std::move(request);
    }
    if (is_known) ++before;
  }
  for (; before != wanted_.requests.end(); ++before) {
    change.requests[before->first] = std::nullopt;
  }
  ChangeWanted(std::move(change));
}

void ReplicatedAllocator::ChangeWanted(WantedChange change) {
  if (!change.pools && change.requests.empty() &&
      change.may_exist == wanted_.may_exist) {
    return;
  }
  wanted_.may_exist = std::move(change.may_exist);
  if (change.pools) {
    wanted_.pools = *std::move(change.pools);
    const absl::Status valid = allocator_.SetPools(wanted_.pools);
    LB_CHECK(valid.ok());  // Wanted::pools promises it.
    rebuild_ = true;
  }
  for (auto& [service, request] : change.requests) {
    const auto known = wanted_.requests.find(service);
    if (known == wanted_.requests.end()) {
      new_.insert(service);
      if (request) wanted_.requests.emplace(service, *std::move(request));
      continue;
    }
    touched_.insert(service);
    if (request) {
      known->second = *std::move(request);
    } else {
      absent_.Remember(std::move(known->second));
      wanted_.requests.erase(known);
    }
  }
  WakeBy(ports_.loop->Now());
}

void ReplicatedAllocator::SetTaken(const TakenAddresses& taken) {
  if (taken == allocator_.taken()) return;
  allocator_.SetTaken(taken);
  rebuild_ = true;
  WakeBy(ports_.loop->Now());
}

void ReplicatedAllocator::SetAlone(bool alone) {
  const bool provisional =
      alone && stale_records_.empty() && !ledger_.HasFirm();
  if (provisional == ledger_.provisional()) return;
  ledger_.SetProvisional(provisional);
  ProposeAll();
  WakeBy(ports_.loop->Now());
}

void ReplicatedAllocator::SetAuthor(std::optional<std::string> author) {
  if (author == author_) return;
  author_ = std::move(author);
  if (author_.has_value()) {  // The others had time to tell more.
    ledger_.Merge(std::exchange(stale_records_, {}));
  }
  ProposeAll();
  WakeBy(ports_.loop->Now());
}

absl::StatusOr<size_t> ReplicatedAllocator::Merge(std::string_view message) {
  LB_ASSIGN_OR_RETURN(const auto changed, ledger_.MergeMessage(message));
  if (ledger_.size() > 0) stale_records_.clear();
  // They are not this node's proposals any more: their author has them on disk.
  for (const std::string& service : changed) unsaved_.erase(service);
  if (!changed.empty()) WakeBy(ports_.loop->Now());
  return changed.size();
}

void ReplicatedAllocator::WakeBy(absl::Time deadline) {
  deadline = std::max(deadline, updated_ + look_interval());
  if (deadline >= wake_at_) return;
  wake_at_ = deadline;
  timer_->Arm(deadline);
}

// From ledger, manifests and authorship to entries. Doing it twice changes
// nothing.
void ReplicatedAllocator::Update() {
  const io::TurnCause cause(ports_.loop, "assigns addresses");
  const absl::Time now = ports_.loop->Now();
  updated_ = now;
  wake_at_ = absl::InfiniteFuture();
  const absl::Time civil_now = ports_.loop->CivilNow();
  bool freed = allocator_.NextCoolDownEnd() <= civil_now;
  allocator_.AdvanceTo(civil_now);
  // Following many records again takes long enough for one look.
  const bool only_follows = rebuild_ && ledger_.size() > kPortion;
  LedgerFollower::Followed followed = Follow({now, civil_now});
  more_ = only_follows || !touched_.empty() || !new_.empty();
  freed |= followed.freed;
  if (IsAuthor()) freed |= ProposeReleases(now);
  NoteAbsentHolders();
  for (const auto& [service, failure] : failures_) stale_.insert(service);
  if (!IsAuthor()) {
    failures_.clear();
  } else if (!only_follows) {
    ProposeAssignments(DueServices(followed.services, freed));
  }
  for (const std::string& service : followed.services) {
    const bool is_shown = entries_.contains(service);
    if (is_shown || wanted_.requests.contains(service)) stale_.insert(service);
  }
  SaveIfChanged();
  ReadEntries();
  if (more_) WakeBy(now);
  // An address that has rested may be what a service waits for.
  WakeBy(now + (allocator_.NextCoolDownEnd() - civil_now));
  // What was proposed is followed, so that TakeUnrecorded() has it.
  if (ledger_.version() != follower_.version()) WakeBy(now);
  on_change_();
}

// The allocator comes to hold what the ledger says.
LedgerFollower::Followed ReplicatedAllocator::Follow(
    const AbsentServices::Since& now) {
  Services touched = TakeTouched();
  for (std::string& service : ledger_.ServicesSince(follower_.version())) {
    touched.insert(std::move(service));
  }
  for (const std::string& service : touched) {
    const Record* const record = ledger_.Find(service);
    const bool holds = record != nullptr && !record->is_release();
    if (holds && !wanted_.requests.contains(service)) {
      absent_.Note(service, now);
    } else {
      absent_.Forget(service);
    }
  }
  const auto find_request = [this](std::string_view service) {
    const auto wanted = wanted_.requests.find(service);
    return wanted != wanted_.requests.end() ? &wanted->second
                                            : absent_.LastRequest(service);
  };
  if (!std::exchange(rebuild_, false)) {
    return follower_.Follow(ledger_, std::move(touched), find_request,
                            &allocator_);
  }
  ProposeAll();
  for (const auto& [service, request] : wanted_.requests) {
    stale_.insert(service);  // It may be refused what it asks for by now.
  }
  auto followed = follower_.Rebuild(ledger_, find_request, &allocator_);
  followed.services.merge(touched);
  return followed;
}

// True: something was freed.
bool ReplicatedAllocator::ProposeReleases(absl::Time now) {
  std::vector<std::string> due;
  for (const auto& [service, since] : absent_.since()) {
    if (wanted_.may_exist.Contains(service)) continue;
    if (now - since.loop < kReleaseDelay) {
      WakeBy(since.loop + kReleaseDelay);
      continue;
    }
    due.push_back(service);
  }
  for (const std::string& service : due) {
    if (ledger_.ProposeRelease(service, ports_.loop->CivilNow()).ok()) {
      unsaved_[service] = ledger_.version();
    }
    allocator_.Release(service);
    absent_.Forget(service);
    touched_.insert(service);
  }
  return !due.empty();
}

// Those that may come to hold something else: for all others to assign what
// they ask for changes nothing.
ReplicatedAllocator::Services ReplicatedAllocator::DueServices(
    const Services& followed, bool freed) {
  Services due;
  if (propose_all_) AddNextOfAll(due);
  const auto add = [&](const std::string& service) {
    const auto wanted = wanted_.requests.find(service);
    if (wanted == wanted_.requests.end()) return;
    due.insert(service);
    // It may be about to give up what others want.
    const auto held = allocator_.Find(service);
    freed |= held && allocator_.Decide(wanted->second).assignment != *held;
  };
  for (const std::string& service : followed) add(service);
  for (const auto& [service, failure] : std::exchange(failures_, {})) {
    add(service);
  }
  due.insert(wants_to_share_.begin(), wants_to_share_.end());
  if (freed) due.insert(wants_more_.begin(), wants_more_.end());
  return due;
}

// Gives each what it lacks. Those that hold something come first, so that they
// keep it.
void ReplicatedAllocator::ProposeAssignments(const Services& due) {
  std::vector<const ServiceRequest*> order;
  for (const std::string& service : due) {
    failures_.erase(service);
    wants_more_.erase(service);
    wants_to_share_.erase(service);
    const auto wanted = wanted_.requests.find(service);
    if (wanted != wanted_.requests.end()) order.push_back(&wanted->second);
  }
  std::stable_partition(order.begin(), order.end(), [&](const auto* request) {
    return allocator_.Find(request->service).has_value();
  });
  for (const ServiceRequest* request : order) {
    stale_.insert(request->service);
    ProposeAssignment(*request);
  }
}

void ReplicatedAllocator::ProposeAssignment(const ServiceRequest& request) {
  const std::string& service = request.service;
  const auto assigned = allocator_.Assign(request);
  if (!assigned.ok()) {
    failures_[service] = assigned.status();
    return;
  }
  if (request.family_policy == FamilyPolicy::kPreferDualStack &&
      assigned->addresses.size() < 2) {
    (request.sharing_key.empty() ? wants_more_ : wants_to_share_)
        .insert(service);
  }
  const Record* record = ledger_.Find(service);
  const bool is_same = record != nullptr && AssignmentOf(*record) == *assigned;
  if (is_same && (!record->provisional || ledger_.provisional())) return;
  const auto proposed =
      ledger_.Propose(service, *assigned, ports_.loop->CivilNow());
  if (!proposed.ok()) {
    failures_[service] = proposed.status();
    allocator_.Release(service);
    touched_.insert(service);  // The ledger says what it said before.
    return;
  }
  // Only made firm it is what it was, and is announced.
  if (!is_same) unsaved_[service] = ledger_.version();
}

void ReplicatedAllocator::SaveIfChanged() {
  const io::TurnCause cause(ports_.loop, "saves the ledger");
  const uint64_t version = ledger_.version();
  if (version == saving_version_) return;
  DropOldTombstones();
  saving_version_ = ledger_.version();
  store_.Save(ledger_, ports_.loop->CivilNow(),
              [this, version = saving_version_](absl::Status status) {
                OnSaved(version, std::move(status));
              });
}

void ReplicatedAllocator::OnSaved(uint64_t version, absl::Status status) {
  if (status != save_error_) ReportSave(status);
  save_error_ = std::move(status);
  if (!save_error_.ok()) {
    saving_version_ = saved_version_;  // Tried again by the timer.
    WakeBy(ports_.loop->Now() + kSaveRetry);
  } else {
    saved_version_ = std::max(saved_version_, version);
    stale_.merge(TakeSaved(saved_version_, unsaved_));
  }
  ReadEntries();
  AnswerReleases();
  on_change_();
}

void ReplicatedAllocator::ReportSave(const absl::Status& status) {
  for (const auto& [service, version] : unsaved_) stale_.insert(service);
  ports_.log->Record(
      {.time = ports_.loop->CivilNow(),
       .type = status.ok() ? EventType::kNormal : EventType::kWarning,
       .reason = status.ok() ? "StateSaved" : "StateUnsaved",
       .object = {EventObject::kNode, node_},
       .message = fmt::format(
           "state-dir: {}",
           status.ok() ? "is written again" : std::string(status.message()))});
}

void ReplicatedAllocator::DropOldTombstones() {
  for (std::string& service :
       ledger_.DropOldTombstones(ports_.loop->CivilNow(), saved_version_)) {
    touched_.insert(std::move(service));
  }
}

// Those that may have changed, and those that wait: what they wait for may be
// another thing now. They wait for the author too, which may give another what
// they ask for. Those that only wait to be written are told by OnSaved().
void ReplicatedAllocator::ReadEntries() {
  Services due = TakeStale();
  for (const std::string& service : std::exchange(waiting_, {})) {
    if (!stale_.contains(service)) due.insert(service);
  }
  bool changed = false;
  for (const std::string& service : due) {
    const auto wanted = wanted_.requests.find(service);
    if (wanted == wanted_.requests.end()) {
      if (entries_.erase(service) == 0) continue;
      changed_.insert(service);
      changed = true;
      continue;
    }
    Entry entry = EntryOf(wanted->second);
    const bool waits =
        entry.assignment.addresses.empty() || !entry.reason.empty() ||
        (!IsAuthor() &&
         allocator_.Decide(wanted->second).assignment != entry.assignment);
    if (waits && !unsaved_.contains(service)) waiting_.insert(service);
    const auto [known, is_new] = entries_.try_emplace(service);
    if (!is_new && known->second == entry) continue;
    known->second = std::move(entry);
    changed_.insert(service);
    changed = true;
  }
  if (changed) ++version_;
}

ReplicatedAllocator::Entry ReplicatedAllocator::EntryOf(
    const ServiceRequest& request) const {
  const auto held = allocator_.Find(request.service);
  if (!held.has_value() || unsaved_.contains(request.service)) {
    return EntryWithout(request);
  }
  Entry entry = {.assignment = *held};
  const auto failure = failures_.find(request.service);
  if (failure != failures_.end()) {
    entry.reason = std::string(failure->second.message());
    entry.code = failure->second.code();
  } else if (!IsAuthor()) {  // The author was refused the same.
    entry.reason = std::string(allocator_.Decide(request).status.message());
  }
  return entry;
}

ReplicatedAllocator::Entry ReplicatedAllocator::EntryWithout(
    const ServiceRequest& request) const {
  if (unsaved_.contains(request.service)) {
    if (save_error_.ok()) {
      return {.reason = "being written to the state folder", .waiting = true};
    }
    return {.reason = fmt::format("the state folder cannot be written: {}",
                                  std::string(save_error_.message()))};
  }
  const auto failure = failures_.find(request.service);
  const absl::Status refusal =
      failure != failures_.end() ? failure->second : allocator_.Check(request);
  if (!refusal.ok()) {
    return {.reason = std::string(refusal.message()), .code = refusal.code()};
  }
  // The author was, or will be, refused it: its failure, not this node's.
  const absl::Status likely = allocator_.Decide(request).status;
  if (!likely.ok()) return {.reason = std::string(likely.message())};
  return {.reason =
              author_.has_value()
                  ? fmt::format("waiting for {} to assign an address", *author_)
                  : "waiting to hear from the cluster",
          .waiting = true};
}

std::string ReplicatedAllocator::FullMessage() {
  DropOldTombstones();
  std::vector<Record> written = ledger_.AllRecords();
  const absl::Time now = ports_.loop->CivilNow();
  std::erase_if(written, [&](const Record& record) {
    return unsaved_.contains(record.service) || IsForgotten(record, now);
  });
  return SerializeMessage(written);
}

std::vector<std::string> ReplicatedAllocator::TakeMessages(size_t bytes_max) {
  if (told_version_ >= saved_version_) return {};
  std::vector<Record> own;
  for (Record& record : ledger_.RecordsSince(told_version_)) {
    // What others changed they have told themselves.
    if (record.changed.author == node_ && !unsaved_.contains(record.service)) {
      own.push_back(std::move(record));
    }
  }
  told_version_ = saved_version_;
  return SplitForGossip(own, bytes_max).messages;
}

std::vector<net::IpAddress> ReplicatedAllocator::TakeUnrecorded() {
  std::vector<net::IpAddress> unrecorded = follower_.TakeUnclaimed();
  if (unrecorded.empty()) return unrecorded;
  for (const Record& record : ledger_.RecordsSince(follower_.version())) {
    std::erase_if(unrecorded, [&](const net::IpAddress& address) {
      return std::any_of(
          record.claims.begin(), record.claims.end(),
          [&](const Claim& claim) { return claim.address == address; });
    });
  }
  return unrecorded;
}

std::vector<std::pair<std::string, Orphan>> ReplicatedAllocator::Orphans()
    const {
  std::vector<std::pair<std::string, Orphan>> orphans;
  for (const auto& [service, request] : wanted_.requests) {
    for (Orphan& orphan : allocator_.OrphansOf(request)) {
      orphans.emplace_back(service, std::move(orphan));
    }
  }
  return orphans;
}

}  // namespace lb::ipam

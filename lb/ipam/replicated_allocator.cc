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

// Makes the ledger say `assignment`, as it does not yet.
absl::Status Propose(const std::string& service, const Assignment& assignment,
                     absl::Time now, Ledger* ledger) {
  return assignment.addresses.empty()
             ? ledger->ProposeRelease(service, now).status()
             : ledger->Propose(service, assignment, now).status();
}

bool Claims(const Record& record, const net::IpAddress& address) {
  return std::any_of(
      record.claims.begin(), record.claims.end(),
      [&](const Claim& claim) { return claim.address == address; });
}

std::vector<std::pair<std::string, Orphan>> OrphansOf(
    const ServiceRequests& requests, const Allocator& allocator) {
  std::vector<std::pair<std::string, Orphan>> orphans;
  for (const auto& [service, request] : requests) {
    for (Orphan& orphan : allocator.OrphansOf(request)) {
      orphans.emplace_back(service, std::move(orphan));
    }
  }
  return orphans;
}

// Why no address can be released by hand now; OK: it can.
absl::Status MayRelease(const std::string& target, bool follows_records,
                        const std::optional<std::string>& author,
                        size_t waiting) {
  if (follows_records) {
    return absl::FailedPreconditionError(fmt::format(
        "{}: addresses are those in the statuses of Services, want the Service "
        "deleted, or changed to ask for another",
        target));
  }
  if (!author) {
    return absl::FailedPreconditionError(fmt::format(
        "{}: waiting to hear from the cluster, want it ready first", target));
  }
  if (waiting >= ReplicatedAllocator::kReleasesMax) {
    return absl::ResourceExhaustedError(
        fmt::format("{}: {} releases are being written, want fewer", target,
                    ReplicatedAllocator::kReleasesMax));
  }
  return absl::OkStatus();
}

}  // namespace

ReplicatedAllocator::ReplicatedAllocator(std::string node,
                                         const io::StatePorts& ports,
                                         absl::AnyInvocable<void()> on_change)
    : node_(std::move(node)),
      ports_(ports),
      on_change_(std::move(on_change)),
      ledger_(node_, kRecordsMax),
      saver_(node_, ports, &ledger_,
             [this](Services concerned) { OnWritten(std::move(concerned)); }),
      timer_(ports_.loop, [this] { Update(); }) {}

void ReplicatedAllocator::Restore() {
  stale_records_ = saver_.Restore();
  if (!records_) return;
  // There is no other ledger to hear of.
  ledger_.Merge(std::exchange(stale_records_, {}));
  WakeBy(ports_.loop->Now());
}

void ReplicatedAllocator::SetRecorded(const std::string& service,
                                      const Assignment& recorded) {
  const Record* const known = ledger_.Find(service);
  const Assignment before = known ? AssignmentOf(*known) : Assignment();
  const std::string why_before = WhyLeftOut(service);
  const Assignment assignment =
      records_->Place(service, recorded, before, allocator_);
  if (assignment == before && WhyLeftOut(service) == why_before) return;
  stale_.insert(service);
  WakeBy(ports_.loop->Now());
  if (assignment == before) return;
  const absl::Status proposed =
      Propose(service, assignment, ports_.loop->CivilNow(), &ledger_);
  proposed.ok() ? saver_.NoteProposal(service)
                : queue_.OnFailed(service, proposed);
  wanted_.Touch(service);
}

void ReplicatedAllocator::SetWanted(Wanted wanted) {
  ChangeWanted(wanted_.ChangeTo(std::move(wanted)));
}

void ReplicatedAllocator::ChangeWanted(WantedChange change) {
  const bool other_pools = change.pools.has_value();
  if (!wanted_.Change(std::move(change))) return;
  if (other_pools) {
    const absl::Status valid = allocator_.SetPools(pools());
    LB_CHECK(valid.ok());  // Wanted::pools promises it.
    other_space_ = true;
    if (records_) {
      for (const auto& [service, recorded] : records_->Take()) {
        SetRecorded(service, recorded);
      }
    }
  }
  WakeBy(ports_.loop->Now());
}

void ReplicatedAllocator::SetTaken(const TakenAddresses& taken) {
  if (taken == allocator_.taken()) return;
  allocator_.SetTaken(taken);
  other_space_ = true;
  WakeBy(ports_.loop->Now());
}

void ReplicatedAllocator::SetAlone(bool alone) {
  if (records_) return;
  const bool provisional =
      alone && stale_records_.empty() && !ledger_.HasFirm();
  if (provisional == ledger_.provisional()) return;
  ledger_.SetProvisional(provisional);
  queue_.AddAll();
  WakeBy(ports_.loop->Now());
}

void ReplicatedAllocator::SetAuthor(std::optional<std::string> author) {
  if (author == author_) return;
  author_ = std::move(author);
  if (author_.has_value()) {  // The others had time to tell more.
    ledger_.Merge(std::exchange(stale_records_, {}));
  }
  queue_.AddAll();
  WakeBy(ports_.loop->Now());
}

absl::StatusOr<size_t> ReplicatedAllocator::Merge(std::string_view message) {
  if (records_) return 0;
  LB_ASSIGN_OR_RETURN(const auto changed, ledger_.MergeMessage(message));
  if (ledger_.size() > 0) stale_records_.clear();
  // They are not this node's proposals any more: their author has them on disk.
  for (const std::string& service : changed) saver_.Forget(service);
  if (!changed.empty()) WakeBy(ports_.loop->Now());
  return changed.size();
}

absl::Duration ReplicatedAllocator::look_interval() const {
  if (more_) return kLookInterval;
  return kLookInterval +
         kLookIntervalPerRecord * std::max(entries_.size(), ledger_.size());
}

// From ledger, manifests and authorship to entries. Doing it twice changes
// nothing.
void ReplicatedAllocator::Update() {
  const io::TurnCause cause(ports_.loop, "assigns addresses");
  const absl::Time now = ports_.loop->Now();
  const absl::Time civil_now = ports_.loop->CivilNow();
  bool freed = allocator_.NextCoolDownEnd() <= civil_now;
  allocator_.AdvanceTo(civil_now);
  // To look at many pools and records again is long enough for one look.
  const bool only_follows = other_space_ && ledger_.size() > kPortion;
  LedgerFollower::Followed followed = Follow({now, civil_now});
  more_ = only_follows || wanted_.has_touched();
  freed |= followed.freed;
  if (IsAuthor()) freed |= ProposeReleases(now);
  allocator_.SetNotes(NotesOf(AbsentHolders()));  // Of a full pool.
  for (const auto& [service, why] : queue_.failures()) stale_.insert(service);
  saver_.TakeLate(now, &stale_);
  if (!IsAuthor()) {
    queue_.ClearFailures();
  } else if (!only_follows) {
    ProposeAssignments(followed.services, freed);
  }
  for (const std::string& service : followed.services) NoteStale(service);
  TouchAll(saver_.Save());
  ReadEntries();
  if (more_) timer_.GoOn();
  // An address that has rested may be what a service waits for.
  WakeBy(now + (allocator_.NextCoolDownEnd() - civil_now));
  // What was proposed is followed, so that TakeUnrecorded() has it.
  if (ledger_.version() != follower_.version()) WakeBy(now);
  on_change_();
}

// The allocator comes to hold what the ledger says.
LedgerFollower::Followed ReplicatedAllocator::Follow(
    const AbsentServices::Since& now) {
  Services touched = wanted_.TakeTouched(kPortion);
  for (std::string& service : ledger_.ServicesSince(follower_.version())) {
    touched.insert(std::move(service));
  }
  for (const std::string& service : touched) {
    const Record* const record = ledger_.Find(service);
    const bool holds = record != nullptr && !record->is_release();
    wanted_.NoteHolding(service, holds, now);
  }
  const auto find_request = [this](std::string_view service) {
    return wanted_.FindLast(service);
  };
  if (!std::exchange(other_space_, false)) {
    Services unknown = follower_.TakeUnknown(ledger_, &touched);
    LedgerFollower::Followed followed = follower_.Follow(
        ledger_, std::move(touched), find_request, &allocator_);
    followed.services.merge(unknown);
    return followed;
  }
  queue_.AddAll();
  for (const auto& [service, request] : requests()) {
    // It may be refused what it asks for by now.
    stale_.insert(stale_.end(), service);
  }
  return follower_.FollowPools(ledger_, std::move(touched), find_request,
                               &allocator_);
}

// True: something was freed.
bool ReplicatedAllocator::ProposeReleases(absl::Time now) {
  std::vector<std::string> due;
  for (const auto& [service, since] : wanted_.absent().since()) {
    if (wanted_.wanted().may_exist.Contains(service)) continue;
    if (now - since.loop < kReleaseDelay) {
      WakeBy(since.loop + kReleaseDelay);
      continue;
    }
    due.push_back(service);
  }
  for (const std::string& service : due) {
    if (ledger_.ProposeRelease(service, ports_.loop->CivilNow()).ok()) {
      saver_.NoteProposal(service);
    }
    allocator_.Release(service);
    wanted_.absent().Forget(service);
    wanted_.Touch(service);
  }
  return !due.empty();
}

// Services that hold an address come first, so that they keep it.
void ReplicatedAllocator::ProposeAssignments(const Services& followed,
                                             bool freed) {
  const Services due = queue_.Take(
      requests(), followed, freed, [this](const ServiceRequest& request) {
        const auto held = allocator_.Find(request.service);
        return held && allocator_.Decide(request).assignment != *held;
      });
  more_ |= queue_.has_more();
  std::vector<const ServiceRequest*> order;
  for (const std::string& service : due) {
    if (!followed.contains(service)) stale_.insert(service);
    order.push_back(wanted_.Find(service));
  }
  std::stable_partition(order.begin(), order.end(), [&](const auto* request) {
    return allocator_.Find(request->service).has_value();
  });
  for (const ServiceRequest* request : order) ProposeAssignment(*request);
}

void ReplicatedAllocator::ProposeAssignment(const ServiceRequest& request) {
  const std::string& service = request.service;
  const auto assigned = allocator_.Assign(request);
  if (!assigned.ok()) return queue_.OnFailed(service, assigned.status());
  queue_.OnAssigned(request, *assigned);
  const Record* record = ledger_.Find(service);
  const bool is_same = record != nullptr && AssignmentOf(*record) == *assigned;
  if (is_same && (!record->provisional || ledger_.provisional())) return;
  const auto proposed =
      ledger_.Propose(service, *assigned, ports_.loop->CivilNow());
  if (!proposed.ok()) {
    queue_.OnFailed(service, proposed.status());
    allocator_.Release(service);
    wanted_.Touch(service);  // The ledger says what it said before.
    return;
  }
  // If only `provisional` changed, the address is on disk and stays visible.
  if (!is_same) saver_.NoteProposal(service);
  follower_.Adopt(ledger_, service);
}

void ReplicatedAllocator::TouchAll(std::vector<std::string> services) {
  for (std::string& service : services) wanted_.Touch(std::move(service));
}

void ReplicatedAllocator::OnWritten(Services concerned) {
  stale_.merge(concerned);
  if (!save_error().ok()) WakeBy(ports_.loop->Now() + kSaveRetry);
  // Else the next look reads a portion: elections get no two of them at once.
  if (!more_) ReadEntries();
  saver_.AnswerWaiting();
  on_change_();
}

absl::StatusOr<std::vector<ReplicatedAllocator::Released>>
ReplicatedAllocator::Release(const ReleaseTarget& target,
                             absl::AnyInvocable<void(absl::Status)> on_saved) {
  LB_RETURN_IF_ERROR(MayRelease(target.ToString(), records_.has_value(),
                                author_, saver_.waiting()));
  LB_ASSIGN_OR_RETURN(
      std::vector<Released> released,
      FindReleasable(target, ledger_, allocator_, wanted_.wanted()));
  LB_RETURN_IF_ERROR(ProposeWithout(released));
  saver_.Await(std::move(on_saved));
  WakeBy(ports_.loop->Now());
  return released;
}

// A new generation of each service's record, without those addresses.
absl::Status ReplicatedAllocator::ProposeWithout(
    const std::vector<Released>& released) {
  Services services;
  for (const Released& one : released) services.insert(one.service);
  for (const std::string& service : services) {
    const Assignment rest = Without(*ledger_.Find(service), released);
    LB_RETURN_IF_ERROR(
        ledger_.Propose(service, rest, ports_.loop->CivilNow()).status());
    saver_.NoteProposal(service);
    stale_.insert(service);
  }
  return absl::OkStatus();
}

ReplicatedAllocator::Services ReplicatedAllocator::TakeWithSharers(
    size_t count, Services* from) const {
  Services taken = TakeFirst(count, *from);
  std::vector<std::string> queue(taken.begin(), taken.end());
  while (!from->empty() && !queue.empty()) {
    const auto held = allocator_.Find(queue.back());
    queue.pop_back();
    if (!held) continue;
    for (const AssignedAddress& assigned : held->addresses) {
      for (const std::string& sharer : allocator_.HoldersOf(assigned.address)) {
        if (from->erase(sharer) == 0) continue;
        taken.insert(sharer);
        queue.push_back(sharer);
      }
    }
  }
  return taken;
}

// Those that may have changed, and those that wait: what they wait for may be
// another thing now. They wait for the author too, which may give another what
// they ask for. Those that only wait to be written are told by OnWritten().
void ReplicatedAllocator::ReadEntries() {
  Services due = TakeWithSharers(kPortion, &stale_);
  if (!stale_.empty()) {
    more_ = true;
    timer_.GoOn();
  }
  for (const std::string& service : std::exchange(waiting_, {})) {
    if (!stale_.contains(service)) due.insert(service);
  }
  bool changed = false;
  for (const std::string& service : due) {
    if (!ReadEntry(service)) continue;
    changed_.insert(service);
    changed = true;
  }
  if (changed) ++version_;
}

// True if it is another than before.
bool ReplicatedAllocator::ReadEntry(const std::string& service) {
  const ServiceRequest* const request = wanted_.Find(service);
  if (request == nullptr) return entries_.erase(service) > 0;
  if (AwaitsFirstWrite(service)) return false;
  Entry entry = EntryOf({.ledger = ledger_,
                         .saver = saver_,
                         .allocator = allocator_,
                         .queue = queue_,
                         .records = records_,
                         .author = author_,
                         .is_author = IsAuthor()},
                        *request);
  const bool waits = entry.assignment.addresses.empty() ||
                     !entry.reason.empty() ||
                     (!IsAuthor() && allocator_.Decide(*request).assignment !=
                                         entry.assignment);
  if (waits && !saver_.IsUnsaved(service)) waiting_.insert(service);
  const auto [known, is_new] = entries_.try_emplace(service);
  if (!is_new && known->second == entry) return false;
  known->second = std::move(entry);
  return true;
}

void ReplicatedAllocator::NoteStale(const std::string& service) {
  const bool matters = entries_.contains(service) || wanted_.Wants(service);
  if (matters && !AwaitsFirstWrite(service)) stale_.insert(service);
}

bool ReplicatedAllocator::AwaitsFirstWrite(const std::string& service) {
  const bool is_new = !entries_.contains(service);
  if (!is_new || !saver_.HoldsBack(service, ports_.loop->Now())) return false;
  WakeBy(saver_.late_at());
  return true;
}

std::string ReplicatedAllocator::FullMessage() {
  TouchAll(saver_.DropOldTombstones());
  if (records_) return SerializeMessage({});
  std::vector<Record> told = saver_.SavedRecords();
  const absl::Time now = ports_.loop->CivilNow();
  std::erase_if(told,
                [&](const Record& record) { return IsForgotten(record, now); });
  return SerializeMessage(told);
}

std::vector<std::string> ReplicatedAllocator::TakeMessages(size_t bytes_max) {
  const std::vector<Record> news = saver_.TakeNews();
  if (records_) return {};
  return SplitForGossip(news, bytes_max).messages;
}

std::vector<ReplicatedAllocator::Absent> ReplicatedAllocator::AbsentHolders()
    const {
  return ipam::AbsentHolders(wanted_.absent(), ledger_,
                             wanted_.wanted().may_exist);
}

std::vector<net::IpAddress> ReplicatedAllocator::TakeUnrecorded() {
  std::vector<net::IpAddress> unrecorded = follower_.TakeUnclaimed();
  if (unrecorded.empty()) return unrecorded;
  for (const Record& record : ledger_.RecordsSince(follower_.version())) {
    std::erase_if(unrecorded, [&](const net::IpAddress& address) {
      return Claims(record, address);
    });
  }
  return unrecorded;
}

std::vector<std::pair<std::string, Orphan>> ReplicatedAllocator::Orphans()
    const {
  return OrphansOf(requests(), allocator_);
}

}  // namespace lb::ipam

#include "daemon/agent/address_book.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "lb/base/check.h"
#include "lb/base/status_macros.h"
#include "lb/ipam/ledger_codec.h"

namespace lb {
namespace {

using ipam::Assignment;
using ipam::Record;
using ipam::ServiceRequest;

Assignment AssignmentOf(const Record& record) {
  Assignment assignment;
  for (const ipam::Claim& claim : record.claims) {
    assignment.addresses.push_back({claim.address, claim.pool});
  }
  return assignment;
}

// Stands for a service of which only the record is known, so that its
// addresses are not given to others.
ServiceRequest ReservationFor(const std::string& service) {
  ServiceRequest request;
  request.service = service;
  request.service_namespace = service.substr(0, service.find('/'));
  return request;
}

}  // namespace

AddressBook::AddressBook(std::string node, const io::Environment& environment,
                         absl::AnyInvocable<void()> on_change)
    : node_(std::move(node)),
      environment_(environment),
      on_change_(std::move(on_change)),
      store_(environment.state),
      ledger_(node_, kRecordsMax),
      timer_(environment.loop->NewTimer([this] { Update(); })) {}

void AddressBook::Restore() {
  const ipam::RestoredLedger restored = store_.Restore();
  for (const absl::Status& refused : restored.refused) {
    environment_.log->Record({.time = environment_.loop->CivilNow(),
                              .type = EventType::kWarning,
                              .reason = "StateRefused",
                              .object = "Node/" + node_,
                              .message = std::string(refused.message())});
  }
  const absl::Duration age =
      environment_.loop->CivilNow() - restored.written_at;
  if (age < ipam::kTombstoneLifetime) {
    ledger_.Merge(restored.records);
  } else {
    stale_records_ = restored.records;
  }
  saved_version_ = saving_version_ = told_version_ = ledger_.version();
}

void AddressBook::SetWanted(Wanted wanted) {
  if (wanted == wanted_) return;
  for (auto& [service, request] : wanted_.requests) {
    last_requests_.insert_or_assign(service, std::move(request));
  }
  wanted_ = std::move(wanted);
  const absl::Status valid = allocator_.SetPools(wanted_.pools);
  LB_CHECK(valid.ok());  // Wanted::pools promises it.
  WakeBy(environment_.loop->Now());
}

void AddressBook::SetAlone(bool alone) {
  const bool provisional =
      alone && stale_records_.empty() && !ledger_.HasFirm();
  if (provisional == ledger_.provisional()) return;
  ledger_.SetProvisional(provisional);
  WakeBy(environment_.loop->Now());
}

void AddressBook::SetAuthor(std::optional<std::string> author) {
  if (author == author_) return;
  author_ = std::move(author);
  if (author_.has_value()) {  // Whoever could have told us more has not.
    ledger_.Merge(std::exchange(stale_records_, {}));
  }
  WakeBy(environment_.loop->Now());
}

absl::StatusOr<size_t> AddressBook::Merge(std::string_view message) {
  LB_ASSIGN_OR_RETURN(const auto changed, ledger_.MergeMessage(message));
  if (ledger_.size() > 0) stale_records_.clear();
  // No proposals of this node any more: whoever made them has them on disk.
  for (const std::string& service : changed) unsaved_.erase(service);
  if (!changed.empty()) WakeBy(environment_.loop->Now());
  return changed.size();
}

void AddressBook::WakeBy(absl::Time deadline) {
  deadline = std::max(deadline, updated_ + look_interval());
  if (deadline >= wake_at_) return;
  wake_at_ = deadline;
  timer_->Arm(deadline);
}

// From ledger, manifests and authorship to entries. Doing it twice changes
// nothing.
void AddressBook::Update() {
  const absl::Time now = environment_.loop->Now();
  updated_ = now;
  wake_at_ = absl::InfiniteFuture();
  ipam::ServiceRequests requests = wanted_.requests;
  ReserveMissing(now, requests);
  const absl::Time civil_now = environment_.loop->CivilNow();
  allocator_.AdvanceTo(civil_now);
  const auto replayed =
      ipam::Replay(ledger_, requests, ipam::OutsidePools::kKeep, &allocator_);
  ReserveUnknown(replayed.orphaned);
  failures_.clear();
  if (IsAuthor()) {
    ProposeReleases(now);
    ProposeAssignments();
  }
  SaveIfChanged();
  ReadEntries();
  // An address that has rested may be what a service waits for.
  WakeBy(now + (allocator_.NextCoolDownEnd() - civil_now));
  on_change_();
}

// Adds a reservation for each service on record that is not wanted.
void AddressBook::ReserveMissing(absl::Time now,
                                 ipam::ServiceRequests& requests) {
  std::map<std::string, absl::Time, std::less<>> missing;
  for (const Record& record : ledger_.AllRecords()) {
    if (record.is_release() || requests.contains(record.service)) continue;
    const auto known = missing_since_.find(record.service);
    missing[record.service] =
        known == missing_since_.end() ? now : known->second;
    const auto last = last_requests_.find(record.service);
    if (last != last_requests_.end()) requests.insert(*last);
  }
  missing_since_ = std::move(missing);
  std::erase_if(last_requests_, [this](const auto& last) {
    return !missing_since_.contains(last.first);
  });
}

// This run never knew what they asked for, so whether they share: they must not
// take from a wanted service what the two have together.
void AddressBook::ReserveUnknown(const std::vector<std::string>& services) {
  for (const std::string& service : services) {
    std::vector<ipam::AssignedAddress> reserved;
    for (const ipam::Claim& claim : ledger_.Find(service)->claims) {
      reserved.push_back({claim.address, claim.pool});
      if (!allocator_.Keep(ReservationFor(service), reserved).ok()) {
        reserved.pop_back();
      }
    }
  }
}

void AddressBook::ProposeReleases(absl::Time now) {
  if (wanted_.incomplete) return;
  for (auto it = missing_since_.begin(); it != missing_since_.end();) {
    const auto& [service, since] = *it;
    if (now - since < kReleaseDelay) {
      WakeBy(since + kReleaseDelay);
      ++it;
      continue;
    }
    if (ledger_.ProposeRelease(service, environment_.loop->CivilNow()).ok()) {
      unsaved_[service] = ledger_.version();
    }
    allocator_.Release(service);
    it = missing_since_.erase(it);
  }
}

// Gives every service what it lacks. Those that hold something come first, so
// that they keep it.
void AddressBook::ProposeAssignments() {
  std::vector<const ServiceRequest*> order;
  for (const auto& [service, request] : wanted_.requests) {
    order.push_back(&request);
  }
  std::stable_partition(order.begin(), order.end(), [&](const auto* request) {
    return allocator_.Find(request->service).has_value();
  });
  for (const ServiceRequest* request : order) {
    const auto assigned = allocator_.Assign(*request);
    if (!assigned.ok()) {
      failures_[request->service] = assigned.status();
      continue;
    }
    const Record* record = ledger_.Find(request->service);
    const bool is_same =
        record != nullptr && AssignmentOf(*record) == *assigned;
    if (is_same && (!record->provisional || ledger_.provisional())) continue;
    const auto proposed = ledger_.Propose(request->service, *assigned,
                                          environment_.loop->CivilNow());
    if (!proposed.ok()) {
      failures_[request->service] = proposed.status();
      allocator_.Release(request->service);
      continue;
    }
    // Only made firm it is what it was, and is announced.
    if (!is_same) unsaved_[request->service] = ledger_.version();
  }
}

void AddressBook::SaveIfChanged() {
  const uint64_t version = ledger_.version();
  if (version == saving_version_) return;
  ledger_.DropOldTombstones(environment_.loop->CivilNow());
  saving_version_ = ledger_.version();
  store_.Save(ledger_, environment_.loop->CivilNow(),
              [this, version = saving_version_](absl::Status status) {
                OnSaved(version, std::move(status));
              });
}

void AddressBook::OnSaved(uint64_t version, absl::Status status) {
  if (status != save_error_) ReportSave(status);
  save_error_ = std::move(status);
  if (!save_error_.ok()) {
    saving_version_ = saved_version_;  // Tried again by the timer.
    WakeBy(environment_.loop->Now() + kSaveRetry);
  } else {
    saved_version_ = std::max(saved_version_, version);
    std::erase_if(unsaved_, [&](const auto& unsaved) {
      return unsaved.second <= saved_version_;
    });
  }
  ReadEntries();
  AnswerReleases();
  on_change_();
}

void AddressBook::ReportSave(const absl::Status& status) {
  environment_.log->Record(
      {.time = environment_.loop->CivilNow(),
       .type = status.ok() ? EventType::kNormal : EventType::kWarning,
       .reason = status.ok() ? "StateSaved" : "StateUnsaved",
       .object = "Node/" + node_,
       .message = fmt::format(
           "state-dir: {}",
           status.ok() ? "is written again" : std::string(status.message()))});
}

void AddressBook::ReadEntries() {
  const auto before = std::exchange(entries_, {});
  for (const auto& [service, request] : wanted_.requests) {
    Entry& entry = entries_[service];
    const auto held = allocator_.Find(service);
    if (!held.has_value() || unsaved_.contains(service)) {
      entry = EntryWithout(request);
      continue;
    }
    entry.assignment = *held;
    const auto failure = failures_.find(service);
    if (failure == failures_.end()) continue;
    entry.reason = std::string(failure->second.message());
    entry.code = failure->second.code();
  }
  if (entries_ != before) ++version_;
}

AddressBook::Entry AddressBook::EntryWithout(
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
  return {.reason =
              author_.has_value()
                  ? fmt::format("waiting for {} to assign an address", *author_)
                  : "waiting to hear from the cluster",
          .waiting = true};
}

std::string AddressBook::FullMessage() {
  ledger_.DropOldTombstones(environment_.loop->CivilNow());
  std::vector<Record> written = ledger_.AllRecords();
  std::erase_if(written, [this](const Record& record) {
    return unsaved_.contains(record.service);
  });
  return ipam::SerializeMessage(written);
}

std::vector<std::string> AddressBook::TakeMessages(size_t bytes_max) {
  if (told_version_ >= saved_version_) return {};
  std::vector<Record> own;
  for (Record& record : ledger_.RecordsSince(told_version_)) {
    // What others changed they have told themselves.
    if (record.changed.author == node_ && !unsaved_.contains(record.service)) {
      own.push_back(std::move(record));
    }
  }
  told_version_ = saved_version_;
  return ipam::SplitForGossip(own, bytes_max).messages;
}

std::vector<net::IpAddress> AddressBook::AddressesOnRecord() const {
  std::vector<net::IpAddress> addresses;
  std::vector<Record> records = ledger_.AllRecords();
  records.insert(records.end(), stale_records_.begin(), stale_records_.end());
  for (const Record& record : records) {
    for (const ipam::Claim& claim : record.claims) {
      addresses.push_back(claim.address);
    }
  }
  return addresses;
}

std::vector<std::pair<std::string, ipam::Orphan>> AddressBook::Orphans() const {
  std::vector<std::pair<std::string, ipam::Orphan>> orphans;
  for (const auto& [service, request] : wanted_.requests) {
    for (ipam::Orphan& orphan : allocator_.OrphansOf(request)) {
      orphans.emplace_back(service, std::move(orphan));
    }
  }
  return orphans;
}

}  // namespace lb

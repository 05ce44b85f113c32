#include "daemon/kubernetes/controller_core.h"

#include <algorithm>

#include "daemon/kubernetes/event_texts.h"
#include "daemon/kubernetes/pool_manifests.h"
#include "lb/base/portion.h"
#include "lb/config/object_change.h"
#include "lb/ipam/taken_addresses.h"

namespace lb {

using kubernetes::WriteVerdict;

namespace {

// A load balancer, or a Service that a controller gave an address as one.
bool IsOfInterest(const ServiceRecord& record) {
  return record.is_load_balancer || !record.pool.empty();
}

// The source has not read the record that a write's answer tells of.
ServiceRecord Fresh(ServiceRecord record, std::string read_version) {
  record.read_version = std::move(read_version);
  return record;
}

template <typename Container, typename Value>
bool Contains(const Container& container, const Value& value) {
  return std::find(container.begin(), container.end(), value) !=
         container.end();
}

// The record after a write whose answer had no object in it.
ServiceRecord Written(ServiceRecord record, const ipam::Assignment& written) {
  record.addresses.clear();
  for (const ipam::AssignedAddress& held : written.addresses) {
    record.addresses.push_back(held.address);
  }
  record.has_others = false;
  record.pool = PoolsOf(written);
  return record;
}

}  // namespace

void ControllerCore::OnUpdate(const Now& now, const SourceUpdate& update) {
  desired_ = update.desired;
  for (const auto& [name, uid] : update.uids) {
    uids_[name] = uid;
    if (uid.empty()) uids_.erase(name);
  }
  for (const PoolRecord& pool : update.pools) pools_.OnRecord(pool);
  for (const ServiceChange& change : update.services) OnService(now, change);
  if (!acts()) return;
  OnDifference(update.difference);
  for (const ServiceChange& change : update.services) {
    to_look_.insert(change.record.name());
  }
  if (!update.services.empty()) to_look_.merge(blocked_);
  PlanWork(now.loop);
}

const ServiceRecord* ControllerCore::FindLast(const std::string& name) const {
  const auto unlisted = unlisted_.find(name);
  return unlisted == unlisted_.end() ? records_.Find(name)
                                     : &unlisted->second.record;
}

void ControllerCore::OnService(const Now& now, const ServiceChange& change) {
  using Kind = ServiceChange::Kind;
  const std::string name = change.record.name();
  const ServiceRecord* const known = records_.Find(name);
  const ServiceRecord* const last = FindLast(name);
  const bool is_gone = change.kind == Kind::kDeleted ||
                       (change.kind == Kind::kSet && last != nullptr &&
                        last->meta.uid != change.record.meta.uid);
  unlisted_.erase(name);
  if (is_gone && acts()) {
    // Another object of this name has no claim to what this one had.
    writing_.erase(name);
    term_->Release(name);
  }
  // An old server tells of all Services, and most are no load balancers.
  if (change.kind == Kind::kSet && IsOfInterest(change.record)) {
    return records_.Set(change.record);
  }
  if (known == nullptr) return;
  if (change.kind == Kind::kUnlisted && !known->addresses.empty()) {
    unlisted_[name] = {now.loop + options_.unlisted_delay, *known};
  }
  records_.Erase(name);
}

void ControllerCore::OnDifference(const config::Difference& difference) {
  TellProblems(difference.new_problems, kConfigurationError);
  TellProblems(difference.new_notices, "");
  if (difference.pools) term_->SetPools(desired_->pools);
  if (difference.pools) pools_.Touch();
  if (difference.cluster) SetTaken();
  to_look_.insert(difference.services.begin(), difference.services.end());
  if (!difference.may_define) return;
  // It may be known by now what a service asks for, or that it asks nothing.
  for (const auto& [name, record] : records_.all()) {
    if (!term_->Wants(name)) to_look_.insert(name);
  }
}

// The addresses of the cluster's hosts are no service's.
void ControllerCore::SetTaken() {
  ipam::TakenAddresses taken;
  for (const auto& [name, node] : desired_->nodes) {
    for (const net::IpAddress& address : node.addresses) {
      taken[address] = name + "'s own";
    }
  }
  term_->SetTaken(taken);
}

void ControllerCore::Begin(const Now& now) {
  term_ = std::make_unique<AddressTerm>();
  term_->SetPools(desired_->pools);
  SetTaken();
  pools_.Touch();
  for (const auto& [name, record] : records_.all()) to_look_.insert(name);
  for (const auto& [name, unlisted] : unlisted_) {
    term_->Reserve(unlisted.record);
  }
  TellProblems(desired_->problems, kConfigurationError);
  PlanWork(now.loop);
}

void ControllerCore::End() {
  term_.reset();
  pools_.Forget();
  to_look_.clear();
  blocked_.clear();
  writing_.clear();
  failed_.clear();
  retry_at_ = absl::InfiniteFuture();
  deadline_ = absl::InfiniteFuture();
  writes_.clear();
  events_.clear();
  pools_.TakeWrites();
}

void ControllerCore::LookAtSome() {
  for (const std::string& service : TakeFirst(kPortion, to_look_)) {
    Look(service);
  }
}

void ControllerCore::Look(const std::string& service) {
  const config::Service* const wanted = FindCurrent(service);
  if (wanted == nullptr) return LookAtAbsent(service);
  const ServiceRecord* const record = records_.Find(service);
  if (!writing_.contains(service)) {
    term_->OnStatus(service, record->addresses);
  }
  term_->Want(wanted->request, record);
}

// A refused object leaves its last good value in force. What that asked for is
// no reason to change an address: this process may have missed a later one.
const config::Service* ControllerCore::FindCurrent(
    const std::string& service) const {
  const config::Service* const wanted = config::FindService(*desired_, service);
  const ServiceRecord* const record = records_.Find(service);
  if (wanted == nullptr || record == nullptr) return nullptr;
  const auto object = desired_->objects.find("Service/" + service);
  const bool is_current =
      object != desired_->objects.end() &&
      object->second.origin.resource_version() == record->read_version;
  return is_current ? wanted : nullptr;
}

void ControllerCore::LookAtAbsent(const std::string& service) {
  const ServiceRecord* const record = records_.Find(service);
  if (record == nullptr) {
    if (unlisted_.contains(service)) return;
    writing_.erase(service);
    return term_->Release(service);
  }
  if (record->is_load_balancer) {
    // Another class is another controller's: what that one gave stays as it is,
    // and is not given again.
    const bool is_ours =
        record->load_balancer_class == options_.load_balancer_class;
    if (!is_ours && record->addresses.empty()) return term_->Release(service);
    term_->Reserve(*record);
    if (writing_.contains(service)) return;
    return term_->OnStatus(service, record->addresses);
  }
  // It was a load balancer, and its status still says so.
  term_->Withdraw(*record);
  Settle(service, {});
}

std::vector<const ServiceRecord*> ControllerCore::FindRivals(
    const ServiceRecord& record, const net::IpAddress& address) const {
  std::vector<const ServiceRecord*> rivals;
  // What others say is no reason to take an address out of a status.
  if (Contains(record.addresses, address)) return rivals;
  const std::vector<std::string> holders = term_->HoldersOf(address);
  for (const std::string& other : records_.ClaimantsOf(address)) {
    if (Contains(holders, other)) continue;
    rivals.push_back(records_.Find(other));
  }
  return rivals;
}

const ServiceRecord* ControllerCore::FindLasting(
    const ServiceRecord& record, const ipam::Assignment& assignment) const {
  for (const ipam::AssignedAddress& held : assignment.addresses) {
    // While others share it, no other service can have it.
    if (term_->HoldersOf(held.address).size() > 1) continue;
    for (const ServiceRecord* const rival : FindRivals(record, held.address)) {
      if (term_->IsReserved(rival->name())) return rival;
    }
  }
  return nullptr;
}

ipam::Assignment ControllerCore::Writable(const ServiceRecord& record,
                                          const ipam::Assignment& assignment) {
  ipam::Assignment writable;
  for (const ipam::AssignedAddress& held : assignment.addresses) {
    if (FindRivals(record, held.address).empty()) {
      writable.addresses.push_back(held);
    }
  }
  blocked_.erase(record.name());
  if (writable.addresses.size() < assignment.addresses.size()) {
    blocked_.insert(record.name());
  }
  return writable;
}

void ControllerCore::Settle(const std::string& service,
                            std::vector<ipam::ServiceEvent> events) {
  const ServiceRecord* const record = records_.Find(service);
  if (record == nullptr) return;
  const ipam::Assignment held = term_->Find(service);
  // An older state of the server says so, or another writer: there is no use in
  // waiting for that status to change.
  if (const ServiceRecord* const lasting = FindLasting(*record, held)) {
    return term_->Yield(*record, *lasting);
  }
  ipam::Assignment assignment = Writable(*record, held);
  const auto writing = writing_.find(service);
  const bool is_said = writing == writing_.end()
                           ? Says(*record, assignment)
                           : writing->second.assignment == assignment;
  if (is_said) {
    if (writing == writing_.end()) return Tell(service, events);
    auto& later = writing->second.events;
    later.insert(later.end(), events.begin(), events.end());
    return;
  }
  ++last_number_;
  writing_[service] = {last_number_, assignment, std::move(events)};
  writes_.push_back({last_number_, *record, std::move(assignment)});
}

void ControllerCore::Work(const Now& now) {
  if (now.loop < deadline_) return;
  deadline_ = absl::InfiniteFuture();
  if (!acts()) return;
  ReleaseUnlisted(now.loop);
  if (now.loop >= retry_at_) {
    retry_at_ = absl::InfiniteFuture();
    to_look_.merge(std::exchange(failed_, {}));
  }
  LookAtSome();
  // All statuses are taken up before anything is assigned.
  if (to_look_.empty()) AssignDue(now);
  if (options_.has_pool_objects) {
    pools_.Work(now.loop, desired_->pools,
                [this](const std::string& pool) { return term_->Usage(pool); });
  }
  Plan(now);
}

void ControllerCore::AssignDue(const Now& now) {
  for (AddressTerm::Result& result : term_->AssignDue(now.civil)) {
    pools_.Touch();
    // A failure, and what was lost to another service, are told at once; what
    // the service gets, once its status says so.
    if (!result.status.ok() || term_->IsDue(result.service)) {
      Tell(result.service, result.events);
      result.events.clear();
    }
    if (term_->IsDue(result.service)) continue;
    Settle(result.service, std::move(result.events));
  }
}

void ControllerCore::Plan(const Now& now) {
  if (!to_look_.empty() || term_->has_due()) PlanWork(now.loop);
  if (options_.has_pool_objects) PlanWork(pools_.deadline());
  PlanWork(retry_at_);
  const absl::Time cooled = term_->NextCoolDownEnd();
  if (cooled < absl::InfiniteFuture()) {
    PlanWork(now.loop + std::max(cooled - now.civil, absl::Milliseconds(1)));
  }
  for (const auto& [service, unlisted] : unlisted_) PlanWork(unlisted.until);
}

void ControllerCore::ReleaseUnlisted(absl::Time now) {
  for (auto it = unlisted_.begin(); it != unlisted_.end();) {
    if (it->second.until > now) {
      ++it;
      continue;
    }
    to_look_.insert(it->first);
    it = unlisted_.erase(it);
  }
}

void ControllerCore::PlanWork(absl::Time at) {
  deadline_ = std::min(deadline_, at);
}

void ControllerCore::OnWritten(const Now& now, const StatusWrite& write,
                               WriteVerdict verdict,
                               const std::optional<ServiceRecord>& fresh) {
  const std::string service = write.record.name();
  const auto writing = writing_.find(service);
  // A later write of this status is under way, or the term is another one.
  if (writing == writing_.end() || writing->second.number != write.number) {
    return;
  }
  const Writing written = std::move(writing->second);
  writing_.erase(writing);
  const ServiceRecord* const known = records_.Find(service);
  if (known == nullptr) return;
  PlanWork(now.loop);
  to_look_.merge(blocked_);
  switch (verdict) {
    case WriteVerdict::kDone:
    case WriteVerdict::kUnneeded:
      if (fresh && fresh->inputs != write.record.inputs) {
        if (known->inputs != fresh->inputs) break;
        // The watch has told of it already, while the write was under way.
        to_look_.insert(service);
        return;
      }
      Tell(service, written.events);
      OnService(now,
                {ServiceChange::Kind::kSet,
                 Fresh(fresh ? *fresh : Written(*known, written.assignment),
                       known->read_version)});
      to_look_.insert(service);
      return;
    case WriteVerdict::kGone:
      return;  // The watch says so, too.
    case WriteVerdict::kSuperseded:
    case WriteVerdict::kExists:
    case WriteVerdict::kConflict:
    case WriteVerdict::kRefused:
    case WriteVerdict::kOverflow:
      break;
  }
  term_->ReturnTo(*known);
  // It is tried again when the object changes, as far as this process sees, and
  // otherwise after a while.
  failed_.insert(service);
  retry_at_ = std::min(retry_at_, now.loop + options_.write_retry);
}

ControllerCore::ServiceCounts ControllerCore::CountServices() const {
  ServiceCounts counts;
  for (const auto& [service, record] : records_.all()) {
    if (!record.is_load_balancer) continue;
    if (record.load_balancer_class != options_.load_balancer_class) continue;
    ++(record.addresses.empty() ? counts.pending : counts.assigned);
  }
  return counts;
}

std::vector<std::pair<std::string, ipam::PoolUsage>>
ControllerCore::PoolUsages() const {
  std::vector<std::pair<std::string, ipam::PoolUsage>> usages;
  for (const ipam::Pool& pool : desired_->pools) {
    const auto usage = term_->Usage(pool.name);
    if (usage.ok()) usages.emplace_back(pool.name, *usage);
  }
  return usages;
}

void ControllerCore::Tell(const std::string& service,
                          const std::vector<ipam::ServiceEvent>& events) {
  const ServiceRecord* const record = records_.Find(service);
  if (record == nullptr) return;
  for (const ipam::ServiceEvent& event : events) {
    events_.push_back(EventOf(record->meta, event));
  }
}

void ControllerCore::TellProblems(const std::vector<config::Problem>& problems,
                                  std::string_view default_reason) {
  for (const config::Problem& problem : problems) {
    if (problem.reason.empty() && default_reason.empty()) continue;
    const bool has_object = options_.has_pool_objects ||
                            !IsPoolManifest(config::KindOf(problem.object));
    if (!has_object) continue;
    const auto event = EventOf(problem, default_reason, options_.own_namespace,
                               UidOf(problem.object));
    if (event) events_.push_back(*event);
  }
}

// Empty: it is not known.
std::string ControllerCore::UidOf(const std::string& object) const {
  const auto uid = uids_.find(object);
  if (uid != uids_.end()) return uid->second;
  if (config::KindOf(object) != "Service") return "";
  const ServiceRecord* const service =
      records_.Find(config::NameWithoutKind(object));
  return service == nullptr ? "" : service->meta.uid;
}

}  // namespace lb

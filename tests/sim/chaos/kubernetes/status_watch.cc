#include "tests/sim/chaos/kubernetes/status_watch.h"

#include <algorithm>

#include "fmt/format.h"
#include "lb/config/difference.h"
#include "lb/kubernetes/json_writer.h"
#include "lb/kubernetes/object_meta.h"
#include "lb/kubernetes/tree_path.h"

namespace lb::chaos {
namespace {

// A status that is older than this was seen by every controller that hears the
// server: no lag is longer.
constexpr absl::Duration kSeenAfter = absl::Seconds(8);

ServiceRecord RecordOf(const config::YamlNode& object) {
  return ReadServiceRecord(*kubernetes::ReadObjectMeta(object), object);
}

bool Has(const ServiceRecord& record, const net::IpAddress& address) {
  return std::find(record.addresses.begin(), record.addresses.end(), address) !=
         record.addresses.end();
}

bool AsksFor(const config::YamlNode& object,
             const std::vector<net::IpAddress>& addresses) {
  const auto wish = net::ParseIpAddress(
      std::string(kubernetes::TextAt(object, "spec.loadBalancerIP")));
  return wish.ok() && std::find(addresses.begin(), addresses.end(), *wish) !=
                          addresses.end();
}

}  // namespace

bool StatusWatch::IsUnsure() const {
  const auto& restored = stage_->restored();
  return restored &&
         stage_->world().loop().Now() < restored->at + restored->away + kUnsure;
}

bool StatusWatch::MayBeKept(const net::IpAddress& address) const {
  const auto gone = gone_.find(address);
  return gone != gone_.end() &&
         stage_->world().loop().Now() < gone->second + kUnsure;
}

void StatusWatch::Follow() {
  const auto& restored = stage_->restored();
  if (restored && restored->at != restored_at_) return FollowRestore();
  const uint64_t version = stage_->server().store().version();
  if (version_ == version) return;
  version_ = version;
  for (const StatusChange& change : TakeChanges()) {
    CheckLeft(change);
    CheckCame(change);
  }
}

std::vector<StatusWatch::StatusChange> StatusWatch::TakeChanges() {
  std::vector<StatusChange> changes;
  const kubernetes::SimObjects& services = stage_->cluster().Services();
  const absl::Time now = stage_->world().loop().Now();
  std::erase_if(known_, [&](const auto& entry) {
    if (services.contains(entry.first)) return false;
    log_.Add(stage_->world().loop().CivilNow(),
             entry.first.ToString() + " is gone");
    NoteGone(entry.second.record);
    return true;
  });
  for (const auto& [key, object] : services) {
    Known& known = known_[key];
    if (known.object == object) continue;
    const Known before = known;
    known.object = object;
    known.record = RecordOf(*object);
    log_.Add(stage_->world().loop().CivilNow(), kubernetes::JsonText(*object));
    known.has_asked_another |= known.record.inputs != known.asked;
    // A list of load balancers lacks it, as if it were deleted.
    if (!known.record.is_load_balancer) NoteGone(before.record);
    const bool is_new = before.record.meta.uid != known.record.meta.uid;
    if (is_new) known.asked_at = absl::InfinitePast();
    if (!is_new && known.record.inputs != before.record.inputs) {
      known.asked_at = now;
    }
    if (is_new || before.record.addresses != known.record.addresses) {
      changes.push_back({is_new ? Known() : before, known});
      known.asked = known.record.inputs;
      known.has_asked_another = false;
      known.since = now;
    }
  }
  return changes;
}

void StatusWatch::NoteGone(const ServiceRecord& record) {
  for (const net::IpAddress& address : record.addresses) {
    gone_[address] = stage_->world().loop().Now();
  }
}

void StatusWatch::FollowRestore() {
  const KubernetesStage::Restored& restored = *stage_->restored();
  restored_at_ = restored.at;
  version_ = stage_->server().store().version();
  lost_.clear();
  const kubernetes::SimObjects& services = stage_->cluster().Services();
  for (const auto& [key, known] : known_) {
    // An older object of the same name takes its place.
    if (services.contains(key)) continue;
    if (restored.at - known.since < kSeenAfter) continue;
    for (const net::IpAddress& address : known.record.addresses) {
      lost_[address] = {known.record.name(),
                        restored.at + restored.away + kUnlistedMin,
                        HostsThatKnow(known.record.name())};
    }
  }
  known_.clear();
  TakeChanges();
}

std::map<std::string, int> StatusWatch::HostsThatKnow(
    const std::string& service) const {
  std::map<std::string, int> hosts;
  for (const auto& lbd : stage_->lbds()) {
    if (!lbd->runs() || lbd->host->process().paused() || lbd->api_cut > 0) {
      continue;
    }
    const auto desired = lbd->kubernetes().source().desired();
    if (config::FindService(*desired, service) == nullptr) continue;
    hosts[lbd->name] = lbd->host->process().run();
  }
  return hosts;
}

void StatusWatch::CheckLeft(const StatusChange& change) const {
  const ServiceRecord& record = change.now.record;
  const absl::Time now = stage_->world().loop().Now();
  const bool may_change = IsUnsure() || change.now.has_asked_another ||
                          now - change.now.asked_at < kSeenAfter ||
                          AsksFor(*change.now.object, record.addresses);
  if (may_change) return;
  for (const net::IpAddress& address : change.before.record.addresses) {
    if (Has(record, address)) continue;
    fail_("unasked", fmt::format("{} has {} no more, by {}", record.name(),
                                 address.ToString(), writer_));
  }
}

void StatusWatch::CheckCame(const StatusChange& change) {
  const ServiceRecord& record = change.now.record;
  if (!record.load_balancer_class.empty() && !record.addresses.empty()) {
    fail_("leaves-others-alone",
          fmt::format("{} is of class {} and has {}", record.name(),
                      record.load_balancer_class,
                      record.addresses[0].ToString()));
  }
  for (const net::IpAddress& address : record.addresses) {
    if (Has(change.before.record, address)) continue;
    CheckOthers(record, address);
    CheckLost(record, address);
  }
}

void StatusWatch::CheckOthers(const ServiceRecord& record,
                              const net::IpAddress& address) const {
  if (IsUnsure()) return;
  for (const auto& [key, other] : known_) {
    if (key == record.meta.key || !Has(other.record, address)) continue;
    const bool shares = !record.sharing_key.empty() &&
                        record.sharing_key == other.record.sharing_key;
    if (shares) continue;
    fail_("one-status",
          fmt::format("{} gets {}, which {} has, by {}", record.name(),
                      address.ToString(), other.record.name(), writer_));
  }
}

void StatusWatch::CheckLost(const ServiceRecord& record,
                            const net::IpAddress& address) {
  const auto lost = lost_.find(address);
  if (lost == lost_.end()) return;
  const Lost known = lost->second;
  const auto knew = known.knew.find(writer_);
  bool still_knows = false;
  for (const auto& lbd : stage_->lbds()) {
    still_knows |= lbd->name == writer_ && knew != known.knew.end() &&
                   lbd->host->process().run() == knew->second;
  }
  if (known.service == record.name()) {
    lost_.erase(lost);
    return;
  }
  // Another object of that name has no claim to what the lost one had.
  const bool has_name =
      std::any_of(known_.begin(), known_.end(), [&](const auto& entry) {
        return entry.second.record.name() == known.service;
      });
  if (!still_knows || has_name) return;
  if (stage_->world().loop().Now() > known.until) return;
  fail_("kept-after-a-restore",
        fmt::format("{} gets {}, which the restore took from {}, by {}",
                    record.name(), address.ToString(), known.service, writer_));
}

}  // namespace lb::chaos

#include "tests/sim/chaos/kubernetes/checker.h"

#include <algorithm>
#include <set>
#include <utility>

#include "fmt/format.h"
#include "lb/election/announcer.h"
#include "lb/kubernetes/lease_record.h"
#include "lb/kubernetes/tree_path.h"
#include "tests/sim/chaos/kubernetes/eligible_nodes.h"

namespace lb::chaos {
namespace {

constexpr absl::Duration kSpan = absl::Seconds(10);
constexpr size_t kPendingPerLbdMax = 4096;
// Services of one name each: there are never more than a scenario's.
constexpr size_t kRecordsMax = 100;
// What the controllers and the speakers of one lbd watch.
constexpr size_t kWatchesMax = 10;

std::string HolderOf(const kubernetes::SimApiServer& server) {
  const auto& leases = server.store().Objects(kubernetes::LeaseResource());
  if (leases.empty()) return "";
  return std::string(
      kubernetes::TextAt(*leases.begin()->second, "spec.holderIdentity"));
}

// The addresses that a speaker takes of a status: one of each family.
std::set<net::IpAddress> UsedOf(const ServiceRecord& record) {
  std::set<net::IpAddress> used;
  for (const net::IpAddress& address : record.addresses) {
    const bool is_second =
        std::any_of(used.begin(), used.end(), [&](const net::IpAddress& other) {
          return other.family() == address.family();
        });
    if (!is_second) used.insert(address);
  }
  return used;
}

std::map<std::string, std::set<net::IpAddress>> Shown(const Agent& agent) {
  std::map<std::string, std::set<net::IpAddress>> shown;
  for (const auto& [service, entry] : agent.View().entries()) {
    for (const auto& assigned : entry.assignment.addresses) {
      shown[service].insert(assigned.address);
    }
  }
  return shown;
}

}  // namespace

KubernetesChecker::KubernetesChecker(KubernetesStage* stage)
    : stage_(stage),
      began_(stage->world().loop().Now()),
      statuses_(stage,
                [this](std::string invariant, std::string what) {
                  Fail(std::move(invariant), std::move(what));
                }),
      marks_(stage, [this](std::string invariant, std::string what) {
        Fail(std::move(invariant), std::move(what));
      }) {
  stage_->world().loop().SetAfterEvent([this] { AfterEvent(); });
  stage_->server().SetOnWrite(
      [this](const std::string& host, const kubernetes::SimRequest& request) {
        OnWrite(host, request);
      });
}

void KubernetesChecker::Fail(std::string invariant, std::string what) {
  if (violation_) return;
  violation_ = {std::move(invariant), std::move(what),
                stage_->world().loop().Now() - began_};
}

// The host must have the Lease when the server carries its write out, but for
// what each lbd says of itself.
void KubernetesChecker::OnWrite(const std::string& host,
                                const kubernetes::SimRequest& request) {
  const std::string& plural = request.resource.plural;
  const bool needs_lease = plural == "services" || plural == "secrets" ||
                           plural == "ipaddresspools" || plural == "pods";
  if (!needs_lease) return;
  if (plural == "pods") {
    marks_.OnWrite(host, request.key);
  } else {
    statuses_.NoteWriter(host);
  }
  const auto& restored = stage_->restored();
  const absl::Time now = stage_->world().loop().Now();
  if (restored && now < restored->at + restored->away + kTwoMayAct) return;
  const std::string holder = HolderOf(stage_->server());
  if (holder.starts_with(host + "_")) return;
  Fail("one-acts", fmt::format("{} writes {} {} while \"{}\" has the Lease",
                               host, request.resource.ToString(),
                               request.key.ToString(), holder));
}

void KubernetesChecker::OnInterval() {
  AfterEvent();
  marks_.Follow();
  CountRequests();
  CheckLimits();
}

void KubernetesChecker::CountRequests() {
  const auto& requests = stage_->server().log().requests();
  for (; counted_ < requests.size(); ++counted_) {
    const kubernetes::LoggedRequest& request = requests[counted_];
    Recent& recent = recent_[request.host];
    recent.sent.push_back({request.at, request.is_write()});
    recent.writes += request.is_write() ? 1 : 0;
  }
  const absl::Time begin = stage_->world().loop().Now() - kSpan;
  for (auto& [host, recent] : recent_) {
    while (!recent.sent.empty() && recent.sent.front().at < begin) {
      recent.writes -= recent.sent.front().is_write ? 1 : 0;
      recent.sent.pop_front();
    }
    const size_t reads = recent.sent.size() - recent.writes;
    if (reads <= kReadsPer10sMax && recent.writes <= kWritesPer10sMax) continue;
    Fail("few-requests",
         fmt::format("{} sent {} reads and {} writes in {}, want {} and {} at "
                     "most",
                     host, reads, recent.writes, absl::FormatDuration(kSpan),
                     kReadsPer10sMax, kWritesPer10sMax));
  }
}

void KubernetesChecker::CheckLimits() {
  const size_t lbds = stage_->lbds().size();
  const auto check = [this](std::string_view what, size_t size, size_t max) {
    if (size <= max) return;
    Fail("limits", fmt::format("{} {}, want {} at most", size, what, max));
  };
  check("open watches", stage_->server().open_watches(), kWatchesMax * lbds);
  check("events that wait", stage_->world().loop().pending(),
        kPendingPerLbdMax * lbds);
  for (const auto& lbd : stage_->lbds()) {
    if (lbd->agent == nullptr) continue;
    check("members", lbd->agent->View().gossip().Members().size(), lbds);
    check("records", lbd->agent->View().addresses.ledger().size(), kRecordsMax);
  }
}

std::optional<std::string> KubernetesChecker::WhyNotAgreed() {
  if (auto why = WhyNotOneActs()) return why;
  if (auto why = WhyNotServed()) return why;
  if (auto why = WhyNotShown()) return why;
  return WhyNotAnnounced();
}

std::optional<std::string> KubernetesChecker::WhyNotOneActs() const {
  size_t acting = 0;
  for (const auto& lbd : stage_->lbds()) {
    if (!lbd->runs()) return fmt::format("{} does not run", lbd->name);
    acting += lbd->gives_addresses() ? 1 : 0;
  }
  if (acting == 1) return std::nullopt;
  return fmt::format("{} controllers act, want 1", acting);
}

std::vector<ServiceRecord> KubernetesChecker::Services() const {
  std::vector<ServiceRecord> services;
  for (const auto& [key, object] : stage_->cluster().Services()) {
    ServiceRecord record = stage_->cluster().RecordOf(key.name);
    const bool is_ours =
        record.is_load_balancer && record.load_balancer_class.empty();
    if (is_ours) services.push_back(std::move(record));
  }
  return services;
}

// Pool "a" has room for every service that names no pool and no address.
std::optional<std::string> KubernetesChecker::WhyNotServed() const {
  std::map<net::IpAddress, std::string> held;
  for (const ServiceRecord& record : Services()) {
    for (const net::IpAddress& address : record.addresses) {
      held[address] = record.name();
    }
  }
  for (const ServiceRecord& record : Services()) {
    const Wish wish = WishOf(*stage_->cluster().Services().at(record.meta.key));
    const bool takes_any = wish.address.empty() && wish.pool.empty();
    if (takes_any && record.addresses.empty()) {
      return fmt::format("{} has no address", record.name());
    }
    const auto address = net::ParseIpAddress(wish.address);
    if (!address.ok() || !wish.pool.empty()) continue;
    const bool is_in_a = !wish.address.starts_with("172.20.80.");
    if (!is_in_a || held.contains(*address)) continue;
    if (statuses_.MayBeKept(*address)) continue;
    return fmt::format("{} asks for {}, which is free", record.name(),
                       wish.address);
  }
  return std::nullopt;
}

std::optional<std::string> KubernetesChecker::WhyNotShown() const {
  std::map<std::string, std::set<net::IpAddress>> said;
  for (const ServiceRecord& record : Services()) {
    if (!record.addresses.empty()) said[record.name()] = UsedOf(record);
  }
  for (const auto& lbd : stage_->lbds()) {
    if (!lbd->is_node()) continue;
    const auto shown = Shown(*lbd->agent);
    if (shown == said) continue;
    for (const auto& [service, addresses] : said) {
      const auto entry = shown.find(service);
      if (entry != shown.end() && entry->second == addresses) continue;
      return fmt::format("{} does not show what the status of {} says",
                         lbd->name, service);
    }
    return fmt::format("{} shows addresses that no status says", lbd->name);
  }
  return std::nullopt;
}

KubernetesChecker::Answering KubernetesChecker::NodesThatAnswer() const {
  Answering answering;
  for (const auto& lbd : stage_->lbds()) {
    if (!lbd->is_node()) continue;
    const NodeView view = lbd->agent->View();
    for (const auto& [announcement, post] : view.announcer().current()) {
      if (view.announcing.Answers(announcement.vip)) {
        answering[announcement.vip].push_back(lbd->name);
      }
    }
  }
  return answering;
}

std::optional<std::string> KubernetesChecker::WhyNotAnnounced() const {
  const Answering answering = NodesThatAnswer();
  std::set<net::IpAddress> said;
  for (const ServiceRecord& record : Services()) {
    const auto used = UsedOf(record);
    said.insert(used.begin(), used.end());
    if (auto why = WhyNotAnswered(record, answering)) return why;
  }
  for (const auto& [address, nodes] : answering) {
    if (said.contains(address)) continue;
    return fmt::format("{} answers for {}, which no status says", nodes[0],
                       address.ToString());
  }
  return std::nullopt;
}

std::optional<std::string> KubernetesChecker::WhyNotAnswered(
    const ServiceRecord& record, const Answering& answering) const {
  // A service that shares an address goes where the others can, too.
  const bool shares = !record.sharing_key.empty();
  const std::set<std::string> eligible =
      EligibleNodes(stage_->server(), record.meta.key);
  for (const net::IpAddress& address : UsedOf(record)) {
    const auto found = answering.find(address);
    const size_t nodes = found == answering.end() ? 0 : found->second.size();
    const bool is_right =
        shares ? nodes <= 1
               : nodes == (eligible.empty() ? 0 : 1) &&
                     (nodes == 0 || eligible.contains(found->second[0]));
    if (is_right) continue;
    return fmt::format("{} nodes answer for {} of {}, of {} that may; {}",
                       nodes, address.ToString(), record.name(),
                       eligible.size(),
                       nodes == 0 ? "nobody" : found->second[0]);
  }
  for (const auto& lbd : stage_->lbds()) {
    if (!lbd->is_node() || shares || eligible.empty()) continue;
    const auto& placement = lbd->agent->View().placement();
    const auto place = placement.find(record.name());
    if (place == placement.end() || record.addresses.empty()) continue;
    const std::string elected = election::NodesText(place->second.announcers);
    const auto found = answering.find(record.addresses[0]);
    if (found == answering.end() || found->second[0] == elected) continue;
    return fmt::format("{}: {} is elected for {}, and {} answers", lbd->name,
                       elected, record.name(), found->second[0]);
  }
  return std::nullopt;
}

}  // namespace lb::chaos

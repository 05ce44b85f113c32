// SimKubernetes: a simulated API server with the kinds that lbd uses, and the
// objects of a small cluster as a test writes them.
//
// It holds the server to two claims after each event of the loop: no address is
// in two statuses, but of services that share it, and no status changes from
// one address to another unless MayChange() said so. What breaks one is in
// faults().
//
// One thread; header only.
#ifndef LB_DAEMON_KUBERNETES_TESTING_SIM_KUBERNETES_H_
#define LB_DAEMON_KUBERNETES_TESTING_SIM_KUBERNETES_H_

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "daemon/kubernetes/service_record.h"
#include "daemon/kubernetes/source_kinds.h"
#include "daemon/kubernetes/testing/status_definitions.h"
#include "fmt/format.h"
#include "lb/base/prng.h"
#include "lb/io/sim/sim_loop.h"
#include "lb/kubernetes/lease_record.h"
#include "lb/kubernetes/object_meta.h"
#include "lb/kubernetes/testing/sim_api_server.h"
#include "lb/kubernetes/tree_path.h"

namespace lb {

inline constexpr std::string_view kOwnNamespace = "metallb-system";

class SimKubernetes {
 public:
  explicit SimKubernetes(uint64_t seed)
      : SimKubernetes(seed, std::make_unique<io::SimLoop>(), nullptr) {}
  // On a loop that outlives it, such as that of a SimWorld.
  SimKubernetes(uint64_t seed, io::SimLoop* loop)
      : SimKubernetes(seed, nullptr, loop) {}

  static const kubernetes::Resource& ResourceOf(std::string_view kind) {
    return FindSourceKind(kind).resource;
  }

  void AddKind(const SourceKind& kind) {
    const bool is_custom = kind.resource.group == "metallb.io";
    server_.AddKind({.resource = kind.resource,
                     .kind = std::string(kind.kind),
                     .is_namespaced = kind.is_own || kind.named_by_namespace,
                     .has_status = kind.kind == "Service" || is_custom,
                     .is_custom = is_custom});
  }

  // An object of lbd's own namespace. `rest` follows its metadata.
  void CreateOwn(std::string_view kind, std::string_view name,
                 std::string_view rest = R"("spec":{})") {
    server_.Create(
        ResourceOf(kind),
        fmt::format(R"({{"metadata":{{"namespace":"{}","name":"{}"}},{}}})",
                    kOwnNamespace, name, rest));
  }
  void PatchOwn(std::string_view kind, std::string_view name,
                std::string_view patch) {
    server_.Patch(ResourceOf(kind),
                  {std::string(kOwnNamespace), std::string(name)}, patch);
  }

  // `addresses` as JSON strings: "\"192.0.2.0/28\"".
  void CreatePool(std::string_view name, std::string_view addresses) {
    server_.Create(
        ResourceOf("IPAddressPool"),
        fmt::format(R"({{"metadata":{{"namespace":"{}","name":"{}"}},)"
                    R"("spec":{{"addresses":[{}]}}}})",
                    kOwnNamespace, name, addresses));
  }

  // `more` follows the type in the spec: R"(,"loadBalancerIP":"192.0.2.9")".
  void CreateService(std::string_view name, std::string_view more = "",
                     std::string_view annotations = "") {
    server_.Create(
        ResourceOf("Service"),
        fmt::format(R"({{"metadata":{{"namespace":"d","name":"{}",)"
                    R"("creationTimestamp":"{}","annotations":{{{}}}}},)"
                    R"("spec":{{"type":"LoadBalancer","clusterIP":"10.96.0.1",)"
                    R"("ports":[{{"port":80}}]{}}}}})",
                    name,
                    absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", loop_.CivilNow(),
                                     absl::UTCTimeZone()),
                    annotations, more));
  }

  void PatchService(const std::string& name, std::string_view patch,
                    std::string_view subresource = "") {
    server_.Patch(ResourceOf("Service"), {"d", name}, patch, subresource);
  }
  // As if a controller had written it.
  void SetStatus(const std::string& name, std::string_view address,
                 std::string_view pool = "a") {
    PatchService(
        name,
        fmt::format(R"({{"metadata":{{"annotations":{{"{}":"{}"}}}},)"
                    R"("status":{{"loadBalancer":{{"ingress":[{{"ip":"{}"}}]}})"
                    R"(}}}})",
                    kPoolAnnotation, pool, address),
        "status");
  }
  void DeleteService(const std::string& name) {
    server_.Delete(ResourceOf("Service"), {"d", name});
  }

  bool HasService(const std::string& name) const {
    return Services().contains({"d", name});
  }
  ServiceRecord RecordOf(const std::string& name) const {
    const config::YamlNode& object = *Services().at({"d", name});
    return ReadServiceRecord(*kubernetes::ReadObjectMeta(object), object);
  }
  // "192.0.2.1 a", addresses and the annotation; "": neither.
  std::string StatusOf(const std::string& name) const {
    const ServiceRecord record = RecordOf(name);
    std::string text;
    for (const net::IpAddress& address : record.addresses) {
      text += address.ToString() + " ";
    }
    return text + record.pool;
  }
  // "assigned available" of IPv4.
  std::string CountsOf(const std::string& pool) const {
    const auto& pools = server_.store().Objects(ResourceOf("IPAddressPool"));
    const config::YamlNode& object =
        *pools.at({std::string(kOwnNamespace), pool});
    return fmt::format("{} {}",
                       kubernetes::TextAt(object, "status.assignedIPv4"),
                       kubernetes::TextAt(object, "status.availableIPv4"));
  }
  // "IPAllocated d/web", in order of time.
  std::vector<std::string> Events() const {
    std::map<std::string, std::string> by_time;
    for (const auto& [key, event] :
         server_.store().Objects({"events.k8s.io", "v1", "events"})) {
      by_time[fmt::format("{} {}", kubernetes::TextAt(*event, "eventTime"),
                          key.name)] =
          fmt::format("{} {}/{}", kubernetes::TextAt(*event, "reason"),
                      kubernetes::TextAt(*event, "regarding.namespace"),
                      kubernetes::TextAt(*event, "regarding.name"));
    }
    std::vector<std::string> events;
    for (auto& [time, text] : by_time) events.push_back(std::move(text));
    return events;
  }

  // From now on the status of the service may change from one address to
  // another.
  void MayChange(const std::string& service) { may_change_.insert(service); }
  void MustNotChange() { may_change_.clear(); }
  // The server may have gone back to an older state.
  void Forget() { seen_.clear(); }
  const std::vector<std::string>& faults() const { return faults_; }
  // What they say so far was the test's own doing.
  void ForgetFaults() { faults_.clear(); }

  const kubernetes::SimObjects& Services() const {
    return server_.store().Objects(ResourceOf("Service"));
  }

  const std::unique_ptr<io::SimLoop> own_loop_;
  Prng prng_;
  io::SimLoop& loop_;
  kubernetes::SimApiServer server_;

 private:
  SimKubernetes(uint64_t seed, std::unique_ptr<io::SimLoop> own_loop,
                io::SimLoop* loop)
      : own_loop_(std::move(own_loop)),
        prng_(seed),
        loop_(own_loop_ == nullptr ? *loop : *own_loop_),
        server_(&loop_, {}, prng_.Fork("server")) {
    for (const SourceKind& kind : SourceKinds()) AddKind(kind);
    server_.AddKind(
        {.resource = {"events.k8s.io", "v1", "events"}, .kind = "Event"});
    server_.AddKind({.resource = kubernetes::LeaseResource(), .kind = "Lease"});
    server_.AddKind(
        {.resource = {"", "v1", "pods"}, .kind = "Pod", .has_status = true});
    DefineStatusObjects(StatusDefinitions::kOwn, &server_);
    server_.AddKind(
        {.resource = {"", "v1", "configmaps"}, .kind = "ConfigMap"});
    loop_.SetAfterEvent([this] { Check(); });
  }
  void Check() {
    if (server_.store().version() == checked_version_) return;
    checked_version_ = server_.store().version();
    std::map<net::IpAddress, ServiceRecord> holders;
    for (const auto& [key, object] : Services()) {
      const ServiceRecord record =
          ReadServiceRecord(*kubernetes::ReadObjectMeta(*object), *object);
      for (const net::IpAddress& address : record.addresses) {
        const auto [other, is_new] = holders.try_emplace(address, record);
        const bool shares = !record.sharing_key.empty() &&
                            record.sharing_key == other->second.sharing_key;
        if (is_new || shares) continue;
        AddFault(fmt::format("{} is in the statuses of {} and {}",
                             address.ToString(), other->second.name(),
                             record.name()));
      }
      CheckChange(record);
    }
  }

  void CheckChange(const ServiceRecord& record) {
    std::vector<net::IpAddress>& seen = seen_[record.meta.uid];
    const bool is_another = !seen.empty() && seen != record.addresses;
    if (is_another && !may_change_.contains(record.meta.key.name)) {
      AddFault(fmt::format(
          "{} changed from {} to {}", record.name(), seen[0].ToString(),
          record.addresses.empty() ? "nothing"
                                   : record.addresses[0].ToString()));
    }
    seen = record.addresses;
  }

  void AddFault(std::string fault) {
    if (faults_.size() < 20) {
      faults_.push_back(
          fmt::format("{}: {}", absl::FormatTime(loop_.CivilNow()), fault));
    }
  }

  uint64_t checked_version_ = 0;
  std::map<std::string, std::vector<net::IpAddress>> seen_;  // By uid.
  std::set<std::string> may_change_;
  std::vector<std::string> faults_;
};

}  // namespace lb

#endif  // LB_DAEMON_KUBERNETES_TESTING_SIM_KUBERNETES_H_

#include "daemon/lbctl/cluster_facts.h"

#include <fmt/format.h>

#include <functional>
#include <memory>
#include <set>
#include <string_view>
#include <utility>

#include "daemon/api_server.h"
#include "daemon/kubernetes/api_client.h"
#include "daemon/kubernetes/object_source.h"
#include "daemon/kubernetes/service_record.h"
#include "daemon/kubernetes/status_fields.h"
#include "lb/base/prng.h"
#include "lb/base/status_macros.h"
#include "lb/io/posix/posix_environment.h"
#include "lb/io/posix/posix_loop.h"
#include "lb/io/posix/posix_sockets.h"
#include "lb/io/posix/thread_resolver.h"
#include "lb/ipam/allocator.h"
#include "lb/kubernetes/reflector.h"
#include "lb/kubernetes/tree_path.h"

namespace lb::lbctl {
namespace {

using config::YamlNode;
using kubernetes::Change;
using kubernetes::TextAt;

// All objects of one kind, once.
class Listing : private kubernetes::Reflector::Observer {
 public:
  using Take = std::function<void(const Change& object)>;

  struct Ports {
    io::Loop* loop;
    http::Client* client;
    Take take;
    std::function<void()> on_listed;
  };

  Listing(Ports ports, kubernetes::ReflectorOptions options, const Prng& prng)
      : name_(options.resource.ToString()),
        ports_(std::move(ports)),
        reflector_(ports_.loop, ports_.client, this, std::move(options), prng) {
  }

  void Start() { reflector_.Start(); }
  // A server that lacks the kind has no objects of it.
  bool is_listed() const {
    return reflector_.state().is_listed() ||
           reflector_.state().last_error_kind() ==
               kubernetes::ErrorKind::kNotFound;
  }
  // "servicel2statuses.metallb.io: 403 Forbidden: ..."; empty: it is listed.
  std::string Trouble() const {
    if (is_listed()) return "";
    const std::string& error = reflector_.state().last_error();
    return fmt::format("{}: {}", name_, error.empty() ? "no answer" : error);
  }

 private:
  void OnChange(const Change& change) override {
    if (change.kind == Change::Kind::kListed) return ports_.on_listed();
    if (change.kind == Change::Kind::kSet) ports_.take(change);
  }
  void OnFailure() override { ports_.on_listed(); }

  const std::string name_;
  const Ports ports_;
  kubernetes::Reflector reflector_;
};

// MetalLB's manifest and lbd label pods by the one, MetalLB's chart by the
// other.
bool IsSpeaker(const YamlNode& pod) {
  return LabelOf(pod, "component") == "speaker" ||
         LabelOf(pod, "app.kubernetes.io/component") == "speaker";
}

class Reader : private ObjectSource::Observer {
 public:
  explicit Reader(const ClusterSource& source) : source_(source) {}

  absl::StatusOr<ClusterFacts> Read() {
    LB_RETURN_IF_ERROR(Begin());
    const auto timer = loop_.NewTimer([this] { loop_.Stop(); });
    timer->Arm(loop_.Now() + source_.patience);
    loop_.Run();
    if (!IsComplete()) {
      return absl::DeadlineExceededError(
          fmt::format("{}: not all was listed within {}: {}",
                      api_->access().server.ToString(),
                      absl::FormatDuration(source_.patience), Trouble()));
    }
    return std::move(*this).Facts();
  }

 private:
  absl::Status Begin() {
    LB_ASSIGN_OR_RETURN(
        api_, MakeApiClient({&loop_, &sockets_, &resolver_}, source_.server,
                            [](std::string) {}));
    uint64_t seed = 0;
    io::FillRandom({reinterpret_cast<uint8_t*>(&seed), sizeof(seed)});
    const Prng prng(seed);
    Options options;
    options.kubernetes = source_.server;
    const std::string own =
        NodeOptionsOf(options, api_->access()).own_namespace;
    objects_ = std::make_unique<ObjectSource>(
        ObjectSource::Ports{&loop_, api_->client(), this},
        ObjectSource::Options{
            .own_namespace = own,
            .manifests = {.load_balancer_class = source_.load_balancer_class}},
        prng);
    statuses_ = List(prng, own, {"metallb.io", "v1beta1", "servicel2statuses"},
                     [this](const Change& change) { OnStatus(change.object); });
    pods_ = List(prng, own, {"", "v1", "pods"},
                 [this](const Change& change) { OnPod(change.object); });
    facts_.members_from = fmt::format(
        "the nodes with a speaker's pod in {} that is Ready; that gossip has "
        "all of them is assumed",
        own);
    objects_->Start();
    statuses_->Start();
    pods_->Start();
    return absl::OkStatus();
  }

  std::unique_ptr<Listing> List(const Prng& prng, const std::string& own,
                                kubernetes::Resource resource,
                                Listing::Take take) {
    const Prng fork = prng.Fork(resource.ToString());
    return std::make_unique<Listing>(
        Listing::Ports{&loop_, api_->client(), std::move(take),
                       [this] { StopIfComplete(); }},
        kubernetes::ReflectorOptions{.resource = std::move(resource),
                                     .name_space = own,
                                     .watches = false},
        fork);
  }

  void OnUpdate(const SourceUpdate& update) override {
    facts_.desired = update.desired;
    for (const ServiceChange& change : update.services) {
      if (change.kind == ServiceChange::Kind::kSet) {
        services_[change.record.name()] = change.record;
      } else {
        services_.erase(change.record.name());
      }
    }
    StopIfComplete();
  }

  void OnStatus(const YamlNode& object) {
    const std::string_view service = TextAt(object, "status.serviceName");
    if (service.empty()) return;
    facts_.claims.push_back(
        {fmt::format("{}/{}", TextAt(object, "status.serviceNamespace"),
                     service),
         std::string(TextAt(object, "status.node"))});
  }

  void OnPod(const YamlNode& pod) {
    const std::string_view node = TextAt(pod, "spec.nodeName");
    if (!IsSpeaker(pod) || !IsReady(pod) || node.empty()) return;
    members_.insert(std::string(node));
  }

  bool IsComplete() const {
    return objects_->is_complete() && statuses_->is_listed() &&
           pods_->is_listed();
  }
  void StopIfComplete() {
    if (IsComplete()) loop_.Stop();
  }
  std::string Trouble() const {
    for (const std::string& trouble :
         {objects_->Trouble(), statuses_->Trouble(), pods_->Trouble()}) {
      if (!trouble.empty()) return trouble;
    }
    return "";
  }

  ClusterFacts Facts() && {
    ipam::Allocator pools;
    // A Desired's pools are valid together.
    pools.SetPools(facts_.desired->pools).IgnoreError();
    for (const auto& [name, record] : services_) {
      if (!record.is_load_balancer || record.addresses.empty() ||
          record.load_balancer_class != source_.load_balancer_class) {
        continue;
      }
      ipam::Assignment& assignment = facts_.assignments[name];
      for (ipam::AssignedAddress& assigned : record.Assigned()) {
        const std::string pool = pools.PoolOf(assigned.address);
        if (!pool.empty()) assigned.pool = pool;
        assignment.addresses.push_back(std::move(assigned));
      }
    }
    facts_.members.assign(members_.begin(), members_.end());
    return std::move(facts_);
  }

  const ClusterSource& source_;
  ClusterFacts facts_;
  std::set<std::string> members_;
  std::map<std::string, ServiceRecord> services_;
  // Destroyed in the reverse order.
  io::PosixLoop loop_;
  io::PosixSockets sockets_{&loop_};
  io::ThreadResolver resolver_{&loop_};
  std::unique_ptr<ApiClient> api_;
  std::unique_ptr<ObjectSource> objects_;
  std::unique_ptr<Listing> statuses_;
  std::unique_ptr<Listing> pods_;
};

}  // namespace

absl::StatusOr<ClusterFacts> ReadClusterFacts(const ClusterSource& source) {
  return Reader(source).Read();
}

}  // namespace lb::lbctl

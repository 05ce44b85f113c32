#include "daemon/daemon.h"

#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "daemon/admin_service.h"
#include "daemon/agent/agent.h"
#include "daemon/agent_options.h"
#include "daemon/api_server.h"
#include "daemon/front/access.h"
#include "daemon/front/certificates.h"
#include "daemon/gossip_secret.h"
#include "daemon/heap.h"
#include "daemon/host_name.h"
#include "daemon/kubernetes/api_client.h"
#include "daemon/kubernetes/pool_manifests.h"
#include "daemon/kubernetes_feed.h"
#include "daemon/last_good_store.h"
#include "daemon/log.h"
#include "daemon/loop_calls.h"
#include "daemon/manifest_reader.h"
#include "daemon/metrics/agent_metrics.h"
#include "daemon/metrics/metrics_server.h"
#include "daemon/node_view/node_view.h"
#include "daemon/service_notify.h"
#include "daemon/status_server.h"
#include "daemon/status_service.h"
#include "lb/base/status_macros.h"
#include "lb/config/changes.h"
#include "lb/config/desired.h"
#include "lb/config/manifests.h"
#include "lb/config/problem.h"
#include "lb/http/ports.h"
#include "lb/io/posix/background_task.h"
#include "lb/io/posix/file_watcher.h"
#include "lb/io/posix/posix_environment.h"
#include "lb/io/posix/signals.h"

namespace lb {
namespace {

config::ManifestOptions ManifestOptionsOf(const Options& options) {
  return {.load_balancer_class = options.load_balancer_class};
}

config::Manifests LoadManifests(const Options& options) {
  config::Manifests manifests =
      config::LoadManifests(options.manifests, ManifestOptionsOf(options));
  if (options.kubernetes.enabled) RefuseOtherKinds(&manifests);
  return manifests;
}

front::TlsFiles TlsFilesOf(const Options& options) {
  return {.cert = options.status.tls.cert,
          .key = options.status.tls.key,
          .client_ca = options.status.tls.client_ca};
}

front::Access TlsAccessOf(const Options& options) {
  return {.right = options.status.admin_over_tls ? front::Right::kStatusAndAdmin
                                                 : front::Right::kStatus,
          .readers = options.status.tls.readers,
          .admins = options.status.tls.admins};
}

std::string ServerText(const kubernetes::Access& access) {
  return access.server.ToString() + access.path_prefix;
}

std::string Summary(const config::Desired& desired) {
  return fmt::format("{} pools, {} advertisements, {} services, {} problems",
                     desired.pools.size(), desired.advertisements.size(),
                     desired.services.size(), desired.problems.size());
}

// One running node. Everything but Run() happens on the loop.
class Daemon {
 public:
  Daemon(const Options& options, absl::Span<const std::string> unfenced)
      : options_(options), unfenced_(unfenced) {}
  ~Daemon() {
    if (shutdown_.joinable()) shutdown_.join();
    if (end_metrics_.joinable()) end_metrics_.join();
  }

  absl::Status Start() {
    LB_ASSIGN_OR_RETURN(world_,
                        io::PosixEnvironment::Create(
                            {.gossip = options_.gossip.bind,
                             .state_folder = options_.state_dir,
                             .loop = {.busy_poll = options_.busy_poll}}));
    const io::Environment& environment = world_->environment();
    environment.log->SetObserver([this](const Event& event) {
      LogEvent(event);
      if (feed_ != nullptr) feed_->OnEvent(event);
      for (const auto& listener : listeners_) listener->status.OnEvent();
    });
    LB_ASSIGN_OR_RETURN(
        AgentOptions agent_options,
        MakeAgentOptions(options_, HostName(), environment.datagrams->local()));
    node_ = agent_options.node;
    agent_options.boot_id = BootId();
    LB_ASSIGN_OR_RETURN(agent_,
                        Agent::Create(std::move(agent_options), environment));
    what_ifs_ = std::make_unique<io::BackgroundTask>(world_->loop());
    LB_RETURN_IF_ERROR(MakeSource());
    LB_RETURN_IF_ERROR(WatchSignals());
    LB_RETURN_IF_ERROR(WatchManifests());
    LB_RETURN_IF_ERROR(WatchCertificates());
    LB_RETURN_IF_ERROR(StartServers());
    if (!options_.metrics_listen.empty()) {
      LB_ASSIGN_OR_RETURN(
          metrics_,
          metrics::MetricsServer::Start(
              options_.metrics_listen, world_->loop(),
              {.collect = [this] { return metrics::CollectMetrics(View()); },
               .readiness = [this] { return metrics::Readiness(View()); }}));
    }
    agent_->Start();
    WarnOfWeakGossip();
    for (const std::string& fence : unfenced_) {
      Record(EventType::kWarning, "SandboxIncomplete", fence);
    }
    StartSource();
    notify_ = std::make_unique<ServiceNotify>(world_->loop());
    heap_ = std::make_unique<HeapTrimmer>(world_->loop());
    return absl::OkStatus();
  }

  void Run() { world_->Run(); }

 private:
  // Why manifests are read: a file changed, or a person asked. A person is also
  // told that nothing changed.
  enum class Ask { kNone, kExplicit };

  // Watches that last as long as the process.
  struct Watchers {
    std::unique_ptr<io::Signals> stop;
    std::unique_ptr<io::Signals> reload;
    std::unique_ptr<io::FileWatcher> manifests;
    std::unique_ptr<io::FileWatcher> certificates;
  };

  // One listener, with a queue of calls of its own.
  struct Listener {
    explicit Listener(Daemon& daemon)
        : calls(daemon.world_->loop()),
          status(
              &calls, daemon.what_ifs_.get(),
              [&daemon] { return daemon.View(); },
              daemon.world_->environment().log),
          admin(&calls, daemon.agent_.get(), daemon.world_->environment().log,
                {.reload =
                     [&daemon](ManifestReader::Done done) {
                       daemon.Reload(Ask::kExplicit, std::move(done));
                     },
                 .set_log_level = SetLogLevel}) {}

    LoopCalls calls;
    StatusService status;
    AdminService admin;
    std::unique_ptr<StatusServer> server;
  };

  // Where objects come from: files, or the API server.
  absl::Status MakeSource() {
    const io::Environment& environment = world_->environment();
    if (options_.kubernetes.enabled) {
      LB_ASSIGN_OR_RETURN(
          api_, MakeApiClient(http::Ports::From(environment),
                              options_.kubernetes, [this](std::string refusal) {
                                Record(EventType::kWarning, "ApiServerRefuses",
                                       std::move(refusal));
                              }));
      KubernetesNode::Options node = NodeOptionsOf(options_, api_->access());
      node.node = node_;
      feed_ = std::make_unique<KubernetesFeed>(
          KubernetesFeed::Ports{
              {environment.loop, api_->client(), environment.log,
               environment.random_bytes, environment.stream_factory},
              environment.state},
          KubernetesFeed::Options{std::move(node), ServerText(api_->access()),
                                  options_.gossip.bind.port},
          environment.prng.Fork("kubernetes"), agent_.get());
      if (options_.manifests.empty()) return absl::OkStatus();
    }
    last_good_ = std::make_unique<LastGoodStore>(node_, environment);
    reader_ = std::make_unique<ManifestReader>(
        world_->loop(),
        ManifestReader::Source{
            .load = [this] { return LoadManifests(options_); },
            .options = ManifestOptionsOf(options_),
            .last_good = last_good_.get()},
        [this](const ManifestReading& reading) { Apply(reading); });
    return absl::OkStatus();
  }

  NodeView View() const {
    NodeView view = agent_->View();
    if (feed_ != nullptr) view.api_server = feed_->Sight();
    return view;
  }

  void StartSource() {
    if (feed_ != nullptr) feed_->Start();
    if (reader_ == nullptr) return;
    for (const absl::Status& refused : last_good_->Restore()) {
      Record(EventType::kWarning, "StateRefused",
             std::string(refused.message()));
    }
    reader_->ReadNow();
  }

  absl::Status WatchSignals() {
    LB_ASSIGN_OR_RETURN(
        watchers_.stop,
        io::Signals::Create(world_->loop(), {SIGINT, SIGTERM},
                            [this](int number) { Stop(number); }));
    LB_ASSIGN_OR_RETURN(
        watchers_.reload,
        io::Signals::Create(world_->loop(), {SIGHUP},
                            [this](int) { Reload(Ask::kExplicit); }));
    return absl::OkStatus();
  }

  absl::Status WatchManifests() {
    if (options_.manifests.empty()) return absl::OkStatus();
    LB_ASSIGN_OR_RETURN(
        watchers_.manifests,
        io::FileWatcher::Create(world_->loop(), options_.manifests,
                                [this] { Reload(Ask::kNone); }));
    return absl::OkStatus();
  }

  absl::Status StartServers() {
    for (const std::string& listen : options_.status.listen) {
      auto listener = std::make_unique<Listener>(*this);
      LB_ASSIGN_OR_RETURN(
          listener->server,
          StatusServer::Start({.listen = listen,
                               .group = options_.status.group,
                               .tls = TlsFilesOf(options_),
                               .tls_access = TlsAccessOf(options_),
                               .on_refused =
                                   [this](const std::string& what) {
                                     world_->loop()->Post([this, what] {
                                       Record(EventType::kWarning,
                                              "CallerRefused", what);
                                     });
                                   }},
                              &listener->status, &listener->admin));
      listeners_.push_back(std::move(listener));
    }
    return absl::OkStatus();
  }

  absl::Status WatchCertificates() {
    const front::TlsFiles files = TlsFilesOf(options_);
    if (files.cert.empty()) return absl::OkStatus();
    std::vector<std::string> paths = {files.cert, files.key};
    if (!files.client_ca.empty()) paths.push_back(files.client_ca);
    LB_ASSIGN_OR_RETURN(
        watchers_.certificates,
        io::FileWatcher::Create(world_->loop(), std::move(paths),
                                [this] { ReadCertificates(); }));
    return absl::OkStatus();
  }

  void ReadCertificates() {
    absl::Status read;
    for (const auto& listener : listeners_) {
      read.Update(listener->server->ReadTlsFiles());
    }
    if (read.ok()) {
      Record(EventType::kNormal, "CertificateRead",
             "status over TCP has new TLS files");
    } else {
      Record(EventType::kWarning, "CertificateRefused",
             std::string(read.message()));
    }
  }

  void Reload(
      Ask ask, ManifestReader::Done done = [](const auto&) {}) {
    if (reader_ == nullptr) {
      return done(absl::FailedPreconditionError(
          "reload: objects come from the API server, which tells of each "
          "change; want nothing to be reloaded"));
    }
    asked_ |= ask == Ask::kExplicit;
    reader_->Read(std::move(done));
  }

  void Apply(const ManifestReading& reading) {
    const config::Difference& difference = reading.difference;
    for (const config::Problem& notice : difference.new_notices) {
      if (notice.reason.empty()) {
        Record(EventType::kNormal, "ManifestNotice", notice.ToString());
      } else {  // MetalLB warns of these.
        Record(EventType::kWarning, notice.reason, notice.ToString());
      }
    }
    const config::Difference notices = {.new_notices = difference.new_notices};
    const bool is_news =
        reading.is_first || !reading.changes.empty() || difference != notices;
    if (feed_ != nullptr) {
      feed_->TakeManifests(*reading.desired);
    } else {
      is_news ? agent_->SetDesired(reading.desired, difference)
              : agent_->KeepDesired(reading.desired);
    }
    if (!std::exchange(asked_, false) && !is_news) return;
    Record(
        EventType::kNormal, "ManifestsRead",
        fmt::format("{}; in force: {}; {}", config::ToString(reading.changes),
                    Summary(*reading.desired),
                    config::CountsText(*reading.desired)));
  }

  void WarnOfWeakGossip() {
    const auto weakness = FindGossipWeakness(options_);
    if (!weakness) return;
    Record(EventType::kWarning, std::string(weakness->reason),
           weakness->message);
  }

  void Record(EventType type, std::string reason, std::string message) {
    world_->environment().log->Record({.time = world_->loop()->CivilNow(),
                                       .type = type,
                                       .reason = std::move(reason),
                                       .object = {EventObject::kNode, node_},
                                       .message = std::move(message)});
  }

  // Leaves the cluster, then ends the calls, then the loop. The server waits
  // for answers that the loop makes, so another thread shuts it down. For the
  // same reason a second signal kills the process: a stopped loop would answer
  // no more.
  void Stop(int number) {
    if (std::exchange(stopping_, true)) {
      std::signal(number, SIG_DFL);
      std::raise(number);
      return;
    }
    // Its own thread: the HTTP server takes up to 2 s to end.
    end_metrics_ = std::thread([this] { metrics_.reset(); });
    notify_->Stopping();
    if (last_good_ != nullptr) last_good_->Flush();
    if (feed_ == nullptr) return Leave();
    feed_->Stop([this] { Leave(); });
  }

  void Leave() {
    agent_->Leave([this] {
      shutdown_ = std::thread([this] {
        end_metrics_.join();
        for (const auto& listener : listeners_) listener->server->Shutdown();
        world_->Stop();
      });
    });
  }

  const Options& options_;
  const absl::Span<const std::string> unfenced_;
  std::string node_;
  bool stopping_ = false;
  bool asked_ = false;  // For the reading under way or the next one.
  // Destroyed in the reverse order: the world goes last.
  std::unique_ptr<io::PosixEnvironment> world_;
  std::unique_ptr<Agent> agent_;
  // For manifests; null without them.
  std::unique_ptr<LastGoodStore> last_good_;
  std::unique_ptr<ManifestReader> reader_;
  // For Kubernetes; null without it.
  std::unique_ptr<ApiClient> api_;
  std::unique_ptr<KubernetesFeed> feed_;
  std::unique_ptr<io::BackgroundTask> what_ifs_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  Watchers watchers_;
  std::unique_ptr<HeapTrimmer> heap_;
  std::unique_ptr<metrics::MetricsServer> metrics_;
  std::thread end_metrics_;
  std::unique_ptr<ServiceNotify> notify_;
  std::thread shutdown_;
};

}  // namespace

absl::Status RunDaemon(const Options& options,
                       absl::Span<const std::string> unfenced) {
  ConfigureLog(options.log_level, options.log_format);
  Daemon daemon(options, unfenced);
  LB_RETURN_IF_ERROR(daemon.Start());
  daemon.Run();
  return absl::OkStatus();
}

namespace {

// Finds faults that keep lbd from starting and that the options' reader does
// not see. The user who tries the options may not be allowed to read the
// secret.
std::vector<std::string> CheckHost(const Options& options, bool has_file) {
  std::vector<std::string> faults;
  // Without these options the user checks manifests alone.
  const bool is_cluster = has_file || !options.gossip.join.empty() ||
                          options.gossip.bind != Options().gossip.bind;
  if (options.kubernetes.enabled) {
    const absl::Status access = CheckApiAccess(options.kubernetes);
    if (!access.ok()) faults.emplace_back(access.message());
  }
  const absl::Status secrecy = ValidateSecrecy(options);
  if (is_cluster && !secrecy.ok()) faults.emplace_back(secrecy.message());
  const absl::Status tls = CheckTlsFiles(TlsFilesOf(options));
  if (!tls.ok()) faults.emplace_back(tls.message());
  if (!options.gossip.secret_file.empty()) {
    const absl::Status secret = ReadGossipSecret(options.gossip.secret_file,
                                                 options.gossip.key_derivation)
                                    .status();
    if (!secret.ok() && !absl::IsPermissionDenied(secret)) {
      faults.emplace_back(secret.message());
    }
  }
  const absl::Status group = CheckStatusGroup(options.status.group);
  if (!group.ok()) faults.emplace_back(group.message());
  return faults;
}

// Names kinds of objects whose lack is no fault but leaves every service
// without an address or a node.
void PrintWhatIsMissing(const config::Desired& desired) {
  if (!desired.services.empty() && desired.pools.empty()) {
    fmt::print("notice: no IPAddressPool, so no service gets an address\n");
  }
  if (!desired.pools.empty() && desired.advertisements.empty()) {
    fmt::print("notice: no L2Advertisement, so no address is announced\n");
  }
}

}  // namespace

bool CheckManifests(const Options& options, bool has_file) {
  const std::vector<std::string> faults = CheckHost(options, has_file);
  for (const std::string& fault : faults) fmt::print("{}\n", fault);
  if (options.kubernetes.enabled) {
    fmt::print("objects{} come from the API server, and are not checked\n",
               options.manifests.empty() ? "" : " other than pools");
    if (options.manifests.empty()) return faults.empty();
  }
  const config::Desired desired =
      config::BuildDesired(LoadManifests(options), {});
  for (const config::Problem& problem : desired.problems) {
    fmt::print("{}\n", problem.ToString());
  }
  for (const config::Problem& notice : desired.notices) {
    fmt::print("notice: {}\n", notice.ToString());
  }
  PrintWhatIsMissing(desired);
  fmt::print("{}\n", config::CountsText(desired));
  fmt::print("{}\n", Summary(desired));
  return desired.problems.empty() && faults.empty();
}

}  // namespace lb

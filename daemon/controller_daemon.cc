#include "daemon/controller_daemon.h"

#include <csignal>
#include <memory>
#include <string>
#include <utility>

#include "daemon/api_server.h"
#include "daemon/kubernetes/api_client.h"
#include "daemon/kubernetes/kubernetes_node.h"
#include "daemon/kubernetes/pool_manifests.h"
#include "daemon/log.h"
#include "daemon/manifest_reader.h"
#include "daemon/metrics/controller_metrics.h"
#include "daemon/metrics/metrics_server.h"
#include "daemon/service_notify.h"
#include "lb/base/event_log.h"
#include "lb/base/prng.h"
#include "lb/base/status_macros.h"
#include "lb/config/manifests.h"
#include "lb/config/object_change.h"
#include "lb/config/problem.h"
#include "lb/io/posix/background_task.h"
#include "lb/io/posix/file_watcher.h"
#include "lb/io/posix/posix_environment.h"
#include "lb/io/posix/posix_loop.h"
#include "lb/io/posix/posix_sockets.h"
#include "lb/io/posix/signals.h"
#include "lb/io/posix/thread_resolver.h"

namespace lb {
namespace {

class ControllerDaemon {
 public:
  explicit ControllerDaemon(const Options& options)
      : options_(options), loop_({.busy_poll = options.busy_poll}) {}

  absl::Status Start(absl::Span<const std::string> unfenced) {
    log_.SetObserver([](const Event& event) { LogEvent(event); });
    LB_ASSIGN_OR_RETURN(
        signals_, io::Signals::Create(&loop_, {SIGINT, SIGTERM},
                                      [this](int number) { Stop(number); }));
    LB_ASSIGN_OR_RETURN(
        api_, MakeApiClient({&loop_, &sockets_, &resolver_},
                            options_.kubernetes, [this](std::string refusal) {
                              Record({EventObject::kNode, node_name_},
                                     "ApiServerRefuses", std::move(refusal));
                            }));
    KubernetesNode::Options node = NodeOptionsOf(options_, api_->access());
    node_name_ = node.node;
    uint64_t seed = 0;
    io::FillRandom({reinterpret_cast<uint8_t*>(&seed), sizeof(seed)});
    node_ = std::make_unique<KubernetesNode>(
        KubernetesNode::Ports{&loop_, api_->client(), &log_, io::FillRandom,
                              &sockets_},
        std::move(node), Prng(seed),
        [this](const SourceUpdate& update) { OnUpdate(update); });
    for (const std::string& fence : unfenced) {
      Record({EventObject::kNode, node_name_}, "SandboxIncomplete", fence);
    }
    LB_RETURN_IF_ERROR(ServeMetrics());
    node_->Start();
    LB_RETURN_IF_ERROR(FollowManifests());
    notify_ = std::make_unique<ServiceNotify>(&loop_);
    return absl::OkStatus();
  }

  void Run() { loop_.Run(); }

 private:
  // Pools, if they come from files.
  absl::Status FollowManifests() {
    if (options_.manifests.empty()) return absl::OkStatus();
    const config::ManifestOptions manifest_options = {
        .load_balancer_class = options_.load_balancer_class};
    reader_ = std::make_unique<ManifestReader>(
        &loop_,
        ManifestReader::Source{
            .load =
                [this, manifest_options] {
                  config::Manifests manifests = config::LoadManifests(
                      options_.manifests, manifest_options);
                  RefuseOtherKinds(&manifests);
                  return manifests;
                },
            .options = manifest_options},
        [this](const ManifestReading& reading) {
          node_->TakeManifests(*reading.desired);
        });
    LB_ASSIGN_OR_RETURN(reload_,
                        io::Signals::Create(&loop_, {SIGHUP},
                                            [this](int) { reader_->Read(); }));
    LB_ASSIGN_OR_RETURN(files_,
                        io::FileWatcher::Create(&loop_, options_.manifests,
                                                [this] { reader_->Read(); }));
    reader_->ReadNow();
    return absl::OkStatus();
  }

  absl::Status ServeMetrics() {
    if (options_.metrics_listen.empty()) return absl::OkStatus();
    LB_ASSIGN_OR_RETURN(
        metrics_,
        metrics::MetricsServer::Start(
            options_.metrics_listen, &loop_,
            {.collect =
                 [this] {
                   return metrics::CollectControllerMetrics(
                       {*node_, config_, loop_.turns(), loop_.Now()});
                 },
             .readiness = [this] { return metrics::Readiness(*node_); }}));
    return absl::OkStatus();
  }

  void OnUpdate(const SourceUpdate& update) {
    ++config_.reads;
    if (!update.difference.new_problems.empty()) ++config_.refusals;
    config_.has_problems = !update.desired->problems.empty();
    RecordProblems(update);
  }

  void RecordProblems(const SourceUpdate& update) {
    for (const config::Problem& problem : update.difference.new_problems) {
      Record({config::KindOf(problem.object),
              std::string(config::NameWithoutKind(problem.object))},
             problem.reason.empty() ? "ObjectRefused" : problem.reason,
             problem.ToString());
    }
  }

  void Record(EventObject object, std::string reason, std::string message) {
    log_.Record({.time = loop_.CivilNow(),
                 .type = EventType::kWarning,
                 .reason = std::move(reason),
                 .object = std::move(object),
                 .message = std::move(message)});
  }

  void Stop(int number) {
    if (std::exchange(stopping_, true)) {
      std::signal(number, SIG_DFL);
      std::raise(number);
      return;
    }
    notify_->Stopping();
    // The server waits for answers that the loop makes.
    node_->Stop([this] {
      end_metrics_.Start([this] { metrics_.reset(); },
                         [this] { loop_.Stop(); });
    });
  }

  const Options& options_;
  std::string node_name_;
  bool stopping_ = false;
  // Destroyed in the reverse order.
  io::PosixLoop loop_;
  EventLog log_;
  io::PosixSockets sockets_{&loop_};
  io::ThreadResolver resolver_{&loop_};
  std::unique_ptr<io::Signals> signals_;
  std::unique_ptr<ApiClient> api_;
  std::unique_ptr<KubernetesNode> node_;
  std::unique_ptr<ManifestReader> reader_;  // Null: pools come from the API.
  std::unique_ptr<io::Signals> reload_;
  std::unique_ptr<io::FileWatcher> files_;
  metrics::ConfigFacts config_;
  std::unique_ptr<metrics::MetricsServer> metrics_;
  io::BackgroundTask end_metrics_{&loop_};
  std::unique_ptr<ServiceNotify> notify_;
};

}  // namespace

absl::Status RunControllerDaemon(const Options& options,
                                 absl::Span<const std::string> unfenced) {
  ConfigureLog(options.log_level, options.log_format);
  ControllerDaemon daemon(options);
  LB_RETURN_IF_ERROR(daemon.Start(unfenced));
  daemon.Run();
  return absl::OkStatus();
}

}  // namespace lb

#include "daemon/daemon.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "daemon/agent/agent.h"
#include "daemon/agent_options.h"
#include "daemon/log.h"
#include "daemon/service_notify.h"
#include "daemon/status_server.h"
#include "daemon/status_service.h"
#include "lb/base/status_macros.h"
#include "lb/config/desired.h"
#include "lb/config/manifests.h"
#include "lb/config/problem.h"
#include "lb/io/posix/file_watcher.h"
#include "lb/io/posix/posix_environment.h"
#include "lb/io/posix/signals.h"

namespace lb {
namespace {

std::string HostName() {
  std::array<char, 256> name = {};
  gethostname(name.data(), name.size() - 1);
  return name.data();
}

config::Desired LoadDesired(const config::Options& options,
                            const config::Desired& previous) {
  return config::BuildDesired(
      config::LoadManifests(
          options.manifests,
          {.load_balancer_class = options.load_balancer_class}),
      previous);
}

std::string Summary(const config::Desired& desired) {
  return fmt::format("{} pools, {} advertisements, {} services, {} problems",
                     desired.pools.size(), desired.advertisements.size(),
                     desired.services.size(), desired.problems.size());
}

// One running node. Everything but Run() happens on the loop.
class Daemon {
 public:
  explicit Daemon(const config::Options& options) : options_(options) {}
  ~Daemon() {
    if (shutdown_.joinable()) shutdown_.join();
  }

  absl::Status Start() {
    LB_ASSIGN_OR_RETURN(world_, io::PosixEnvironment::Create(
                                    {.gossip = options_.gossip_bind,
                                     .state_folder = options_.state_dir}));
    const io::Environment& environment = world_->environment();
    environment.log->SetObserver([this](const Event& event) {
      LogEvent(event);
      if (service_ != nullptr) service_->OnEvent();
    });
    LB_ASSIGN_OR_RETURN(
        AgentOptions agent_options,
        MakeAgentOptions(options_, HostName(), environment.datagrams->local(),
                         environment.links->Links()));
    node_ = agent_options.node;
    LB_ASSIGN_OR_RETURN(agent_,
                        Agent::Create(std::move(agent_options), environment));
    service_ = std::make_unique<StatusService>(world_->loop(), agent_.get(),
                                               environment.log);
    LB_RETURN_IF_ERROR(WatchSignals());
    LB_RETURN_IF_ERROR(WatchManifests());
    LB_ASSIGN_OR_RETURN(
        server_, StatusServer::Start(options_.status_listen, service_.get()));
    agent_->Start();
    WarnOfClearGossip();
    Reload();
    notify_ = std::make_unique<ServiceNotify>(world_->loop());
    return absl::OkStatus();
  }

  void Run() { world_->Run(); }

 private:
  absl::Status WatchSignals() {
    LB_ASSIGN_OR_RETURN(
        stop_signals_,
        io::Signals::Create(world_->loop(), {SIGINT, SIGTERM},
                            [this](int number) { Stop(number); }));
    LB_ASSIGN_OR_RETURN(reload_signal_,
                        io::Signals::Create(world_->loop(), {SIGHUP},
                                            [this](int) { Reload(); }));
    return absl::OkStatus();
  }

  absl::Status WatchManifests() {
    if (options_.manifests.empty()) return absl::OkStatus();
    LB_ASSIGN_OR_RETURN(
        watcher_, io::FileWatcher::Create(world_->loop(), options_.manifests,
                                          [this] { Reload(); }));
    return absl::OkStatus();
  }

  void Reload() {
    config::Desired desired = LoadDesired(options_, desired_);
    for (const config::Problem& notice :
         config::NewProblems(desired.notices, desired_.notices)) {
      if (notice.reason.empty()) {
        Record(EventType::kNormal, "ManifestNotice", notice.ToString());
      } else {  // MetalLB warns of these.
        Record(EventType::kWarning, notice.reason, notice.ToString());
      }
    }
    Record(EventType::kNormal, "ManifestsRead", Summary(desired));
    desired_ = desired;
    agent_->SetDesired(std::move(desired));
  }

  void WarnOfClearGossip() {
    if (!options_.gossip_secret_file.empty()) return;
    Record(EventType::kWarning, "GossipInTheClear",
           "whoever reaches the gossip port can speak for any node; want "
           "--gossip-secret-file FILE");
  }

  void Record(EventType type, std::string reason, std::string message) {
    world_->environment().log->Record({.time = world_->loop()->CivilNow(),
                                       .type = type,
                                       .reason = std::move(reason),
                                       .object = "Node/" + node_,
                                       .message = std::move(message)});
  }

  // Leaves the cluster, then ends the calls, then the loop. The server waits
  // for answers that the loop makes, so it is shut down on another thread; and
  // so the second signal kills: a stopped loop would answer no more.
  void Stop(int number) {
    if (std::exchange(stopping_, true)) {
      std::signal(number, SIG_DFL);
      std::raise(number);
      return;
    }
    notify_->Stopping();
    agent_->Leave([this] {
      shutdown_ = std::thread([this] {
        server_->Shutdown();
        world_->Stop();
      });
    });
  }

  const config::Options& options_;
  std::string node_;
  config::Desired desired_;
  bool stopping_ = false;
  // Destroyed in the reverse order: the world goes last.
  std::unique_ptr<io::PosixEnvironment> world_;
  std::unique_ptr<Agent> agent_;
  std::unique_ptr<StatusService> service_;
  std::unique_ptr<StatusServer> server_;
  std::unique_ptr<io::Signals> stop_signals_;
  std::unique_ptr<io::Signals> reload_signal_;
  std::unique_ptr<io::FileWatcher> watcher_;
  std::unique_ptr<ServiceNotify> notify_;
  std::thread shutdown_;
};

}  // namespace

absl::Status RunDaemon(const config::Options& options) {
  ConfigureLog(options.log_level, options.log_format);
  Daemon daemon(options);
  LB_RETURN_IF_ERROR(daemon.Start());
  daemon.Run();
  return absl::OkStatus();
}

bool CheckManifests(const config::Options& options) {
  const config::Desired desired = LoadDesired(options, {});
  for (const config::Problem& problem : desired.problems) {
    fmt::print("{}\n", problem.ToString());
  }
  fmt::print("{}\n", Summary(desired));
  return desired.problems.empty();
}

}  // namespace lb

#include "tests/sim/chaos/kubernetes/stage.h"

#include <algorithm>

#include "fmt/format.h"
#include "lb/base/check.h"
#include "lb/gossip/options.h"
#include "tests/sim/chaos/path_faults.h"

namespace lb::chaos {
namespace {

// With no lbd that only gives addresses, so many nodes do.
constexpr int kControllingNodes = 3;
constexpr absl::Duration kUsualLag = absl::Milliseconds(5);
// A holder of the Lease writes nothing in the last two seconds of its term.
constexpr absl::Duration kSlowest = absl::Milliseconds(1500);
constexpr double kFailingPercent = 20;

net::IpPrefix AddressOf(int number) {
  return *net::ParseIpPrefix(fmt::format("172.20.2.{}/16", number));
}

std::vector<ClusterUser::Machine> MachinesOf(int nodes) {
  std::vector<ClusterUser::Machine> machines;
  for (int i = 1; i <= nodes; ++i) {
    machines.push_back({fmt::format("n{}", i), AddressOf(i).address});
  }
  return machines;
}

}  // namespace

KubernetesStage::KubernetesStage(const Scenario& scenario)
    : scenario_(scenario),
      world_(scenario.seed),
      cluster_(scenario.seed, &world_.loop()),
      user_(&cluster_, scenario.services, MachinesOf(scenario.nodes)),
      workload_(&cluster_, scenario.nodes,
                [this](int machine) { return KubeletRuns(machine); }) {
  Prng prng = world_.Fork("kubernetes");
  server().fields().knows_spec_type = prng.Chance(70);
  for (int i = 1; i <= scenario.nodes; ++i) {
    const bool controls = scenario.controllers == 0 && i <= kControllingNodes;
    AddLbd(fmt::format("n{}", i), i, controls ? Role::kAll : Role::kSpeaker);
  }
  for (int i = 1; i <= scenario.controllers; ++i) {
    AddLbd(fmt::format("c{}", i), scenario.nodes + i, Role::kController);
  }
  user_.CreateAll();
  workload_.CreateAll();
}

bool KubernetesStage::KubeletRuns(int machine) const {
  const Lbd& lbd = *lbds_[machine - 1];
  return lbd.host->powered() && lbd.api_cut == 0;
}

KubernetesStage::~KubernetesStage() {
  world_.loop().SetAfterEvent({});
  for (auto& lbd : lbds_) {
    if (lbd->runs()) Kill(*lbd, Ending::kPowerLoss);
  }
}

void KubernetesStage::AddLbd(const std::string& name, int number, Role role) {
  auto lbd = std::make_unique<Lbd>();
  lbd->name = name;
  lbd->role = role;
  lbd->host = world_.AddHost(
      {.name = name,
       .addresses = {
           AddressOf(number),
           *net::ParseIpPrefix(fmt::format("fd00:20::1:{:x}/64", number)),
           *net::ParseIpPrefix(fmt::format("fe80::{:x}/64", number))}});
  lbd->api = std::make_unique<AlteredApi>(&world_.loop(), &server(), name,
                                          scenario_.defect);
  lbds_.push_back(std::move(lbd));
}

void KubernetesStage::StartAll() {
  for (auto& lbd : lbds_) Start(*lbd);
}

void KubernetesStage::RestartAll() {
  for (auto& lbd : lbds_) {
    if (lbd->runs()) Kill(*lbd, Ending::kKill);
    Start(*lbd);
  }
}

KubernetesNode::Options KubernetesStage::OptionsOf(const Lbd& lbd) const {
  KubernetesNode::Options options;
  options.settings.enabled = true;
  options.settings.role = lbd.role;
  options.node = lbd.name;
  options.own_namespace = kOwnNamespace;
  options.settings.fast_node_failure = true;
  if (scenario_.defect == Defect::kNoLimit) {
    options.settings.fast_node_failure_limit = 1;
  }
  if (scenario_.defect == Defect::kUnlistedIsDeleted) {
    options.unlisted_delay = absl::ZeroDuration();
  }
  return options;
}

void KubernetesStage::Start(Lbd& lbd) {
  lbd.PowerOn();
  lbd.world = std::make_unique<AlteredWorld>(
      lbd.host->environment(), WhichNode{.name = lbd.name}, scenario_.defect);
  lbd.client =
      std::make_unique<ProcessClient>(lbd.api.get(), &lbd.host->process());
  if (lbd.is_node()) return StartAgent(lbd);
  const io::Environment& environment = lbd.world->environment();
  lbd.controller = std::make_unique<KubernetesNode>(
      KubernetesNode::Ports{environment.loop, lbd.client.get(), environment.log,
                            environment.random_bytes, StreamsOf(lbd)},
      OptionsOf(lbd), environment.prng.Fork("kubernetes"),
      [](const SourceUpdate&) {});
  lbd.controller->Start();
  StartDefects(lbd);
}

void KubernetesStage::StartAgent(Lbd& lbd) {
  AgentOptions options;
  options.node = lbd.name;
  options.advertise = lbd.host->endpoint();
  options.gossip = gossip::FastProfile();
  options.gossip.probe.contact_checks = true;
  options.follows_records = true;
  options.election_policy = scenario_.policy;
  options.hold_down = absl::Seconds(5);
  const io::Environment& environment = lbd.world->environment();
  lbd.SimNode::Start(options, environment);
  if (lbd.drained > 0) lbd.agent->Drain().IgnoreError();
  lbd.feed = std::make_unique<KubernetesFeed>(
      KubernetesFeed::Ports{
          .node = {environment.loop, lbd.client.get(), environment.log,
                   environment.random_bytes, StreamsOf(lbd)},
          .state = environment.state},
      KubernetesFeed::Options{.node = OptionsOf(lbd),
                              .server = "the server",
                              .gossip_port = lbd.host->endpoint().port},
      environment.prng.Fork("kubernetes"), lbd.agent.get());
  lbd.feed->Start();
  StartDefects(lbd);
}

io::StreamFactory* KubernetesStage::StreamsOf(Lbd& lbd) {
  const io::Environment& environment = lbd.world->environment();
  if (scenario_.defect != Defect::kDeafProbes) {
    return environment.stream_factory;
  }
  lbd.deaf_probes = std::make_unique<DeafProbes>(environment.loop, &server());
  return lbd.deaf_probes.get();
}

void KubernetesStage::StartDefects(Lbd& lbd) {
  const bool controls = lbd.kubernetes().controller() != nullptr;
  if (scenario_.defect != Defect::kUnheldMarks || !controls) return;
  const io::Environment& environment = lbd.world->environment();
  lbd.unheld_marks = std::make_unique<NodeFailure>(
      NodeFailure::Ports{
          environment.loop, lbd.client.get(), lbd.client.get(),
          environment.stream_factory, [] { return true; },
          [](EventType, const std::string&, const std::string&) {}},
      NodeFailure::Options{
          {.enabled = true}, std::string(kOwnNamespace), lbd.name},
      environment.prng.Fork("unheld marks"));
  lbd.unheld_marks->Start();
}

void KubernetesStage::Kill(Lbd& lbd, Ending ending) {
  ending == Ending::kPowerLoss ? lbd.host->Crash() : lbd.host->Kill();
  lbd.unheld_marks.reset();
  lbd.feed.reset();
  lbd.controller.reset();
  lbd.deaf_probes.reset();
  lbd.client.reset();
  lbd.agent.reset();
  lbd.world.reset();  // After all that runs in it.
  lbd.paused = 0;
  ++lbd.stopping;
}

void KubernetesStage::BringDown(Lbd& lbd, int step, Ending ending) {
  lbd.down += step;
  if (lbd.down > 0 && lbd.runs()) return Kill(lbd, ending);
  if (lbd.down == 0) Start(lbd);
}

void KubernetesStage::Stop(Lbd& lbd) {
  const int stop = ++lbd.stopping;
  // The process may have been killed, and started again, by then.
  const auto end = [this, &lbd, stop] {
    world_.loop().Post([this, &lbd, stop] {
      if (lbd.stopping == stop && lbd.runs()) Kill(lbd, Ending::kKill);
    });
  };
  if (lbd.controller != nullptr) return lbd.controller->Stop(end);
  lbd.feed->Stop([&lbd, stop, end] {
    if (lbd.stopping == stop && lbd.runs()) lbd.agent->Leave(end);
  });
}

void KubernetesStage::ApplyPaths() {
  std::vector<io::SimHost*> hosts;
  for (const auto& lbd : lbds_) {
    if (lbd->is_node()) hosts.push_back(lbd->host);
  }
  ApplyPathFaults(active_, hosts, &world_);
}

void KubernetesStage::Restore(const Fault& fault) {
  const auto it =
      std::find_if(backups_.begin(), backups_.end(),
                   [&](const auto& backup) { return backup.first == fault; });
  LB_CHECK(it != backups_.end());
  const absl::Duration away = absl::Milliseconds(fault.amount);
  restored_ = {world_.loop().Now(), away};
  server().Restore(it->second, away);
  backups_.erase(it);
}

void KubernetesStage::ApplyToServer() {
  kubernetes::SimFaultPlan plan;
  plan.slow_max = kSlowest;
  absl::Duration lag = kUsualLag;
  for (const Fault& fault : active_) {
    if (fault.kind == FaultKind::kApiLag) {
      lag = std::max(lag, absl::Milliseconds(fault.amount));
    }
    if (fault.kind != FaultKind::kApiErrors) continue;
    int bit = 0;
    for (double* percent :
         {&plan.too_many, &plan.unavailable, &plan.internal, &plan.unauthorized,
          &plan.lost_before, &plan.lost_after, &plan.torn, &plan.slow,
          &plan.expired, &plan.too_large, &plan.garbage, &plan.short_watch}) {
      if ((fault.amount >> bit++ & 1) != 0) *percent = kFailingPercent;
    }
  }
  server().faults() = plan;
  server().SetCacheLag(lag);
}

}  // namespace lb::chaos

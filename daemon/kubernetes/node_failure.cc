#include "daemon/kubernetes/node_failure.h"

#include <algorithm>

#include "daemon/kubernetes/configuration_state.h"
#include "fmt/format.h"
#include "lb/io/turn_cause.h"

namespace lb {
namespace {

using kubernetes::Change;
using kubernetes::KubernetesEventType;
using kubernetes::WriteReport;
using kubernetes::WriteVerdict;

constexpr absl::Duration kLook = absl::Milliseconds(50);
constexpr absl::Duration kLeaseLook = absl::Seconds(1);
constexpr absl::Duration kProbeInterval = absl::Milliseconds(450);
// Texts name so many nodes or services, and count the others.
constexpr size_t kNamedMax = 5;

template <typename Names>
std::string Named(const Names& names) {
  std::string text;
  size_t count = 0;
  for (const std::string& name : names) {
    if (++count > kNamedMax) continue;
    text += text.empty() ? name : ", " + name;
  }
  if (count > kNamedMax) text += fmt::format(" and {} more", count - kNamedMax);
  return text;
}

std::string LostText(const NodeDecision& decision, absl::Time now) {
  const absl::Duration since =
      absl::Trunc(now - decision.since, absl::Milliseconds(100));
  return fmt::format("{} lost it {}", Named(decision.accusers),
                     since == absl::ZeroDuration()
                         ? "just now"
                         : absl::FormatDuration(since) + " ago");
}

std::string MarkedText(const MarkPlan& plan) {
  std::string text =
      fmt::format("{} pods are marked NotReady", plan.pods.size());
  if (plan.left.empty()) return text;
  return fmt::format("{}; the last endpoint of {} stays as it is", text,
                     Named(plan.left));
}

}  // namespace

NodeFailure::Term::Term(const Ports& ports, const Options& options,
                        const Prng& prng)
    : writer(ports.loop, ports.leased, {}, prng),
      events(ports.loop, &writer,
             {.controller = "metallb.io/lbd-controller",
              .instance = options.node}) {}

NodeFailure::NodeFailure(const Ports& ports, Options options, const Prng& prng)
    : ports_(ports),
      options_(std::move(options)),
      prng_(prng),
      core_(options_.failure, options_.node),
      reports_(ports.loop, ports.client, this,
               {.resource = ConfigurationStates(),
                .name_space = options_.own_namespace},
               prng_.Fork("reports")),
      probes_(ports.loop, ports.streams,
              [this](const std::string& node, bool answers) {
                core_.OnProbe(ports_.loop->Now(), node, answers);
                WorkSoon();
              }) {
  timer_ = ports_.loop->NewTimer([this] { Work(); });
}

NodeFailure::Term& NodeFailure::term() {
  if (term_ == nullptr) {
    term_ = std::make_unique<Term>(
        ports_, options_, prng_.Fork(fmt::format("term {}", ++terms_)));
  }
  return *term_;
}

void NodeFailure::OnChange(const Change& change) {
  const absl::Time now = ports_.loop->Now();
  const std::string& object = change.meta.key.name;
  switch (change.kind) {
    case Change::Kind::kListed:
      if (!std::exchange(is_listed_, true)) core_.BeginFollowing(now);
      return;
    case Change::Kind::kDeleted:
      if (const auto speaker = speakers_.find(object);
          speaker != speakers_.end()) {
        core_.RemoveReport(now, speaker->second);
        speakers_.erase(speaker);
      }
      return WorkSoon();
    case Change::Kind::kSet:
      break;
  }
  const auto report = ReadSpeakerReport(change.object);
  if (!report) return;
  speakers_[object] = report->node;
  core_.SetReport(now, report->node, report->lost, is_listed_);
  WorkSoon();
}

NodeFailureCore::Decisions NodeFailure::Judge() {
  return core_.Judge({.now = ports_.loop->Now(),
                      .holds_lease = ports_.holds_lease(),
                      .follows_reports = reports_.state().is_synchronized()});
}

void NodeFailure::Work() {
  const io::TurnCause cause(ports_.loop, "looks for dead nodes");
  const absl::Time now = ports_.loop->Now();
  if (!ports_.holds_lease()) {
    // What still waits is the next holder's to decide.
    marking_.reset();
    patching_ = {};
    term_.reset();
  }
  if (core_.wants_nodes(now) && node_list_ == nullptr) ListNodes();
  const NodeFailureCore::Decisions decisions = Judge();
  FollowPatches(decisions);
  ProbeNodes(decisions);
  TellLeft(decisions);
  for (const auto& [node, decision] : decisions) {
    const bool is_due = decision.verdict == NodeVerdict::kMark;
    if (marking_ != nullptr && marking_->node == node && !is_due) {
      marking_.reset();
    }
    if (is_due && marking_ == nullptr && patching_.writer == nullptr) {
      BeginMarking(node);
    }
  }
  if (core_.is_busy(now) || patching_.writer != nullptr) {
    timer_->Arm(now + kLook);
  } else if (term_ != nullptr) {
    timer_->Arm(now + kLeaseLook);  // It ends with the Lease.
  } else {
    timer_->Disarm();
  }
}

void NodeFailure::ListNodes() {
  node_list_ = std::make_unique<ListOnce<NodeEntry>>(
      ports_.loop, ports_.client,
      kubernetes::ReflectorOptions{.resource = {"", "v1", "nodes"}},
      prng_.Fork("nodes"),
      ListOnce<NodeEntry>::Handlers{
          ReadNodeEntry, [this](const std::vector<NodeEntry>& entries) {
            std::map<std::string, bool> nodes;
            kubelets_.clear();
            for (const NodeEntry& entry : entries) {
              nodes[entry.name] = entry.is_ready;
              if (entry.kubelet) kubelets_[entry.name] = *entry.kubelet;
            }
            node_list_.reset();
            core_.SetNodes(ports_.loop->Now(), nodes);
            WorkSoon();
          }});
}

void NodeFailure::ProbeNodes(const NodeFailureCore::Decisions& decisions) {
  const absl::Time now = ports_.loop->Now();
  if (now < probe_at_) return;
  std::vector<std::string> nodes = core_.ToProbe(decisions);
  if (patching_.writer != nullptr) nodes.push_back(patching_.node);
  if (nodes.empty()) return;
  probe_at_ = now + kProbeInterval;
  for (const std::string& node : nodes) {
    const auto kubelet = kubelets_.find(node);
    if (kubelet != kubelets_.end()) probes_.Probe(node, kubelet->second);
  }
}

void NodeFailure::BeginMarking(const std::string& node) {
  marking_ = std::make_unique<Marking>(Marking{.node = node});
  marking_->pod_list = std::make_unique<ListOnce<PodFact>>(
      ports_.loop, ports_.client, PodsOf(node), prng_.Fork("pods"),
      ListOnce<PodFact>::Handlers{ReadPodFact,
                                  [this](const std::vector<PodFact>& pods) {
                                    marking_->pods = pods;
                                    MarkIfListed();
                                  }});
  marking_->slice_list = std::make_unique<ListOnce<SliceFact>>(
      ports_.loop, ports_.client, AllEndpointSlices(), prng_.Fork("slices"),
      ListOnce<SliceFact>::Handlers{
          ReadSliceFact, [this](const std::vector<SliceFact>& slices) {
            marking_->slices = slices;
            MarkIfListed();
          }});
}

void NodeFailure::MarkIfListed() {
  if (!marking_->pods || !marking_->slices) return;
  const NodeFailureCore::Decisions decisions = Judge();
  const auto decision = decisions.find(marking_->node);
  const bool is_due = decision != decisions.end() &&
                      decision->second.verdict == NodeVerdict::kMark;
  if (is_due) Mark(decisions);
  marking_.reset();
  WorkSoon();
}

void NodeFailure::Mark(const NodeFailureCore::Decisions& decisions) {
  const absl::Time now = ports_.loop->Now();
  const std::string& node = marking_->node;
  const NodeDecision& decision = decisions.at(node);
  const MarkPlan plan = PlanMarks(node, *marking_->pods, *marking_->slices,
                                  OthersOut(node, decisions));
  core_.OnMarked(now, node);
  const std::string lost = LostText(decision, now);
  patching_ = {node, std::make_unique<kubernetes::Writer>(
                         ports_.loop, ports_.leased,
                         kubernetes::WriterOptions{.burst = kPatchesAtOnce,
                                                   .interval = kPatchInterval},
                         prng_.Fork(fmt::format("patches {}", ++terms_)))};
  for (const PodFact& pod : plan.pods) {
    Patch(pod, fmt::format("node {} is dead: {}", node, lost));
  }
  Tell(EventType::kWarning, node, "PodsMarkedNotReady",
       fmt::format("{}, and it answers no probe: {}", lost, MarkedText(plan)));
}

std::set<std::string, std::less<>> NodeFailure::OthersOut(
    const std::string& node,
    const NodeFailureCore::Decisions& decisions) const {
  std::set<std::string, std::less<>> out;
  for (const auto& [name, fact] : core_.facts().nodes) {
    const auto decision = decisions.find(name);
    const bool is_lost = decision != decisions.end() &&
                         decision->second.since != absl::InfiniteFuture() &&
                         decision->second.verdict != NodeVerdict::kAlive;
    if (name != node && (is_lost || (fact.exists && !fact.is_ready))) {
      out.insert(name);
    }
  }
  return out;
}

void NodeFailure::Patch(const PodFact& pod, const std::string& message) {
  const absl::Time now = ports_.loop->CivilNow();
  kubernetes::WriteRequest request;
  request.target = {{"", "v1", "pods"}, pod.meta.key, "status"};
  request.body = MarkPatch(pod, message, now);
  request.rebase = [pod, message, now](const config::YamlNode& fresh) {
    return RebasedMark(pod, fresh, message, now);
  };
  request.on_report = [this](const WriteReport& report) {
    if (report.verdict != WriteVerdict::kRefused) return;
    ports_.record(
        EventType::kWarning, "PodNotMarked",
        fmt::format("{}: {}", report.target.ToString(), report.error));
  };
  patching_.writer->Write(std::move(request));
}

void NodeFailure::FollowPatches(const NodeFailureCore::Decisions& decisions) {
  if (patching_.writer == nullptr) return;
  const auto decision = decisions.find(patching_.node);
  const auto fact = core_.facts().nodes.find(patching_.node);
  const bool is_lost = decision != decisions.end() &&
                       decision->second.since != absl::InfiniteFuture() &&
                       fact->second.answered_at < fact->second.marked_at;
  if (!is_lost || patching_.writer->size() == 0) patching_ = {};
}

void NodeFailure::TellLeft(const NodeFailureCore::Decisions& decisions) {
  std::erase_if(
      told_, [&](const auto& one) { return !decisions.contains(one.first); });
  if (!ports_.holds_lease()) return;
  for (const auto& [node, decision] : decisions) {
    const NodeVerdict verdict = decision.verdict;
    const bool is_limit = verdict == NodeVerdict::kLimit ||
                          verdict == NodeVerdict::kIsolated ||
                          verdict == NodeVerdict::kCoolDown;
    if (!is_limit && verdict != NodeVerdict::kAlive) continue;
    auto& [since, verdicts] = told_[node];
    if (since != decision.since) verdicts.clear();
    since = decision.since;
    if (!verdicts.insert(verdict).second) continue;
    const std::string lost = LostText(decision, ports_.loop->Now());
    if (is_limit) {
      Tell(EventType::kWarning, node, "PodsLeftReady",
           fmt::format("{}; its pods are left to Kubernetes: {}", lost,
                       decision.why));
    } else {
      Tell(EventType::kNormal, node, "PodsLeftReady",
           fmt::format("{}, but it answers: its pods are left to its kubelet",
                       lost));
    }
  }
}

void NodeFailure::Tell(EventType type, const std::string& node,
                       std::string reason, std::string note) {
  ports_.record(type, reason, fmt::format("{}: {}", node, note));
  // As kubelet does, so that `kubectl describe node` shows it.
  term().events.Record({.type = type == EventType::kNormal
                                    ? KubernetesEventType::kNormal
                                    : KubernetesEventType::kWarning,
                        .reason = std::move(reason),
                        .action = "MarkPods",
                        .note = std::move(note),
                        .regarding = {"v1", "Node", {"", node}, node}});
}

}  // namespace lb

#include "daemon/kubernetes/kubernetes_node.h"

#include <utility>

#include "absl/time/time.h"
#include "fmt/format.h"

namespace lb {
namespace {

constexpr absl::Duration kLookInterval = absl::Seconds(1);
// A server that has just come back refuses some requests for a moment.
constexpr int kUnreadLooks = 10;
constexpr const char* kLeaseName = "lbd-controller";

ObjectSource::Options SourceOptionsOf(const KubernetesNode::Options& options) {
  ObjectSource::Options source;
  source.own_namespace = options.own_namespace;
  source.manifests.load_balancer_class = options.load_balancer_class;
  source.has_manifests = options.settings.pools_from == PoolsFrom::kManifests;
  if (!options.settings.speaks()) {
    source.left_out = ObjectSource::LeftOutOfControllers();
    source.aside = ObjectSource::AsideOfControllers();
  }
  return source;
}

Controller::Options ControllerOptionsOf(const KubernetesNode::Options& options,
                                        Prng prng) {
  Controller::Options controller;
  controller.own_namespace = options.own_namespace;
  controller.load_balancer_class = options.load_balancer_class;
  controller.node = options.node;
  controller.unlisted_delay = options.unlisted_delay;
  controller.has_pool_objects = options.settings.pools_from == PoolsFrom::kApi;
  controller.lease.key = {options.own_namespace, kLeaseName};
  // Another one after each start: a process knows nothing of its last run.
  controller.lease.identity =
      fmt::format("{}_{:08x}", options.node, prng.Uniform(uint64_t{1} << 32));
  controller.lease.lease_duration = options.settings.lease_duration;
  controller.lease.renew_deadline = options.settings.lease_renew_deadline;
  controller.lease.retry_period = options.settings.lease_retry_period;
  return controller;
}

}  // namespace

KubernetesNode::KubernetesNode(const Ports& ports, Options options,
                               const Prng& prng, OnUpdated on_update,
                               config::Objects in_force)
    : ports_(ports),
      options_(std::move(options)),
      on_update_(std::move(on_update)),
      client_(ports.loop, ports.client, [this] { OnServerBack(); }),
      source_({ports.loop, &client_, this}, SourceOptionsOf(options_),
              prng.Fork("source"), std::move(in_force)) {
  const auto record = [this](EventType type, std::string reason,
                             std::string message) {
    Record(type, std::move(reason), std::move(message));
  };
  if (options_.settings.controls()) {
    controller_ = std::make_unique<Controller>(
        Controller::Ports{ports.loop, &client_, &source_, record,
                          ports.random_bytes},
        ControllerOptionsOf(options_, prng.Fork("identity")),
        prng.Fork("controller"));
  }
  MakeNodeFailure(record, prng);
  if (options_.settings.speaks()) {
    speaker_ = std::make_unique<SpeakerStatuses>(
        SpeakerStatuses::Ports{ports.loop, &client_, record},
        SpeakerStatuses::Options{options_.node, options_.own_namespace},
        prng.Fork("speaker"));
  }
  timer_ = ports_.loop->NewTimer([this] { LookAtServer(); });
}

KubernetesNode::~KubernetesNode() = default;

void KubernetesNode::MakeNodeFailure(const RecordEvent& record,
                                     const Prng& prng) {
  const KubernetesSettings& settings = options_.settings;
  if (controller_ == nullptr || !settings.fast_node_failure ||
      ports_.streams == nullptr) {
    return;
  }
  node_failure_ = std::make_unique<NodeFailure>(
      NodeFailure::Ports{ports_.loop, &client_, controller_->leased_client(),
                         ports_.streams,
                         [this] { return controller_->may_write(); }, record},
      NodeFailure::Options{{.enabled = true,
                            .grace = settings.fast_node_failure_grace,
                            .limit = settings.fast_node_failure_limit},
                           options_.own_namespace,
                           options_.node},
      prng.Fork("node failure"));
}

void KubernetesNode::OnServerBack() {
  source_.OnServerBack();
  if (node_failure_ != nullptr) node_failure_->OnServerBack();
}

void KubernetesNode::Start() {
  source_.Start();
  if (controller_ != nullptr) controller_->Start();
  if (node_failure_ != nullptr) node_failure_->Start();
  timer_->Arm(ports_.loop->Now() + kLookInterval);
}

void KubernetesNode::Stop(absl::AnyInvocable<void()> done) {
  if (controller_ == nullptr) return done();
  controller_->Stop(std::move(done));
}

absl::Time KubernetesNode::followed_at() const {
  return source_.is_synchronized() ? ports_.loop->CivilNow() : followed_at_;
}

void KubernetesNode::OnUpdate(const SourceUpdate& update) {
  on_update_(update);
  if (controller_ != nullptr) controller_->OnUpdate(update);
  if (speaker_ != nullptr) speaker_->OnUpdate(update, source_.is_complete());
}

void KubernetesNode::LookAtServer() {
  timer_->Arm(ports_.loop->Now() + kLookInterval);
  if (speaker_ != nullptr) LookForUnread();
  LookForAbsent();
  followed_at_ = followed_at();
  const std::string trouble = source_.Trouble();
  if (trouble.empty() == trouble_.empty() && was_told_) return;
  was_told_ = true;
  trouble_ = trouble;
  if (trouble.empty()) {
    Record(EventType::kNormal, "ApiServerFollowed",
           "the API server's objects are known and followed");
  } else {
    Record(EventType::kWarning, "ApiServerLost",
           fmt::format("{}; everything stays as it is", trouble));
  }
}

void KubernetesNode::LookForAbsent() {
  if (told_absent_) return;
  const std::string absent = source_.Absent();
  if (absent.empty()) return;
  told_absent_ = true;
  Record(EventType::kNormal, "BgpAbsent",
         fmt::format("the API server does not have {}: lbd goes on without "
                     "such objects, and looks for them",
                     absent));
}

void KubernetesNode::LookForUnread() {
  const bool is_partly = !source_.is_synchronized() && source_.follows_any();
  unread_looks_ = is_partly ? unread_looks_ + 1 : 0;
  speaker_->SetUnread(unread_looks_ < kUnreadLooks ? "" : source_.Trouble());
}

void KubernetesNode::Record(EventType type, std::string reason,
                            std::string message) {
  ports_.log->Record({.time = ports_.loop->CivilNow(),
                      .type = type,
                      .reason = std::move(reason),
                      .object = {EventObject::kNode, options_.node},
                      .message = std::move(message)});
}

}  // namespace lb

#include "daemon/kubernetes/controller.h"

#include <array>
#include <string_view>
#include <utility>

#include "daemon/kubernetes/source_kinds.h"
#include "fmt/format.h"
#include "lb/io/turn_cause.h"
#include "lb/kubernetes/tree_path.h"

namespace lb {
namespace {

using kubernetes::WriteReport;
using kubernetes::WriteVerdict;

// The kinds that decide: which services there are, what they may have,
// and from which pools.
constexpr std::array<std::string_view, 3> kDeciding = {"IPAddressPool",
                                                       "Namespace", "Service"};

constexpr absl::Duration kStopTime = absl::Seconds(1);
constexpr absl::Duration kStopLook = absl::Milliseconds(10);
constexpr absl::Duration kLeaseLook = absl::Milliseconds(50);

ControllerCore::Options CoreOptionsOf(const Controller::Options& options) {
  ControllerCore::Options core;
  core.own_namespace = options.own_namespace;
  core.load_balancer_class = options.load_balancer_class;
  core.unlisted_delay = options.unlisted_delay;
  core.has_pool_objects = options.has_pool_objects;
  return core;
}

// The patch that is still needed of the object as it is now.
std::optional<std::string> Rebased(const StatusWrite& write,
                                   const config::YamlNode& fresh) {
  const auto meta = kubernetes::ReadObjectMeta(fresh);
  if (!meta.ok()) return std::nullopt;
  const ServiceRecord record = ReadServiceRecord(*meta, fresh);
  // An object that asks for something else by now, or another one of the same
  // name, has to be looked at first.
  if (record.inputs != write.record.inputs) return std::nullopt;
  if (Says(record, write.assignment)) return std::nullopt;
  return StatusPatch(meta->resource_version, write.assignment);
}

std::optional<ServiceRecord> FreshOf(const WriteReport& report) {
  const auto meta = kubernetes::ReadObjectMeta(report.object);
  if (!meta.ok()) return std::nullopt;
  return ReadServiceRecord(*meta, report.object);
}

}  // namespace

Controller::Term::Term(Controller* controller, uint64_t number)
    : writer(controller->ports_.loop, &controller->leased_, {},
             controller->prng_.Fork(fmt::format("writer {}", number))),
      events(controller->ports_.loop, &writer,
             {.controller = "metallb.io/lbd-controller",
              .instance = controller->options_.node}),
      configuration({controller->ports_.loop, controller->ports_.client,
                     &writer, controller->ports_.record},
                    ConfigurationReader::Controller(),
                    controller->options_.own_namespace,
                    controller->prng_.Fork("configuration")) {}

Controller::Controller(const Ports& ports, Options options, const Prng& prng)
    : ports_(ports),
      options_(std::move(options)),
      prng_(prng),
      core_(CoreOptionsOf(options_)),
      elector_(ports.loop, ports.client, this, options_.lease,
               prng.Fork("lease")),
      leased_(ports.loop, ports.client, [this] { return may_write(); }) {
  timer_ = ports_.loop->NewTimer([this] { Work(); });
}

Controller::~Controller() = default;

ControllerCore::Now Controller::Now() const {
  return {ports_.loop->Now(), ports_.loop->CivilNow()};
}

void Controller::OnUpdate(const SourceUpdate& update) {
  core_.OnUpdate(Now(), update);
  is_relisted_ |= update.is_relisted;
  if (is_awaiting_ && is_relisted_ && ports_.source->is_complete()) {
    BeginTerm();
  }
  if (term_ != nullptr) term_->configuration.Follow(update);
  CarryOut();
}

void Controller::OnElection() {
  const bool is_holder = elector_.IsHolder();
  if (is_stopping()) return;
  if (is_holder && !is_awaiting_ && term_ == nullptr) {
    is_awaiting_ = true;
    is_relisted_ = false;
    ports_.source->Relist(kDeciding);
  }
  if (is_holder) return;
  is_awaiting_ = false;
  if (term_ != nullptr) {
    const std::string holder = elector_.holder();
    EndTerm(holder.empty() || holder == options_.lease.identity
                ? "the Lease could not be renewed"
                : fmt::format("{} has the Lease", holder));
  }
}

void Controller::BeginTerm() {
  is_awaiting_ = false;
  term_ = std::make_unique<Term>(this, ++terms_);
  core_.Begin(Now());
  if (ports_.random_bytes) WriteSecret();
  ports_.record(EventType::kNormal, "ControllerActs",
                "this process assigns addresses: it holds the Lease");
}

void Controller::EndTerm(const std::string& why) {
  writes_ = Writes();
  term_.reset();
  core_.End();
  CarryOut();
  ports_.record(EventType::kNormal, "ControllerWaits",
                fmt::format("this process assigns no addresses: {}", why));
}

kubernetes::WriteQueue::Ended Controller::Writes() const {
  kubernetes::WriteQueue::Ended writes = writes_;
  if (term_ == nullptr) return writes;
  for (const auto& [verdict, count] : term_->writer.ended()) {
    writes[verdict] += count;
  }
  return writes;
}

void Controller::Work() {
  const io::TurnCause cause(ports_.loop, "assigns addresses");
  if (elector_.IsHolder()) core_.Work(Now());
  CarryOut();
}

void Controller::CarryOut() {
  if (term_ == nullptr) return timer_->Disarm();
  for (const StatusWrite& write : core_.TakeWrites()) WriteStatus(write);
  for (const PoolWrite& write : core_.TakePoolWrites()) WritePool(write);
  for (const auto& event : core_.TakeEvents()) term_->events.Record(event);
  // A Lease that runs out may be renewed all the same.
  timer_->Arm(elector_.IsHolder() ? core_.deadline()
                                  : ports_.loop->Now() + kLeaseLook);
}

void Controller::WriteStatus(const StatusWrite& write) {
  kubernetes::WriteRequest request;
  request.target = {FindSourceKind("Service").resource, write.record.meta.key,
                    "status"};
  request.body =
      StatusPatch(write.record.meta.resource_version, write.assignment);
  request.rebase = [write](const config::YamlNode& fresh) {
    return Rebased(write, fresh);
  };
  request.on_report = [this, write](const WriteReport& report) {
    if (report.verdict == WriteVerdict::kRefused) {
      ports_.record(
          EventType::kWarning, "StatusRefused",
          fmt::format("{}: {}", report.target.ToString(), report.error));
    }
    core_.OnWritten(Now(), write, report.verdict, FreshOf(report));
    CarryOut();
  };
  term_->writer.Write(std::move(request));
}

void Controller::WritePool(const PoolWrite& write) {
  kubernetes::WriteRequest request;
  request.target = {FindSourceKind("IPAddressPool").resource,
                    {options_.own_namespace, write.pool},
                    "status"};
  request.body = PoolStatusPatch(write.counts);
  request.on_report = [this, write](const WriteReport& report) {
    const bool is_over = report.verdict == WriteVerdict::kDone ||
                         report.verdict == WriteVerdict::kUnneeded ||
                         report.verdict == WriteVerdict::kGone;
    if (report.verdict != WriteVerdict::kSuperseded) {
      core_.OnPoolWritten(write, is_over);
    }
    CarryOut();
  };
  term_->writer.Write(std::move(request));
}

void Controller::WriteSecret() {
  kubernetes::WriteRequest request =
      CreateMemberlistSecret(options_.own_namespace, ports_.random_bytes);
  request.on_report = [this](const WriteReport& report) {
    if (report.verdict == WriteVerdict::kDone) {
      ports_.record(EventType::kNormal, "SecretMade",
                    fmt::format("{}: a new key for the gossip of speakers",
                                report.target.ToString()));
    } else if (report.verdict == WriteVerdict::kRefused) {
      ports_.record(
          EventType::kWarning, "SecretRefused",
          fmt::format("{}: {}", report.target.ToString(), report.error));
    }
  };
  term_->writer.Write(std::move(request));
}

void Controller::Stop(absl::AnyInvocable<void()> done) {
  is_awaiting_ = false;
  stopped_ = std::move(done);
  stop_by_ = ports_.loop->Now() + kStopTime;
  stop_timer_ = ports_.loop->NewTimer([this] { GoOnStopping(); });
  core_.End();
  stop_timer_->Arm(ports_.loop->Now());
}

void Controller::GoOnStopping() {
  const absl::Time now = ports_.loop->Now();
  const bool is_writing = leased_.under_way() > 0;
  if (!is_writing && term_ != nullptr) EndTerm("it stops");
  if (!is_writing && !has_given_up_) elector_.Stop();
  has_given_up_ |= !is_writing;
  const bool is_over = has_given_up_ && elector_.is_stopped();
  if (!is_over && now < stop_by_) return stop_timer_->Arm(now + kStopLook);
  const auto stopped =
      std::make_shared<absl::AnyInvocable<void()>>(std::move(stopped_));
  (*stopped)();  // It may destroy this object.
}

}  // namespace lb

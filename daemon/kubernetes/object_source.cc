#include "daemon/kubernetes/object_source.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_join.h"
#include "daemon/kubernetes/pool_manifests.h"
#include "fmt/format.h"
#include "lb/io/turn_cause.h"
#include "lb/kubernetes/api_error.h"

namespace lb {

using kubernetes::Change;
using Part = SourceKind::Part;

namespace {

ServiceChange ReadService(const Change& change) {
  using Kind = ServiceChange::Kind;
  if (change.kind == Change::Kind::kSet) {
    return {Kind::kSet, ReadServiceRecord(change.meta, change.object)};
  }
  ServiceChange gone = {.kind = Kind::kDeleted};
  gone.record.meta = change.meta;
  // The reflector has the name alone if it is a list that lacks the object.
  if (change.meta.resource_version.empty()) gone.kind = Kind::kUnlisted;
  return gone;
}

// Adds the objects that came into force, or went, because another one changed:
// a service that a pool refused, pools that overlapped.
void AddConcerned(SourceUpdate* update) {
  for (const std::string& service : update->difference.services) {
    update->objects.push_back("Service/" + service);
  }
  if (!update->difference.pools) return;
  for (const ipam::Pool& pool : update->desired->pools) {
    update->objects.push_back("IPAddressPool/" + pool.name);
  }
}

config::DesiredKeeperOptions KeeperOptionsOf(
    const ObjectSource::Options& options) {
  return {.knows_endpoints = !options.left_out.contains("EndpointSlice"),
          .follows_statuses = true};
}

}  // namespace

class ObjectSource::Follower : private kubernetes::Reflector::Observer {
 public:
  Follower(ObjectSource* source, const SourceKind& kind, http::Client* client,
           const Prng& prng)
      : source_(source),
        kind_(kind),
        reflector_(source->loop_, client, this,
                   ReflectorOptionsOf(kind, source->options_.own_namespace),
                   prng) {}

  void Start() { reflector_.Start(); }
  void Relist() { reflector_.Relist(); }
  void OnServerBack() { reflector_.OnServerBack(); }
  const SourceKind& kind() const { return kind_; }
  const kubernetes::ListWatch& state() const { return reflector_.state(); }
  bool FailsBy(kubernetes::ErrorKind error) const {
    return !state().is_synchronized() && state().last_error_kind() == error;
  }
  // The server does not have the resource, and need not.
  bool IsAbsent() const {
    return kind_.part != Part::kBase &&
           FailsBy(kubernetes::ErrorKind::kNotFound);
  }
  bool is_settled() const { return is_settled_; }
  // False: it was before.
  bool Settle() { return !std::exchange(is_settled_, true); }

 private:
  void OnChange(const Change& change) override {
    if (change.kind == Change::Kind::kListed) Settle();
    source_->OnChange(kind_, change);
  }
  void OnFailure() override { source_->OnFailure(*this); }

  ObjectSource* const source_;
  const SourceKind& kind_;
  bool is_settled_ = false;
  kubernetes::Reflector reflector_;
};

ObjectSource::ObjectSource(const Ports& ports, Options options,
                           const Prng& prng, config::Objects in_force)
    : loop_(ports.loop),
      client_(ports.client),
      observer_(ports.observer),
      options_(std::move(options)),
      prng_(prng),
      keeper_(std::move(in_force), KeeperOptionsOf(options_)) {
  timer_ = loop_->NewTimer([this] { Flush(); });
  for (const SourceKind& kind : SourceKinds()) {
    if (options_.left_out.contains(kind.kind)) {
      keeper_.EndListing(kind.kind);
      continue;
    }
    if (options_.has_manifests && IsPoolManifest(kind.kind)) continue;
    if (kind.part == Part::kNamed) {
      named_ = Named::kUndecided;
    } else {
      Follow(kind);
    }
  }
}

ObjectSource::~ObjectSource() = default;

void ObjectSource::Follow(const SourceKind& kind) {
  followers_.push_back(std::make_unique<Follower>(
      this, kind, client_, prng_.Fork(std::string(kind.kind))));
}

void ObjectSource::Start() {
  for (const auto& follower : followers_) follower->Start();
}

void ObjectSource::Relist(absl::Span<const std::string_view> kinds) {
  awaited_.clear();
  for (const auto& follower : followers_) {
    const std::string_view kind = follower->kind().kind;
    if (std::find(kinds.begin(), kinds.end(), kind) != kinds.end()) {
      awaited_.insert(kind);
    }
  }
  // Lists that were complete before this call do not count.
  update_.is_relisted = false;
  for (const auto& follower : followers_) {
    if (awaited_.contains(follower->kind().kind)) follower->Relist();
  }
}

void ObjectSource::TakeManifests(std::vector<config::ObjectChange> changes) {
  timer_->Arm(loop_->Now());
  for (config::ObjectChange& change : changes) {
    changes_.push_back(std::move(change));
  }
  for (const SourceKind& kind : SourceKinds()) {
    const bool is_first = IsPoolManifest(kind.kind) && !has_read_manifests_;
    if (is_first) listed_.push_back(kind.kind);
  }
  has_read_manifests_ = true;
}

void ObjectSource::OnServerBack() {
  for (const auto& follower : followers_) follower->OnServerBack();
}

bool ObjectSource::is_synchronized() const { return Trouble().empty(); }

bool ObjectSource::follows_any() const {
  return std::any_of(followers_.begin(), followers_.end(),
                     [](const std::unique_ptr<Follower>& follower) {
                       return follower->state().is_synchronized();
                     });
}

std::string ObjectSource::Trouble() const {
  for (const auto& follower : followers_) {
    const kubernetes::ListWatch& state = follower->state();
    if (state.is_synchronized() || follower->IsAbsent()) continue;
    return fmt::format(
        "{}: {}", follower->kind().resource.ToString(),
        state.last_error().empty() ? "not listed yet" : state.last_error());
  }
  return "";
}

std::string ObjectSource::Absent() const {
  std::vector<std::string> absent;
  for (const auto& follower : followers_) {
    if (!follower->IsAbsent()) continue;
    absent.push_back(follower->kind().resource.ToString());
  }
  return absl::StrJoin(absent, ", ");
}

bool ObjectSource::IsSettled(Part part) const {
  return std::all_of(followers_.begin(), followers_.end(),
                     [&](const std::unique_ptr<Follower>& follower) {
                       return follower->kind().part != part ||
                              follower->is_settled();
                     });
}

bool ObjectSource::AwaitsNamed() const {
  return named_ == Named::kFollowed && !IsSettled(Part::kNamed);
}

void ObjectSource::DecideOnNamed() {
  const Named before = named_;
  if (had_routing_) {
    named_ = Named::kFollowed;
  } else if (named_ == Named::kUndecided && IsSettled(Part::kRouting)) {
    named_ = Named::kUnneeded;
  }
  if (named_ == before) return;
  for (const SourceKind& kind : SourceKinds()) {
    if (kind.part != Part::kNamed) continue;
    if (named_ == Named::kUnneeded) {
      listed_.push_back(kind.kind);
    } else {
      Follow(kind);
      followers_.back()->Start();
    }
  }
}

bool ObjectSource::HasInForce(std::string_view kind) const {
  const config::Objects& objects = keeper_.desired().objects;
  return std::any_of(objects.begin(), objects.end(), [&](const auto& object) {
    return config::KindOf(object.first) == kind;
  });
}

void ObjectSource::OnFailure(Follower& follower) {
  const SourceKind& kind = follower.kind();
  const bool is_withheld = kind.part != Part::kBase &&
                           follower.FailsBy(kubernetes::ErrorKind::kForbidden);
  const bool counts_as_listed =
      follower.IsAbsent() || (is_withheld && !HasInForce(kind.kind));
  if (counts_as_listed && follower.Settle()) {
    listed_.push_back(kind.kind);
    timer_->Arm(loop_->Now());
  }
  if (!counts_as_listed) observer_->OnFailure();
}

void ObjectSource::OnChange(const SourceKind& kind, const Change& change) {
  timer_->Arm(loop_->Now());
  if (change.kind == Change::Kind::kListed) {
    listed_.push_back(kind.kind);
    if (awaited_.erase(kind.kind) > 0 && awaited_.empty()) {
      update_.is_relisted = true;
    }
    return;
  }
  NoteRecord(kind, change);
  const bool is_routing = kind.part == Part::kRouting;
  had_routing_ |= is_routing && change.kind == Change::Kind::kSet;
  (is_routing ? routing_changes_ : changes_)
      .push_back(ReadChange(kind, change, options_.manifests));
}

void ObjectSource::NoteRecord(const SourceKind& kind, const Change& change) {
  const bool is_gone = change.kind == Change::Kind::kDeleted;
  if (kind.kind == "IPAddressPool") {
    update_.pools.push_back(
        is_gone ? PoolRecord{.meta = change.meta, .is_gone = true}
                : ReadPoolRecord(change.meta, change.object));
  }
  if (kind.is_own) {
    update_.uids.emplace_back(kind.NameOf(change.meta.key),
                              is_gone ? "" : change.meta.uid);
  }
  if (kind.kind == "Service") update_.services.push_back(ReadService(change));
}

void ObjectSource::Flush() {
  const io::TurnCause cause(loop_, "takes up objects of the API");
  DecideOnNamed();
  const bool holds = AwaitsNamed();
  SourceUpdate update = std::exchange(update_, {});
  std::vector<config::ObjectChange> changes = std::exchange(changes_, {});
  if (!holds) {
    std::move(routing_changes_.begin(), routing_changes_.end(),
              std::back_inserter(changes));
    routing_changes_.clear();
  }
  for (const config::ObjectChange& change : changes) {
    update.objects.push_back(change.name);
  }
  update.difference = keeper_.Apply(changes);
  for (const std::string_view kind : std::exchange(listed_, {})) {
    if (holds && FindSourceKind(kind).part == Part::kRouting) {
      listed_.push_back(kind);
      continue;
    }
    config::Difference difference = keeper_.EndListing(kind);
    if (difference != config::Difference()) {
      update.difference = std::move(difference);
    }
  }
  update.desired = keeper_.shared();
  AddConcerned(&update);
  observer_->OnUpdate(update);
}

}  // namespace lb

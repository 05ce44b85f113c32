#include "daemon/kubernetes/object_source.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_join.h"
#include "daemon/kubernetes/pool_manifests.h"
#include "fmt/format.h"
#include "lb/io/turn_cause.h"
#include "lb/kubernetes/api_error.h"

namespace lb {

using kubernetes::Change;

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

// The kind whose objects need this one for BGP; empty: none does. There are few
// of these objects, and they are taken up together. There may be thousands of
// Namespaces, which come page by page.
std::string_view NeededBy(std::string_view kind) {
  for (const SourceKind& known : SourceKinds()) {
    if (known.kind == kind && known.is_optional) return known.needed_by;
  }
  return "";
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
    return kind_.is_optional && FailsBy(kubernetes::ErrorKind::kNotFound);
  }
  // The server does not let this client read it.
  bool IsRefused() const { return FailsBy(kubernetes::ErrorKind::kForbidden); }
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
    const bool is_left_out = options_.left_out.contains(kind.kind);
    if (is_left_out || options_.aside.contains(kind.kind)) {
      keeper_.EndListing(kind.kind);
    }
    if (is_left_out) continue;
    if (options_.has_manifests && IsPoolManifest(kind.kind)) continue;
    if (kind.needed_by.empty()) {
      Follow(kind);
    } else {
      needed_[kind.needed_by].kinds.push_back(&kind);
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
      awaited_[kind] = false;
    }
  }
  for (const auto& follower : followers_) {
    if (awaited_.contains(follower->kind().kind)) follower->Relist();
  }
}

void ObjectSource::TakeManifests(std::vector<config::ObjectChange> changes) {
  timer_->Arm(loop_->Now());
  for (config::ObjectChange& change : changes) Take(std::move(change));
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
    if (IsAside(*follower) && follower->IsRefused()) continue;
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

bool ObjectSource::IsSettled(std::string_view kind) const {
  for (const auto& follower : followers_) {
    if (follower->kind().kind == kind) return follower->is_settled();
  }
  return has_read_manifests_ && IsPoolManifest(kind);
}

void ObjectSource::Take(config::ObjectChange change) {
  const std::string_view kind = config::KindOf(change.name);
  const std::string_view needed_by = NeededBy(kind);
  const auto needed = needed_.find(needed_by.empty() ? kind : needed_by);
  const bool waits =
      needed != needed_.end() &&
      (needed_by.empty() ? NeedsOthersNow(change) : !AreListed(needed->second));
  if (waits) {
    needed->second.waiting[change.name] = std::move(change);
    return;
  }
  if (needed != needed_.end()) needed->second.waiting.erase(change.name);
  changes_.push_back(std::move(change));
}

// A refused object leaves its last good value in force.
bool ObjectSource::NeedsOthersNow(const config::ObjectChange& change) const {
  if (change.object) return NeedsOthers(change.object->value);
  const config::Objects& objects = keeper_.desired().objects;
  const auto last_good = objects.find(change.name);
  return !change.problems.empty() && last_good != objects.end() &&
         NeedsOthers(last_good->second.value);
}

void ObjectSource::DecideOn(std::string_view kind, Needed& needed) {
  using State = Needed::State;
  const State before = needed.state;
  if (!needed.waiting.empty()) {
    needed.state = State::kFollowed;
  } else if (before == State::kUndecided && IsSettled(kind)) {
    needed.state = State::kUnneeded;
  }
  if (needed.state == before) return;
  for (const SourceKind* one : needed.kinds) {
    if (needed.state == State::kUnneeded) {
      listed_.push_back(one->kind);
    } else {
      Follow(*one);
      followers_.back()->Start();
    }
  }
}

bool ObjectSource::AreListed(const Needed& needed) const {
  return std::all_of(
      needed.kinds.begin(), needed.kinds.end(),
      [&](const SourceKind* kind) { return IsSettled(kind->kind); });
}

void ObjectSource::Release(Needed& needed) {
  if (!AreListed(needed)) return;
  for (auto& [name, change] : std::exchange(needed.waiting, {})) {
    changes_.push_back(std::move(change));
  }
}

bool ObjectSource::TakeRelisted() {
  for (const auto& [kind, is_listed] : awaited_) {
    const auto needed = needed_.find(kind);
    if (!is_listed) return false;
    if (needed != needed_.end() && !needed->second.waiting.empty()) {
      return false;
    }
  }
  return !std::exchange(awaited_, {}).empty();
}

bool ObjectSource::HasInForce(std::string_view kind) const {
  const config::Objects& objects = keeper_.desired().objects;
  return std::any_of(objects.begin(), objects.end(), [&](const auto& object) {
    return config::KindOf(object.first) == kind;
  });
}

bool ObjectSource::IsAside(const Follower& follower) const {
  return options_.aside.contains(follower.kind().kind);
}

void ObjectSource::OnFailure(Follower& follower) {
  const SourceKind& kind = follower.kind();
  // What needs a kind that is aside waits on: nothing is told of a BGPPeer
  // whose Secret may be there.
  const bool is_withheld =
      kind.is_optional && follower.IsRefused() && !IsAside(follower);
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
    const auto awaited = awaited_.find(kind.kind);
    if (awaited != awaited_.end()) awaited->second = true;
    return;
  }
  NoteRecord(kind, change);
  Take(ReadChange(kind, change, options_.manifests));
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
  for (auto& [kind, needed] : needed_) {
    DecideOn(kind, needed);
    Release(needed);
  }
  SourceUpdate update = std::exchange(update_, {});
  update.is_relisted = TakeRelisted();
  const std::vector<config::ObjectChange> changes = std::exchange(changes_, {});
  for (const config::ObjectChange& change : changes) {
    update.objects.push_back(change.name);
  }
  update.difference = keeper_.Apply(changes);
  for (const std::string_view kind : std::exchange(listed_, {})) {
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

#include "lb/kubernetes/testing/sim_store.h"

#include <algorithm>
#include <utility>

#include "fmt/format.h"
#include "lb/kubernetes/json_writer.h"
#include "lb/kubernetes/testing/json_edit.h"
#include "lb/kubernetes/tree_path.h"

namespace lb::kubernetes {
namespace {

using config::YamlNode;

SimOutcome NotFound(const SimKind& kind, const ObjectKey& key) {
  return {
      404, "NotFound",
      fmt::format("{} \"{}\" not found", kind.resource.ToString(), key.name)};
}

SimOutcome Conflict(const SimKind& kind, const ObjectKey& key) {
  return {409, "Conflict",
          fmt::format("Operation cannot be fulfilled on {} \"{}\": the object "
                      "has been modified",
                      kind.resource.ToString(), key.name)};
}

// False: `wish` names another version or uid than the object has.
bool Allows(const YamlNode& wish, const YamlNode& object) {
  for (const std::string_view field : {"resourceVersion", "uid"}) {
    const std::string_view wanted = TextAt(wish, field);
    if (wanted.empty()) continue;
    if (wanted != TextAt(object, fmt::format("metadata.{}", field))) {
      return false;
    }
  }
  return true;
}

// Leaves of a status patch what counts: the status, and in built-in resources
// annotations and labels.
YamlNode StatusPart(const SimKind& kind, const YamlNode& patch) {
  YamlNode part = Json("{}");
  if (const YamlNode* status = patch.Find("status")) {
    Replace("status", *status, &part);
  }
  if (kind.is_custom) return part;
  for (const std::string_view field : {"annotations", "labels"}) {
    const YamlNode* values = NodeAt(patch, fmt::format("metadata.{}", field));
    if (values == nullptr) continue;
    Replace(field, *values, Place("metadata", &part));
  }
  return part;
}

YamlNode WithoutStatus(YamlNode tree) {
  Remove("status", &tree);
  return tree;
}

const SimObjects& NoObjects() {
  static const SimObjects& none = *new SimObjects();
  return none;
}

}  // namespace

void SimStore::AddKind(SimKind kind) {
  const Resource resource = kind.resource;
  kinds_[resource] = std::move(kind);
}

const SimKind* SimStore::FindKind(const Resource& resource) const {
  const auto found = kinds_.find(resource);
  return found == kinds_.end() ? nullptr : &found->second;
}

SimOutcome SimStore::Create(absl::Time now, const SimKind& kind,
                            YamlNode object) {
  const ObjectKey key = {std::string(TextAt(object, "metadata.namespace")),
                         std::string(TextAt(object, "metadata.name"))};
  if (key.name.empty() || key.name_space.empty() == kind.is_namespaced) {
    return {422, "Invalid", "metadata.name: Required value"};
  }
  if (Objects(kind.resource).contains(key)) {
    return {409, "AlreadyExists",
            fmt::format("{} \"{}\" already exists", kind.resource.ToString(),
                        key.name)};
  }
  if (kind.has_status) object = WithoutStatus(std::move(object));
  SetText("apiVersion", kind.resource.ApiVersion(), &object);
  SetText("kind", kind.kind, &object);
  SetText("metadata.uid", fmt::format("uid-{}", ++uids_), &object);
  SimOutcome outcome = Store(now, kind, key, std::move(object));
  outcome.code = 201;
  return outcome;
}

SimOutcome SimStore::Patch(absl::Time now, const SimKind& kind,
                           const ObjectKey& key, std::string_view subresource,
                           const YamlNode& patch) {
  const SimObjects& objects = Objects(kind.resource);
  const auto found = objects.find(key);
  if (found == objects.end()) return NotFound(kind, key);
  const YamlNode* metadata = patch.Find("metadata");
  if (metadata != nullptr && !Allows(*metadata, *found->second)) {
    return Conflict(kind, key);
  }
  YamlNode part = patch;
  if (subresource == "status") {
    if (!kind.has_status) return NotFound(kind, key);
    part = StatusPart(kind, patch);
  } else if (kind.has_status) {
    part = WithoutStatus(std::move(part));
  }
  YamlNode object = *found->second;
  const std::string before = JsonText(object);
  MergePatch(part, &object);
  // What no client may change.
  SetText("metadata.resourceVersion",
          TextAt(*found->second, "metadata.resourceVersion"), &object);
  SetText("metadata.uid", TextAt(*found->second, "metadata.uid"), &object);
  if (JsonText(object) == before) return {.object = found->second};
  return Store(now, kind, key, std::move(object));
}

SimOutcome SimStore::Delete(absl::Time now, const SimKind& kind,
                            const ObjectKey& key, const YamlNode& options) {
  SimObjects& objects = objects_[kind.resource];
  const auto found = objects.find(key);
  if (found == objects.end()) return NotFound(kind, key);
  const YamlNode* preconditions = options.Find("preconditions");
  if (preconditions != nullptr && !Allows(*preconditions, *found->second)) {
    return Conflict(kind, key);
  }
  const SimObject before = found->second;
  objects.erase(found);
  writes_[kind.resource].push_back({++version_, now, key, before, nullptr});
  return {.object = before};
}

SimOutcome SimStore::Store(absl::Time now, const SimKind& kind,
                           const ObjectKey& key, YamlNode object) {
  SetText("metadata.resourceVersion", fmt::format("{}", ++version_), &object);
  SimObject& place = objects_[kind.resource][key];
  const SimObject before = place;
  place = std::make_shared<const YamlNode>(std::move(object));
  writes_[kind.resource].push_back({version_, now, key, before, place});
  return {.object = place};
}

const SimObjects& SimStore::Objects(const Resource& resource) const {
  const auto found = objects_.find(resource);
  return found == objects_.end() ? NoObjects() : found->second;
}

SimObjects SimStore::ObjectsAt(const Resource& resource,
                               absl::Time time) const {
  SimObjects objects = Objects(resource);
  const std::deque<SimWrite>& writes = Writes(resource);
  for (auto it = writes.rbegin(); it != writes.rend(); ++it) {
    if (it->at <= time) break;
    if (it->before == nullptr) {
      objects.erase(it->key);
    } else {
      objects[it->key] = it->before;
    }
  }
  return objects;
}

const std::deque<SimWrite>& SimStore::Writes(const Resource& resource) const {
  static const std::deque<SimWrite>& none = *new std::deque<SimWrite>();
  const auto found = writes_.find(resource);
  return found == writes_.end() ? none : found->second;
}

void SimStore::Compact(uint64_t version) {
  compacted_version_ = std::max(compacted_version_, version);
  for (auto& [resource, writes] : writes_) {
    while (!writes.empty() && writes.front().version <= version) {
      writes.pop_front();
    }
  }
}

void SimStore::Restore(const Backup& backup) {
  version_ = backup.version;
  objects_ = backup.objects;
  writes_.clear();
  compacted_version_ = version_;
}

}  // namespace lb::kubernetes

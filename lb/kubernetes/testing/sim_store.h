// SimStore: the objects of a simulated API server, with their versions.
//
// One counter gives each write a version, as etcd does. The store keeps the
// writes since it was last compacted, for watches and for reads of an older
// state. It knows the rules of writes: conflicts by resourceVersion, what a
// status subresource takes of a patch, what a create needs.
//
// No I/O, no clock: the caller says what time it is. One thread.
//
//   SimStore store;
//   store.AddKind({.resource = {"", "v1", "services"}, .kind = "Service"});
//   store.Create(now, *store.FindKind({"", "v1", "services"}), object);
#ifndef LB_KUBERNETES_TESTING_SIM_STORE_H_
#define LB_KUBERNETES_TESTING_SIM_STORE_H_

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "lb/config/yaml_tree.h"
#include "lb/kubernetes/resource.h"

namespace lb::kubernetes {

// A resource that the server has.
struct SimKind {
  Resource resource;
  std::string kind;  // "Service"
  bool is_namespaced = true;
  bool has_status = false;  // A status subresource.
  // A custom resource: a write of its status takes nothing of the metadata.
  bool is_custom = false;
};

using SimObject = std::shared_ptr<const config::YamlNode>;
using SimObjects = std::map<ObjectKey, SimObject>;

// One write.
struct SimWrite {
  uint64_t version = 0;
  absl::Time at;
  ObjectKey key;
  SimObject before;  // Null: the write created the object.
  SimObject after;   // Null: the write deleted it.
};

// What became of a write: a status code, and the object or a reason.
struct SimOutcome {
  int code = 200;
  std::string reason;
  std::string message;
  SimObject object;

  bool ok() const { return code < 300; }
};

class SimStore {
 public:
  // All objects and the counter at one moment: a backup.
  struct Backup {
    uint64_t version = 0;
    std::map<Resource, SimObjects> objects;
  };

  void AddKind(SimKind kind);
  void RemoveKind(const Resource& resource) { kinds_.erase(resource); }
  // Null: the server has no such resource.
  const SimKind* FindKind(const Resource& resource) const;

  // 409 AlreadyExists; 422 Invalid without a name.
  SimOutcome Create(absl::Time now, const SimKind& kind,
                    config::YamlNode object);
  // A merge patch of the object, or with `subresource` "status" of its status.
  // 404 NotFound; 409 Conflict if the patch names another resourceVersion or
  // uid. A patch that changes nothing makes no new version.
  SimOutcome Patch(absl::Time now, const SimKind& kind, const ObjectKey& key,
                   std::string_view subresource, const config::YamlNode& patch);
  // 404 NotFound; 409 Conflict if `preconditions` (of DeleteOptions) name
  // another resourceVersion or uid.
  SimOutcome Delete(absl::Time now, const SimKind& kind, const ObjectKey& key,
                    const config::YamlNode& options);

  uint64_t version() const { return version_; }
  const SimObjects& Objects(const Resource& resource) const;
  // As they were at `time`, as far as the kept writes go back.
  SimObjects ObjectsAt(const Resource& resource, absl::Time time) const;

  // The kept writes of a resource, oldest first.
  const std::deque<SimWrite>& Writes(const Resource& resource) const;
  // Writes up to this version are not kept any more.
  uint64_t compacted_version() const { return compacted_version_; }
  // Forgets the writes up to `version`.
  void Compact(uint64_t version);

  Backup MakeBackup() const { return {version_, objects_}; }
  // The state of the backup, its counter too; the later writes never were.
  void Restore(const Backup& backup);

 private:
  SimOutcome Store(absl::Time now, const SimKind& kind, const ObjectKey& key,
                   config::YamlNode object);

  std::map<Resource, SimKind> kinds_;
  std::map<Resource, SimObjects> objects_;
  std::map<Resource, std::deque<SimWrite>> writes_;
  uint64_t version_ = 100;
  uint64_t compacted_version_ = 100;
  uint64_t uids_ = 0;
};

}  // namespace lb::kubernetes

#endif  // LB_KUBERNETES_TESTING_SIM_STORE_H_

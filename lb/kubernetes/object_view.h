// ObjectView: turns lists and watch events into single changes of objects.
//
// A list says all that there is, an event says one object; a reader wants each
// change once. The view remembers a fingerprint of each object that it passed
// on: what a list or an event repeats yields nothing, what a complete list does
// not name any more is a deletion. It does not keep the objects themselves.
//
// An object that cannot be read is refused alone: what was passed on of it
// before stays in force.
//
// A core: no I/O, no clock. One thread.
//
//   ObjectView view({}, /*objects_max=*/1000);
//   view.BeginListing();
//   view.AddListed(item);
//   view.EndListing();
//   for (const Change& change : view.TakeChanges()) Apply(change);
#ifndef LB_KUBERNETES_OBJECT_VIEW_H_
#define LB_KUBERNETES_OBJECT_VIEW_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/status/status.h"
#include "lb/config/yaml_tree.h"
#include "lb/kubernetes/json_tree.h"
#include "lb/kubernetes/object_meta.h"
#include "lb/kubernetes/tree_path.h"

namespace lb::kubernetes {

struct Change {
  enum class Kind {
    kSet,      // The object is new, or another than before.
    kDeleted,  // There is no such object any more, or it is not selected.
    kListed,   // A listing is complete: the changes so far are all there is.
  };

  Kind kind = Kind::kListed;
  ObjectMeta meta;  // Of a deletion that a list told, the key alone.
  // kSet: the object. kDeleted: its last state if an event told it.
  config::YamlNode object;
};

class ObjectView {
 public:
  struct Stats {
    uint64_t passed_on = 0;  // Objects set or deleted.
    uint64_t repeated = 0;   // Objects that were passed on before as they are.
    uint64_t refused = 0;    // Objects that could not be read.
    uint64_t left_out = 0;   // Objects beyond `objects_max`.
  };

  ObjectView(FieldSelector selector, size_t objects_max)
      : selector_(std::move(selector)), objects_max_(objects_max) {}

  // Selects here from now on: the server does not know the field.
  void SelectHere() { selects_here_ = true; }
  bool selects_here() const { return selects_here_; }

  // A list begins, or begins again from its first page.
  void BeginListing();
  void AddListed(JsonObject item);
  // The list is complete: what it did not name is deleted.
  void EndListing();

  // An event of type ADDED or MODIFIED.
  void Set(JsonObject object);
  // An event of type DELETED.
  void Delete(JsonObject object);

  std::vector<Change> TakeChanges() { return std::exchange(changes_, {}); }

  size_t size() const { return known_.size(); }
  const Stats& stats() const { return stats_; }
  // Why the last object was refused, with its name; empty if none was.
  const std::string& refusal() const { return refusal_; }

 private:
  struct Known {
    uint64_t fingerprint = 0;
    uint32_t listing = 0;  // The last listing that named it.
  };

  // The object cannot be read. Its last state stays in force.
  void Refuse(const config::YamlNode& object, const absl::Status& reason);
  void PassOnDeletion(ObjectMeta meta, config::YamlNode object);

  const FieldSelector selector_;
  const size_t objects_max_;
  bool selects_here_ = false;
  uint32_t listing_ = 0;
  absl::btree_map<ObjectKey, Known> known_;
  std::vector<Change> changes_;
  Stats stats_;
  std::string refusal_;
};

}  // namespace lb::kubernetes

#endif  // LB_KUBERNETES_OBJECT_VIEW_H_

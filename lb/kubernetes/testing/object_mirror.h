// ObjectMirror: what a reader of a Reflector knows, kept for comparison with
// the server.
//
// It also holds the reflector to its promise: a change that repeats what was
// passed on, or deletes what is not there, is counted as a fault.
//
// One thread; header only.
#ifndef LB_KUBERNETES_TESTING_OBJECT_MIRROR_H_
#define LB_KUBERNETES_TESTING_OBJECT_MIRROR_H_

#include <map>
#include <string>
#include <vector>

#include "fmt/format.h"
#include "lb/kubernetes/json_writer.h"
#include "lb/kubernetes/object_view.h"
#include "lb/kubernetes/reflector.h"
#include "lb/kubernetes/testing/sim_store.h"
#include "lb/kubernetes/tree_path.h"

namespace lb::kubernetes {

// Objects as JSON, by key.
using ObjectTexts = std::map<ObjectKey, std::string>;

// What the server has of the resource, as far as it is selected.
inline ObjectTexts TextsOf(const SimObjects& objects,
                           const FieldSelector& selector = {}) {
  ObjectTexts texts;
  for (const auto& [key, object] : objects) {
    if (selector.Matches(*object)) texts[key] = JsonText(*object);
  }
  return texts;
}

class ObjectMirror : public Reflector::Observer {
 public:
  void OnChange(const Change& change) override {
    switch (change.kind) {
      case Change::Kind::kListed:
        ++listings_;
        return;
      case Change::Kind::kDeleted:
        ++changes_;
        if (objects_.erase(change.meta.key) == 0) {
          faults_.push_back(fmt::format("deleted, and was not there: {}",
                                        change.meta.key.ToString()));
        }
        return;
      case Change::Kind::kSet:
        ++changes_;
        const std::string text = JsonText(change.object);
        std::string& known = objects_[change.meta.key];
        if (known == text) {
          faults_.push_back(fmt::format("passed on twice: {}", text));
        }
        known = text;
        return;
    }
  }

  const ObjectTexts& objects() const { return objects_; }
  int changes() const { return changes_; }
  int listings() const { return listings_; }
  // Empty: the reflector kept its promise.
  const std::vector<std::string>& faults() const { return faults_; }

 private:
  ObjectTexts objects_;
  int changes_ = 0;
  int listings_ = 0;
  std::vector<std::string> faults_;
};

}  // namespace lb::kubernetes

#endif  // LB_KUBERNETES_TESTING_OBJECT_MIRROR_H_

// KnownObjects: what a source of single objects said last of each.
//
// Values that were read and are in force are in Desired::objects alone; here
// are those that are not, and the faults and notices of all. Pure bookkeeping;
// one thread.
#ifndef LB_CONFIG_KNOWN_OBJECTS_H_
#define LB_CONFIG_KNOWN_OBJECTS_H_

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "lb/config/manifests.h"
#include "lb/config/object_change.h"
#include "lb/config/problem.h"

namespace lb::config {

struct KnownObject {
  // Read without a fault and not in force: it has just come, or it is refused
  // for `clash`. Nearly all objects have neither: no room is kept for them.
  std::unique_ptr<Object> waiting;
  std::vector<Problem> faults;     // Its own.
  std::unique_ptr<Problem> clash;  // With other objects.
  std::vector<Problem> notices;
  std::string other_class;
  bool passed_over = false;

  bool HasNewest() const { return faults.empty() && !passed_over; }
};

class KnownObjects {
 public:
  using ByName = std::map<std::string, KnownObject, std::less<>>;

  explicit KnownObjects(size_t objects_max) : objects_max_(objects_max) {}

  // Replaces what is known of the object. One object more than `objects_max` is
  // left out and counted.
  void Take(const ObjectChange& change);

  size_t objects_max() const { return objects_max_; }

  // Nullptr: the object is not there.
  KnownObject* Find(std::string_view name);
  const KnownObject* Find(std::string_view name) const;
  const ByName& all() const { return objects_; }

  // Objects of `kind` that were left out, and were perhaps not the same each
  // time. A list of all objects of the kind begins without any.
  size_t left_out(std::string_view kind) const;
  bool has_left_out() const { return !left_out_.empty(); }
  void ForgetLeftOut(std::string_view kind);

 private:
  const size_t objects_max_;
  ByName objects_;
  std::map<std::string, size_t, std::less<>> left_out_;  // By kind.
};

// The entries of a map or set of names whose kind this is.
template <typename Container>
auto BeginOf(Container& container, std::string_view kind) {
  return container.lower_bound(std::string(kind) + "/");
}
template <typename Container>
auto EndOf(Container& container, std::string_view kind) {
  return container.lower_bound(std::string(kind) + "0");  // '0' follows '/'.
}

}  // namespace lb::config

#endif  // LB_CONFIG_KNOWN_OBJECTS_H_

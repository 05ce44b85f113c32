// Changes: the objects that one reading of the manifests changed.
//
// A value, made before anything is applied. An object that only moved within
// its file, or to another file, has not changed. Pure.
//
//   const Changes changes = Compare(before, after);
//   if (!changes.empty()) Print(ToString(changes));
#ifndef LB_CONFIG_CHANGES_H_
#define LB_CONFIG_CHANGES_H_

#include <string>
#include <vector>

#include "lb/config/desired.h"

namespace lb::config {

// Objects by name, "Kind/name" or "Kind/namespace/name". A fault that belongs
// to no object counts for its file, by the file's name. Each list is sorted.
struct Changes {
  std::vector<std::string> added;
  std::vector<std::string> changed;
  // They were in force or refused, and are gone.
  std::vector<std::string> removed;
  // They have new problems. Their last good values stay in force.
  std::vector<std::string> refused;
  // They had problems, and have none any more: they are in force, or the file
  // is read to its end.
  std::vector<std::string> resolved;

  bool empty() const {
    return added.empty() && changed.empty() && removed.empty() &&
           refused.empty() && resolved.empty();
  }

  friend bool operator==(const Changes&, const Changes&) = default;
};

Changes Compare(const Desired& before, const Desired& now);

// "added Service/default/a; refused IPAddressPool/b, IPAddressPool/c and 37
// more" (one line), with at most `named_max` names in each part; "nothing
// changed".
std::string ToString(const Changes& changes, size_t named_max = 3);

}  // namespace lb::config

#endif  // LB_CONFIG_CHANGES_H_

// SimReads: lists of a simulated API server, page by page.
//
// A list reads one moment; its continue tokens go on reading that moment until
// they expire. With resourceVersion=0 it reads the watch cache, which may lag.
//
// No I/O, no clock. One thread; the store outlives it.
#ifndef LB_KUBERNETES_TESTING_SIM_READS_H_
#define LB_KUBERNETES_TESTING_SIM_READS_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "lb/kubernetes/testing/sim_answer.h"
#include "lb/kubernetes/testing/sim_request.h"
#include "lb/kubernetes/testing/sim_store.h"
#include "lb/kubernetes/tree_path.h"

namespace lb::kubernetes {

// Which fields a server selects by, besides metadata.name and
// metadata.namespace.
struct SimFields {
  bool knows_spec_type = true;  // False: an old server, such as 1.26: 400.
};

// The selector of a request. An unknown field sets `is_known` to false.
struct SimSelector {
  FieldSelector field;
  // A label and its value; the label is empty: all.
  std::pair<std::string, std::string> label;
  std::string name_space;  // Empty: all.
  bool is_known = true;

  bool Matches(const ObjectKey& key, const config::YamlNode& object) const {
    return (name_space.empty() || name_space == key.name_space) &&
           field.Matches(object) && HasLabel(object);
  }

  bool HasLabel(const config::YamlNode& object) const {
    if (label.first.empty()) return true;
    const config::YamlNode* labels = NodeAt(object, "metadata.labels");
    if (labels == nullptr) return false;
    const config::YamlNode* value = labels->Find(label.first);
    return value != nullptr && value->text == label.second;
  }
};
SimSelector SelectorOf(const SimRequest& request, const SimFields& fields);

class SimReads {
 public:
  explicit SimReads(const SimStore* store) : store_(store) {}

  SimAnswer Get(const SimRequest& request, const SimKind& kind) const;
  // `lag` is that of the watch cache.
  SimAnswer List(absl::Time now, const SimRequest& request,
                 const SimSelector& selector, absl::Duration lag);

  // The tokens given so far expire.
  void ExpireTokens() { tokens_.clear(); }

 private:
  // The rest of a list.
  struct Rest {
    uint64_t version = 0;
    absl::Time read_at;
    std::vector<SimObject> objects;
  };

  std::string Page(const SimRequest& request, Rest rest);
  Rest ReadAll(absl::Time now, const SimRequest& request,
               const SimSelector& selector, absl::Duration lag) const;

  const SimStore* const store_;
  std::map<std::string, Rest> tokens_;
  uint64_t last_token_ = 0;
};

}  // namespace lb::kubernetes

#endif  // LB_KUBERNETES_TESTING_SIM_READS_H_

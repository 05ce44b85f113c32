// ReflectorOptions: which objects a Reflector follows, and within what bounds.
//
// Values and a pure check, any thread.
#ifndef LB_KUBERNETES_REFLECTOR_OPTIONS_H_
#define LB_KUBERNETES_REFLECTOR_OPTIONS_H_

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "lb/kubernetes/back_off.h"
#include "lb/kubernetes/resource.h"
#include "lb/kubernetes/tree_path.h"

namespace lb::kubernetes {

struct ReflectorOptions {
  Resource resource;
  std::string name_space;  // Empty: all namespaces, or a resource without.
  // `metadata.name` works everywhere. A server that does not know another field
  // answers 400; then all objects are read, and selected here.
  FieldSelector selector;
  // Instead all objects are passed on then, as if there were no selector. For
  // an observer that looks at those, too, which are not selected any more.
  bool passes_all_on = false;
  // As the API has it: "component=speaker,app in (a, b)". Every server selects
  // by labels. Empty: all objects.
  std::string label_selector;
  // Only `metadata` (PartialObjectMetadata). The selector's field must be in
  // it then.
  bool metadata_only = false;
  // False: it rests once a listing is complete. For readers of objects that
  // other clients hardly ever write.
  bool watches = true;

  // Objects of one page of a list. A page beyond `page_bytes_max` is asked for
  // again with half as many objects.
  int page_limit = 500;
  size_t page_bytes_max = 64u << 20;
  size_t line_bytes_max = 8u << 20;  // One event of a watch.
  // Objects beyond that are left out, and counted.
  size_t objects_max = 200'000;

  // The server ends a watch after a random time between these two, so that the
  // clients of a server do not come back together.
  absl::Duration watch_timeout_min = absl::Minutes(5);
  absl::Duration watch_timeout_max = absl::Minutes(10);
  // A watch without a byte for so long is opened again. The server sends a
  // bookmark about once a minute, but not where nothing at all changes.
  absl::Duration silence_max = absl::Seconds(90);
  // Until the head of a watch, or the end of a page of a list.
  absl::Duration answer_timeout = absl::Seconds(60);
  // How often everything is listed although nothing asks for it. It repairs
  // what no event told: a store that was restored from a backup and has
  // outgrown the old versions since. The half of it is random.
  absl::Duration relist_interval = absl::Hours(6);
  BackOffOptions back_off;
};

// InvalidArgument: names the first option that is out of range.
absl::Status Validate(const ReflectorOptions& options);

}  // namespace lb::kubernetes

#endif  // LB_KUBERNETES_REFLECTOR_OPTIONS_H_

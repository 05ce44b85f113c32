// SourceKinds(): the kinds of objects that lbd follows at the API server, and
// how each is asked for; and one change of such an object, as lb/config has it.
//
// Pure functions over values, any thread.
#ifndef LB_DAEMON_KUBERNETES_SOURCE_KINDS_H_
#define LB_DAEMON_KUBERNETES_SOURCE_KINDS_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "lb/config/manifests.h"
#include "lb/config/object_change.h"
#include "lb/kubernetes/object_view.h"
#include "lb/kubernetes/reflector_options.h"
#include "lb/kubernetes/resource.h"

namespace lb {

struct SourceKind {
  std::string_view kind;  // One of config::ReadKinds().
  kubernetes::Resource resource;
  kubernetes::FieldSelector selector = {};
  bool metadata_only = false;
  // Only objects of lbd's own namespace count, as MetalLB has it.
  bool is_own = false;
  // For BGP: the server may lack the resource.
  bool is_optional = false;
  // The kind of objects that need this one (NeedsOthers). It is followed once
  // there is such an object. Empty: always.
  std::string_view needed_by = {};
  // Problems call the object "Kind/namespace/name".
  bool named_by_namespace = false;

  // "Service/default/web", as config::Object::name.
  std::string NameOf(const kubernetes::ObjectKey& key) const;
};

// "default/web", or a name alone.
kubernetes::ObjectKey KeyOf(std::string_view name);

// One for each of config::ReadKinds().
const std::vector<SourceKind>& SourceKinds();
const SourceKind& FindSourceKind(std::string_view kind);

// `own_namespace` is where metallb.io objects count.
kubernetes::ReflectorOptions ReflectorOptionsOf(
    const SourceKind& kind, const std::string& own_namespace);

// A change of an object, set or deleted, read by the readers of manifests. The
// server leaves apiVersion and kind out of the items of a list, so they are put
// in. An object that is not even one is refused like any other.
//
// The text of an object is JSON in one line, without what no reader asks for
// and changes often or is long: heartbeats, statuses, versions.
config::ObjectChange ReadChange(const SourceKind& kind,
                                const kubernetes::Change& change,
                                const config::ManifestOptions& options);

// Does the object say anything only together with those that SourceKind::
// needed_by gives its kind? A BGPPeer does: the rest for BGP counts where there
// is a peer. So does a pool that selects namespaces by their labels.
bool NeedsOthers(const config::ObjectValue& object);

// Reads the text of an object again. InvalidArgument: it is none.
absl::StatusOr<config::ObjectChange> ReadKept(
    std::string_view text, const config::ManifestOptions& options);

}  // namespace lb

#endif  // LB_DAEMON_KUBERNETES_SOURCE_KINDS_H_

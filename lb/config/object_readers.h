// Readers of the single kinds of objects: Fields in, a value out.
//
// Each reads one object whose kind is known; faults go to the Fields' Report,
// and a value that was read with faults is not to be used.
#ifndef LB_CONFIG_OBJECT_READERS_H_
#define LB_CONFIG_OBJECT_READERS_H_

#include <optional>
#include <string>

#include "lb/base/label_selector.h"
#include "lb/config/bgp_objects.h"
#include "lb/config/fields.h"
#include "lb/config/manifests.h"
#include "lb/election/cluster.h"

namespace lb::config {

// Kubernetes' ObjectMeta, as far as it matters.
struct Metadata {
  std::string name;
  std::string object_namespace;  // "default" if none is given.
  Labels labels;
  std::optional<Fields> label_fields;
  std::optional<Fields> annotations;
  bool is_deleted = false;  // It goes once its finalizers are done.

  // "namespace/name"
  std::string NamespacedName() const { return object_namespace + "/" + name; }
};

// Faults of an annotation or a label that has no effect are notices; `kind`
// says which have one.
Metadata ReadMetadata(const Fields& root, std::string_view kind);

// RFC 1123: what Kubernetes allows as a name of an object.
bool IsObjectName(std::string_view text);

// metallb_objects.cc
PoolObject ReadPool(const Fields& root, const Metadata& metadata);
election::L2Advertisement ReadL2Advertisement(const Fields& root,
                                              const Metadata& metadata);

// bgp_readers.cc
BgpPeer ReadBgpPeer(const Fields& root, const Metadata& metadata);
BgpAdvertisement ReadBgpAdvertisement(const Fields& root,
                                      const Metadata& metadata);
CommunityAliases ReadCommunityAliases(const Fields& root,
                                      const Metadata& metadata);
BfdProfile ReadBfdProfile(const Fields& root, const Metadata& metadata);

// secret_reader.cc. Nullopt: of another type than kubernetes.io/basic-auth.
std::optional<SecretObject> ReadSecret(const Fields& root,
                                       const Metadata& metadata);

// service_reader.cc. Nullopt: not ours, for its type or loadBalancerClass. In
// the latter case `other_class` becomes the class, "none" if it has none.
std::optional<ServiceObject> ReadService(const Fields& root,
                                         const Metadata& metadata,
                                         const ManifestOptions& options,
                                         std::string* other_class);

// kubernetes_objects.cc. Nullopt: of no service.
std::optional<EndpointSliceObject> ReadEndpointSlice(const Fields& root,
                                                     const Metadata& metadata);
election::NodeAttributes ReadNode(const Fields& root, const Metadata& metadata);
NamespaceObject ReadNamespace(const Metadata& metadata);
// A Namespace that no manifest defines: it has the label with its name only.
NamespaceObject ImpliedNamespace(const std::string& name);

}  // namespace lb::config

#endif  // LB_CONFIG_OBJECT_READERS_H_

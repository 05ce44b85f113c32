// Resource, ObjectKey: which objects of the API, and the paths that they have.
//
// Paths are those of the API concepts of Kubernetes: `/api/v1/...` for the core
// group, `/apis/GROUP/VERSION/...` for the others. Every part is
// percent-encoded (RFC 3986), so that no name changes the path.
//
// Values and pure functions, any thread.
//
//   const Resource nodes = {"", "v1", "nodes"};
//   Print(ObjectPath(nodes, {"", "n1"}, "status"));  // /api/v1/nodes/n1/status
#ifndef LB_KUBERNETES_RESOURCE_H_
#define LB_KUBERNETES_RESOURCE_H_

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace lb::kubernetes {

struct Resource {
  std::string group;  // Empty: the core group.
  std::string version;
  std::string plural;  // "endpointslices"

  // "discovery.k8s.io/v1", or "v1" of the core group.
  std::string ApiVersion() const;
  // "endpointslices.discovery.k8s.io", or "services".
  std::string ToString() const;

  friend auto operator<=>(const Resource&, const Resource&) = default;
  friend bool operator==(const Resource&, const Resource&) = default;
};

// Names one object of a resource.
struct ObjectKey {
  std::string name_space;  // Empty: the object is in no namespace.
  std::string name;

  // "default/web", or "n1".
  std::string ToString() const;

  friend auto operator<=>(const ObjectKey&, const ObjectKey&) = default;
  friend bool operator==(const ObjectKey&, const ObjectKey&) = default;
};

// All objects of the resource, or those of one namespace.
std::string CollectionPath(const Resource& resource,
                           std::string_view name_space = "");

// One object, or a subresource of it, such as "status".
std::string ObjectPath(const Resource& resource, const ObjectKey& key,
                       std::string_view subresource = "");

// Adds query parameters to a path.
class Query {
 public:
  explicit Query(std::string path) : text_(std::move(path)) {}

  Query& Add(std::string_view name, std::string_view value);
  Query& Add(std::string_view name, int64_t value);
  const std::string& text() const { return text_; }

 private:
  std::string text_;
  bool is_first_ = true;
};

}  // namespace lb::kubernetes

#endif  // LB_KUBERNETES_RESOURCE_H_

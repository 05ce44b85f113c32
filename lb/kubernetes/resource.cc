#include "lb/kubernetes/resource.h"

#include "fmt/format.h"

namespace lb::kubernetes {
namespace {

// RFC 3986, section 2.3.
bool IsUnreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
}

std::string Encoded(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    if (IsUnreserved(c)) {
      encoded += c;
    } else {
      encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return encoded;
}

}  // namespace

std::string Resource::ApiVersion() const {
  return group.empty() ? version : fmt::format("{}/{}", group, version);
}

std::string Resource::ToString() const {
  return group.empty() ? plural : fmt::format("{}.{}", plural, group);
}

std::string ObjectKey::ToString() const {
  return name_space.empty() ? name : fmt::format("{}/{}", name_space, name);
}

std::string CollectionPath(const Resource& resource,
                           std::string_view name_space) {
  std::string path = resource.group.empty()
                         ? fmt::format("/api/{}", Encoded(resource.version))
                         : fmt::format("/apis/{}/{}", Encoded(resource.group),
                                       Encoded(resource.version));
  if (!name_space.empty()) {
    path += fmt::format("/namespaces/{}", Encoded(name_space));
  }
  return fmt::format("{}/{}", path, Encoded(resource.plural));
}

std::string ObjectPath(const Resource& resource, const ObjectKey& key,
                       std::string_view subresource) {
  std::string path = fmt::format(
      "{}/{}", CollectionPath(resource, key.name_space), Encoded(key.name));
  if (!subresource.empty()) path += fmt::format("/{}", Encoded(subresource));
  return path;
}

Query& Query::Add(std::string_view name, std::string_view value) {
  text_ += is_first_ ? '?' : '&';
  is_first_ = false;
  text_ += fmt::format("{}={}", Encoded(name), Encoded(value));
  return *this;
}

Query& Query::Add(std::string_view name, int64_t value) {
  return Add(name, fmt::format("{}", value));
}

}  // namespace lb::kubernetes

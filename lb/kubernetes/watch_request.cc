#include "lb/kubernetes/watch_request.h"

#include <cstdint>
#include <string>
#include <utility>

#include "fmt/format.h"
#include "lb/kubernetes/resource.h"

namespace lb::kubernetes {
namespace {

// A server that cannot give metadata alone gives whole objects. The version is
// "v1": "1" is answered by 406.
std::string Accept(const ReflectorOptions& options, std::string_view kind) {
  if (!options.metadata_only) return "application/json";
  return fmt::format(
      "application/json;as={};g=meta.k8s.io;v=v1,application/json", kind);
}

Query QueryOf(const ReflectorOptions& options, bool with_selector) {
  Query query(CollectionPath(options.resource, options.name_space));
  if (with_selector && !options.selector.empty()) {
    query.Add("fieldSelector", options.selector.ToString());
  }
  if (!options.label_selector.empty()) {
    query.Add("labelSelector", options.label_selector);
  }
  return query;
}

http::Request GetRequest(const Query& query, std::string accept) {
  return {.path = query.text(), .headers = {{"accept", std::move(accept)}}};
}

}  // namespace

http::Request ListRequest(const ReflectorOptions& options, bool with_selector,
                          int limit, std::string_view continue_token) {
  Query query = QueryOf(options, with_selector);
  query.Add("limit", limit);
  if (!continue_token.empty()) query.Add("continue", continue_token);
  return GetRequest(query, Accept(options, "PartialObjectMetadataList"));
}

http::Request WatchRequest(const ReflectorOptions& options, bool with_selector,
                           std::string_view resource_version,
                           absl::Duration timeout) {
  Query query = QueryOf(options, with_selector);
  query.Add("watch", "1")
      .Add("allowWatchBookmarks", "true")
      .Add("resourceVersion", resource_version)
      .Add("timeoutSeconds", absl::ToInt64Seconds(timeout));
  return GetRequest(query, Accept(options, "PartialObjectMetadata"));
}

}  // namespace lb::kubernetes

// SimRequest: what a request's path and query ask of an API server.
//
// Pure, any thread.
#ifndef LB_KUBERNETES_TESTING_SIM_REQUEST_H_
#define LB_KUBERNETES_TESTING_SIM_REQUEST_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "lb/http/client.h"
#include "lb/kubernetes/resource.h"

namespace lb::kubernetes {

struct SimRequest {
  std::string method;
  Resource resource;
  ObjectKey key;  // Without a name: the collection.
  std::string subresource;
  std::map<std::string, std::string> query;
  bool wants_metadata_only = false;
  std::string content_type;
  std::string body;

  std::string Query(const std::string& name) const {
    const auto found = query.find(name);
    return found == query.end() ? "" : found->second;
  }
  bool is_watch() const { return query.contains("watch"); }
};

// Nullopt: no path of an API server.
std::optional<SimRequest> ParseSimRequest(const http::Request& request);

}  // namespace lb::kubernetes

#endif  // LB_KUBERNETES_TESTING_SIM_REQUEST_H_

// The requests of a Reflector: lists, watches, and the question for the
// server's present version.
//
// Pure functions, any thread.
#ifndef LB_KUBERNETES_WATCH_REQUEST_H_
#define LB_KUBERNETES_WATCH_REQUEST_H_

#include <string_view>

#include "absl/time/time.h"
#include "lb/http/client.h"
#include "lb/kubernetes/reflector_options.h"

namespace lb::kubernetes {

// A page of a list. No resourceVersion is named: the answer is a consistent
// read, never older than what this client saw. An empty token asks for the
// first page.
http::Request ListRequest(const ReflectorOptions& options, bool with_selector,
                          int limit, std::string_view continue_token);

// The changes after `resource_version`, until `timeout` has passed.
http::Request WatchRequest(const ReflectorOptions& options, bool with_selector,
                           std::string_view resource_version,
                           absl::Duration timeout);

}  // namespace lb::kubernetes

#endif  // LB_KUBERNETES_WATCH_REQUEST_H_

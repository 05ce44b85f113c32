// ManyServices: the manifests of the benchmarks.
#ifndef LB_DAEMON_TESTING_MANY_SERVICES_H_
#define LB_DAEMON_TESTING_MANY_SERVICES_H_

#include <string>

namespace lb {

// Services default/service-0, -1, ... with port 80, and a pool of 65,536
// addresses that is announced everywhere. The service in the middle has `port`.
std::string ManyServices(int count, int port = 80);

// An EndpointSlice of each of these services, with an endpoint on n1. That of
// the service in the middle may not be ready.
std::string ManyEndpointSlices(int count, bool ready = true);

// Node objects node-0, -1, ...; the one in the middle is in `zone`.
std::string ManyNodes(int count, const std::string& zone = "a");

}  // namespace lb

#endif  // LB_DAEMON_TESTING_MANY_SERVICES_H_

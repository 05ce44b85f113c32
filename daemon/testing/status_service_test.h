// StatusServiceTest: a status service over a real unix socket, in front of a
// real agent that announces on no interface, with one pool.
#ifndef LB_DAEMON_TESTING_STATUS_SERVICE_TEST_H_
#define LB_DAEMON_TESTING_STATUS_SERVICE_TEST_H_

#include <cstddef>

#include "daemon/testing/node_test.h"

namespace lb {

inline constexpr char kPoolYaml[] = R"(---
apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata: {name: first-pool}
spec: {addresses: [172.18.8.201-172.18.8.205]}
---
apiVersion: metallb.io/v1beta1
kind: L2Advertisement
metadata: {name: all}
)";

class StatusServiceTest : public NodeTest {
 protected:
  // Until exactly so many services are there, each with an address.
  void WaitForAddresses(size_t count) {
    bool all = false;
    while (!all) {
      OnLoop([&] {
        const AddressEntries& entries = agent_->View().entries();
        all = entries.size() == count;
        for (const auto& [service, entry] : entries) {
          all = all && !entry.assignment.addresses.empty() &&
                agent_->View().placement().contains(service);
        }
      });
    }
  }
};

}  // namespace lb

#endif  // LB_DAEMON_TESTING_STATUS_SERVICE_TEST_H_

// ClusterUser: who writes the objects of a simulated cluster, and changes them.
//
// Services are "d/s0", "d/s1", ...: every third is IPv6, every fifth has both
// families. Each has a port of its own, so that services with one sharing key
// may share. Pool "a" has room for all and stays as it is; pool "b" has three
// addresses, and is changed, too.
//
// One thread. The cluster outlives it.
#ifndef LB_TESTS_SIM_CHAOS_KUBERNETES_CLUSTER_USER_H_
#define LB_TESTS_SIM_CHAOS_KUBERNETES_CLUSTER_USER_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/kubernetes/testing/sim_kubernetes.h"
#include "lb/base/prng.h"
#include "lb/net/ip_address.h"

namespace lb::chaos {

// A class that is another controller's.
inline constexpr std::string_view kOtherClass = "example.com/other";

class ClusterUser {
 public:
  struct Machine {
    std::string name;
    net::IpAddress address;  // Of its speaker's pod.
  };

  ClusterUser(SimKubernetes* cluster, int services,
              std::vector<Machine> machines);

  // Pools, an advertisement, nodes with pods, and all services.
  void CreateAll();
  // One change of what there is now, drawn from the number.
  void Change(uint64_t number);
  // Every speaker has its pod again, and every pool its addresses.
  void Repair();

 private:
  bool HasService(int number) const;
  void CreateService(int number, Prng& prng, std::string_view name_class = "");
  void DeleteService(int number);
  bool HasPod(const Machine& machine) const;
  void CreatePod(const Machine& machine);

  void CreateOrDelete(int number, Prng& prng);
  // Each changes something of a service that exists.
  void Recreate(int number, Prng& prng);
  void ChangeWish(int number, Prng& prng);
  void ChangeType(int number);
  void ChangePoolWish(int number, Prng& prng);
  void ChangeSharing(int number, Prng& prng);
  void ChangePolicy(int number);
  void ChangeEndpoints(int number, Prng& prng);
  // Each changes another object.
  bool HasPoolB() const;
  void SetPoolB(std::string_view addresses, bool auto_assign);
  void ChangePool(Prng& prng);
  void ChangeNode(Prng& prng);
  void ChangePod(Prng& prng);

  void ChangeService(uint64_t kind, int number, Prng& prng);
  std::string EndpointsText(Prng& prng) const;

  SimKubernetes* const cluster_;
  const int services_;
  const std::vector<Machine> machines_;
};

}  // namespace lb::chaos

#endif  // LB_TESTS_SIM_CHAOS_KUBERNETES_CLUSTER_USER_H_

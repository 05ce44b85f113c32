// Manifests of simulated clusters: their text, and what was read from it.
//
//   const std::string text = PoolManifest("pool", "172.18.8.201-172.18.8.205")
//   +
//                            kAdvertisement + ServiceManifest("web");
//
// One call is one manifest; operator+ joins them.
#ifndef LB_TESTS_SIM_MANIFESTS_H_
#define LB_TESTS_SIM_MANIFESTS_H_

#include <map>
#include <string>
#include <vector>

#include "lb/config/manifests.h"

namespace lb {

std::string PoolManifest(const std::string& name, const std::string& range);
std::string PoolManifest(const std::string& name,
                         const std::vector<std::string>& ranges);
std::string ServiceManifest(const std::string& name,
                            const std::string& wanted_address = "");
// Every pool is announced by every node.
inline constexpr char kAdvertisement[] =
    "---\n"
    "apiVersion: metallb.io/v1beta1\n"
    "kind: L2Advertisement\n"
    "metadata: {name: all}\n";

// A pool of five addresses from 172.18.8.201 on, announced everywhere.
std::string Basics();

// Parses each text once: in a large cluster every node reads the same one.
class ParsedManifests {
 public:
  // As the content of a file "test.yaml". The reference stays valid.
  const config::Manifests& Of(const std::string& text);

 private:
  std::map<std::string, config::Manifests> parsed_;  // By text.
};

}  // namespace lb

#endif  // LB_TESTS_SIM_MANIFESTS_H_

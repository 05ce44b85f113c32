// RandomCluster: clusters, services and changes to them, made from one seed.
//
// Small enough to meet every rule often: few node, pool and label names, so
// that selectors match now and then.
#ifndef LB_ELECTION_TESTING_RANDOM_CLUSTER_H_
#define LB_ELECTION_TESTING_RANDOM_CLUSTER_H_

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lb/base/prng.h"
#include "lb/election/election.h"
#include "lb/election/election_table.h"

namespace lb::election {

class RandomCluster {
 public:
  RandomCluster(Prng prng, size_t nodes_max)
      : prng_(prng), nodes_max_(nodes_max) {}

  std::string Node() { return "n" + std::to_string(prng_.Uniform(nodes_max_)); }
  std::string Key() { return "s" + std::to_string(prng_.Uniform(40)); }
  std::optional<std::string> Holder();
  std::vector<std::string> Members();
  NodeAttributes Attributes(const std::string& node);
  L2Advertisement Advertisement(const std::string& name);
  std::vector<L2Advertisement> Advertisements();
  Policy AnyPolicy() { return static_cast<Policy>(prng_.Uniform(3)); }
  Vip AnyVip();
  Prng& prng() { return prng_; }

 private:
  LabelSelector Zone();

  Prng prng_;
  size_t nodes_max_;
};

// A table's inputs, kept as plain values beside it: every change goes to both.
struct Twin {
  ElectionTable table;
  Cluster cluster;
  std::map<std::string, Vip> vips;

  void SetMembers(std::vector<std::string> members);
  void PutNode(const NodeAttributes& node);
  void RemoveNode(const std::string& node);
  void SetAdvertisements(std::vector<L2Advertisement> advertisements);
  void SetDefaultPolicy(Policy policy);
  void SetIgnoreExcludeLabel(bool ignore);
  void PutVip(const std::string& key, const Vip& vip);
  void RemoveVip(const std::string& key);
  void SetHolder(const std::string& key, std::optional<std::string> holder);
  // Winners become the holders, as after their claims have spread.
  void ClaimAll();
};

// Makes one random change.
void ChangeAny(RandomCluster& random, Twin& twin);

// The same elections by a plain loop over plain values.
std::map<std::string, Announcers> PlaceAll(
    const Cluster& cluster, const std::map<std::string, Vip>& vips);

// The table's winners.
std::map<std::string, Announcers> PlacementsOf(
    const ElectionTable& table, const std::map<std::string, Vip>& vips);

}  // namespace lb::election

#endif  // LB_ELECTION_TESTING_RANDOM_CLUSTER_H_

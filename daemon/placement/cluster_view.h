// ClusterView: the cluster as elections see it, from what members say of
// themselves and what the manifests say of nodes.
//
// While a member is no lbd (a MetalLB speaker), what it does not know decides
// nothing: no draining, no interfaces, no policies. While a member is an lbd
// that does not tell families, all nodes go by what it reads of the others
// (abilities.h). Else two nodes would elect themselves. The exclude label is
// ignored if all lbds ignore it.
//
//   view.SetMembers(live, table);
//   view.SetNodes(desired.nodes, desired.advertisements, table);
//
// Pure state, one thread.
#ifndef LB_DAEMON_PLACEMENT_CLUSTER_VIEW_H_
#define LB_DAEMON_PLACEMENT_CLUSTER_VIEW_H_

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/types/span.h"
#include "daemon/members/node_metadata.h"
#include "lb/election/cluster.h"
#include "lb/election/election_table.h"
#include "lb/election/policy.h"

namespace lb {

struct LiveMember {
  std::string name;
  std::optional<NodeMetadata> metadata;  // Nullopt: it is no lbd.
};

class ClusterView {
 public:
  using Nodes = std::map<std::string, election::NodeAttributes, std::less<>>;

  explicit ClusterView(election::Policy default_policy)
      : default_policy_(default_policy) {}

  // Each brings the table to what there is now. Always the same table.
  void SetMembers(std::vector<LiveMember> live, election::ElectionTable& table);
  void SetNodes(Nodes nodes,
                std::vector<election::L2Advertisement> advertisements,
                election::ElectionTable& table);

  const std::vector<LiveMember>& live() const { return live_; }
  bool IsLive(std::string_view node) const;
  bool IsLbd(std::string_view node) const;  // And live.
  // True if a live member is no lbd.
  bool mixed() const { return mixed_; }

  // A cluster of these members alone, by what the manifests say of them: the
  // same on all nodes that have equal manifests.
  election::Cluster Only(absl::Span<const std::string> members) const;

 private:
  void PutNodes(election::ElectionTable& table);

  const election::Policy default_policy_;
  std::vector<LiveMember> live_;
  Nodes nodes_;  // The manifests'.
  std::vector<election::L2Advertisement> advertisements_;
  bool mixed_ = false;
  bool older_ = false;  // A live member does not tell families.
  std::set<std::string, std::less<>> listed_;  // Nodes in the table.
};

}  // namespace lb

#endif  // LB_DAEMON_PLACEMENT_CLUSTER_VIEW_H_

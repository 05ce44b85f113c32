// NameConflicts: names that two nodes of the cluster claim, as gossip reports
// them. Pure; bounded by kMax.
#ifndef LB_DAEMON_MEMBERS_NAME_CONFLICTS_H_
#define LB_DAEMON_MEMBERS_NAME_CONFLICTS_H_

#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "lb/gossip/member.h"
#include "lb/net/endpoint.h"

namespace lb {

class NameConflicts {
 public:
  // A node with the name of another exchanges its state at least so often; a
  // conflict without news for so long is over.
  static constexpr absl::Duration kOver = absl::Seconds(60);
  static constexpr size_t kMax = 64;

  // True if the conflict is new, or was over. False too if there are too many.
  bool OnConflict(absl::Time now, const gossip::ConflictEvent& conflict);

  // The other nodes that claim the name of `node`.
  std::vector<net::Endpoint> Of(const std::string& node, absl::Time now) const;

 private:
  // By the name, and the other that claims it: when that was heard last.
  std::map<std::pair<std::string, net::Endpoint>, absl::Time> heard_;
};

}  // namespace lb

#endif  // LB_DAEMON_MEMBERS_NAME_CONFLICTS_H_

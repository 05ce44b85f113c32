// NameConflicts: remembers the names that two nodes of the cluster claim, as
// gossip reports them. daemon/problems lists them. Pure; bounded by kMax.
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
  // A conflict is over after this time without news: a node with another's name
  // exchanges its state more often than that.
  static constexpr absl::Duration kOver = absl::Seconds(60);
  static constexpr size_t kMax = 64;

  // Takes a report. True if the conflict is new, or was over. False also if
  // there are too many.
  bool OnConflict(absl::Time now, const gossip::ConflictEvent& conflict);

  // Returns the other nodes that claim the name of `node`.
  std::vector<net::Endpoint> Of(const std::string& node, absl::Time now) const;

 private:
  // By name and by the other node: when the conflict was reported last.
  std::map<std::pair<std::string, net::Endpoint>, absl::Time> heard_;
};

}  // namespace lb

#endif  // LB_DAEMON_MEMBERS_NAME_CONFLICTS_H_

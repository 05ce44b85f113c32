// LedgerAuthor: which node assigns addresses, as this node sees it.
//
// One member is elected, the same one by all nodes that see the same members;
// the others leave it alone. This node assigns nothing while it does not know
// which addresses the hosts have: one of these might be given to a service.
// Pure state.
#ifndef LB_DAEMON_AGENT_LEDGER_AUTHOR_H_
#define LB_DAEMON_AGENT_LEDGER_AUTHOR_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/placement/elections.h"

namespace lb {

class LedgerAuthor {
 public:
  struct Sight {
    bool acts = false;         // This node may act for the cluster.
    bool knows_hosts = false;  // It knows which addresses hosts have.

    friend bool operator==(const Sight&, const Sight&) = default;
  };

  explicit LedgerAuthor(std::string node) : node_(std::move(node)) {}

  // True if Elect() is due for another reason than other members.
  bool IsOutdated(const Sight& sight) const {
    return sight.acts == name_.empty() || sight.knows_hosts != knows_hosts_;
  }
  // `live`: the members that count, this node too.
  void Elect(const Sight& sight,
             const std::vector<Elections::LiveMember>& live);

  // The elected one. Empty: none, as this node does not act or sees no lbd.
  const std::string& name() const { return name_; }
  bool knows_hosts() const { return knows_hosts_; }
  // The node that may propose addresses now, by this node's sight. Nullopt:
  // none, or it is this node and does not know the hosts.
  std::optional<std::string> Proposer() const;

 private:
  const std::string node_;
  std::string name_;
  bool knows_hosts_ = false;
};

}  // namespace lb

#endif  // LB_DAEMON_AGENT_LEDGER_AUTHOR_H_

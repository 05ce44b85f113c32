#include "lb/gossip/direct_messages.h"

namespace lb::gossip {

void DirectMessages::Accuse(absl::Time now, NodeRecord& record,
                            const std::string& self) {
  if (!options_.dissemination.direct_answers) return;
  if (now - record.accused < options_.probe.interval) return;
  record.accused = now;
  const bool left = record.state == wire::NodeState::kLeft;
  messages_.push_back(
      {record.endpoint(), wire::Dead{.incarnation = record.incarnation,
                                     .node = record.name(),
                                     .from = left ? record.name() : self}});
}

void DirectMessages::Answer(absl::Time now, NodeRecord& accuser,
                            const wire::Alive& own, bool has_moved) {
  if (!options_.dissemination.direct_answers) return;
  if (now - accuser.answered < options_.dissemination.interval) return;
  accuser.answered = now;
  if (has_moved) return Introduce(accuser.endpoint());
  messages_.push_back({accuser.endpoint(), own});
}

}  // namespace lb::gossip

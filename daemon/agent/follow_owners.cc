// Agent's care that no address of a host is a service's.
#include "daemon/agent/agent.h"
#include "daemon/hosts/owned_addresses.h"
#include "lb/io/turn_cause.h"

namespace lb {

void Agent::UpdateOwners() {
  const io::TurnCause cause(environment_.loop, "looks for addresses of hosts");
  if (!owners_.Update({*desired_, addresses_.entries()})) return;
  elections_.SetWithheld(ToWithheld(owners_.owned()),
                         environment_.loop->CivilNow());
  addresses_.SetTaken(ToTaken(owners_.owned()));
}

}  // namespace lb

// ApplyPathFaults(): what the faults under way do to the paths between hosts.
#ifndef LB_TESTS_SIM_CHAOS_PATH_FAULTS_H_
#define LB_TESTS_SIM_CHAOS_PATH_FAULTS_H_

#include <vector>

#include "lb/io/sim/sim_host.h"
#include "lb/io/sim/sim_world.h"
#include "tests/sim/chaos/fault.h"

namespace lb::chaos {

// Sets the conditions of all paths by the faults of `active`, in place of those
// that there are. `nodes` are the first hosts of the world.
void ApplyPathFaults(const Script& active,
                     const std::vector<io::SimHost*>& nodes,
                     io::SimWorld* world);

}  // namespace lb::chaos

#endif  // LB_TESTS_SIM_CHAOS_PATH_FAULTS_H_

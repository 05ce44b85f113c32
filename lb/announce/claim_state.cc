#include "lb/announce/claim_state.h"

namespace lb::announce {

std::string_view ToString(ClaimState state) {
  switch (state) {
    case ClaimState::kIdle:
      return "idle";
    case ClaimState::kProbing:
      return "probing";
    case ClaimState::kAwaiting:
      return "awaiting delivery";
    case ClaimState::kAnnouncing:
      return "announcing";
    case ClaimState::kConflicted:
      return "conflicted";
    case ClaimState::kYielded:
      return "yielded";
    case ClaimState::kHandingOver:
      return "handing over";
    case ClaimState::kHandedOver:
      return "handed over";
  }
  LB_UNREACHABLE();
}

}  // namespace lb::announce

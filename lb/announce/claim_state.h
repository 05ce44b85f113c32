// ClaimState: the state of one address on one interface, as one total function.
//
// States that exclude each other and NextState() alone decide whether this node
// answers for an address: no clock, no counters, no memory. Claim adds the
// times to it, Segment the frames.
//
//                 asked:    sends unasked:
//   kIdle         silent    nothing           not begun, or fenced
//   kProbing      silent    probes            a foreign host may have it
//   kAwaiting     silent    nothing           won; waits for its delivery
//   kAnnouncing   answers   announcements     this node has it
//   kConflicted   silent    nothing           a foreign host had it
//   kYielded      silent    probes the rival  a member with precedence has it,
//                                             until that is silent
//   kHandingOver  answers   nothing           until another announces it
//   kHandedOver   silent    nothing           another announces it
#ifndef LB_ANNOUNCE_CLAIM_STATE_H_
#define LB_ANNOUNCE_CLAIM_STATE_H_

#include <cstdint>
#include <string_view>

#include "lb/base/check.h"

namespace lb::announce {

enum class ClaimState : uint8_t {
  kIdle,
  kProbing,
  kAwaiting,
  kAnnouncing,
  kConflicted,
  kYielded,
  kHandingOver,
  kHandedOver,
};

enum class ClaimEvent : uint8_t {
  kAnnounce,       // The caller wants it announced: a member held it before.
  kProbe,          // The caller wants it announced: no member held it before.
  kHandOver,       // The caller wants another to take it.
  kRest,           // The caller wants silence: fenced.
  kRetry,          // The caller asks to try again, or it is time to.
  kUnanswered,     // No host answered a probe.
  kDelivered,      // The host takes packets to the address.
  kUndelivered,    // It does not take them any more.
  kForeignClaim,   // A host that is no member claims it.
  kForeignAnswer,  // The same, while probes of ours go on: it had it before.
  kLesserClaim,    // A member that must yield to us claims it.
  kGreaterClaim,   // A member that we must yield to claims it.
};

// "probing", "handing over", ...: for people and for metrics.
std::string_view ToString(ClaimState state);

// True if a question for the address is answered.
constexpr bool Answers(ClaimState state) {
  return state == ClaimState::kAnnouncing || state == ClaimState::kHandingOver;
}

// True if the host must take packets to the address, from before the first
// answer on.
constexpr bool WantsDelivery(ClaimState state) {
  return state == ClaimState::kAwaiting || Answers(state);
}

// True if it is kept silent because another host has it.
constexpr bool IsWithheld(ClaimState state) {
  return state == ClaimState::kConflicted || state == ClaimState::kYielded;
}

constexpr ClaimState NextState(ClaimState state, ClaimEvent event) {
  using enum ClaimState;
  switch (event) {  // No `default:`: a new event must be decided here.
    case ClaimEvent::kAnnounce:
      return state == kAnnouncing ? kAnnouncing : kAwaiting;
    case ClaimEvent::kProbe:
      return kProbing;
    case ClaimEvent::kRest:
      return kIdle;
    case ClaimEvent::kHandOver:  // A silent one has nothing to hand over.
      return Answers(state) || state == kIdle ? kHandingOver : kHandedOver;
    case ClaimEvent::kRetry:
      if (state == kConflicted) return kProbing;
      return state == kYielded ? kAwaiting : state;
    case ClaimEvent::kUnanswered:
      return state == kProbing || state == kYielded ? kAwaiting : state;
    case ClaimEvent::kDelivered:
      return state == kAwaiting ? kAnnouncing : state;
    case ClaimEvent::kUndelivered:
      return state == kAnnouncing ? kAwaiting : state;
    case ClaimEvent::kForeignClaim:
      if (state == kHandingOver) return kHandedOver;
      return state == kProbing ? kConflicted : state;
    case ClaimEvent::kForeignAnswer:
      if (state == kHandingOver) return kHandedOver;
      return state == kProbing || state == kAwaiting || state == kAnnouncing
                 ? kConflicted
                 : state;
    case ClaimEvent::kLesserClaim:
      if (state == kHandingOver) return kHandedOver;
      return state == kProbing || state == kYielded ? kAwaiting : state;
    case ClaimEvent::kGreaterClaim:
      if (state == kHandingOver) return kHandedOver;
      return state == kProbing || state == kAwaiting || state == kAnnouncing
                 ? kYielded
                 : state;
  }
  LB_UNREACHABLE();
}

}  // namespace lb::announce

#endif  // LB_ANNOUNCE_CLAIM_STATE_H_

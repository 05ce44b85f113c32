// LifeStage: how far a node's life with its cluster is, as one total function.
//
// A node may act for the cluster only in some stages, and NextStage() alone
// decides which one follows: it has no clock and no memory. NodeLifecycle adds
// the times to it.
//
//                    acts:
//   kAwaiting        no      it has heard nothing from the cluster yet
//   kExchanged       no      it knows the members, and waits for their answers
//   kReady           yes     it announces, proposes, and is elected
//   kHandingOver     yes     it leaves; others announce its addresses first
//   kSayingGoodbye   yes     it leaves; its goodbye is on its way
//   kDelivering      yes     others take it for gone; packets are still on
//                            their way to it
//   kWithdrawing     no      it leaves with nothing to hand over; its goodbye
//                            is on its way
//   kGone            no      nothing is left to do
#ifndef LB_DAEMON_AGENT_LIFE_STAGE_H_
#define LB_DAEMON_AGENT_LIFE_STAGE_H_

#include <cstdint>

#include "lb/base/check.h"

namespace lb {

enum class LifeStage : uint8_t {
  kAwaiting,
  kExchanged,
  kReady,
  kHandingOver,
  kSayingGoodbye,
  kDelivering,
  kWithdrawing,
  kGone,
};

enum class LifeEvent : uint8_t {
  kAwait,        // It no longer trusts what it knows, and asks again.
  kExchange,     // It exchanged the whole state with a member.
  kConfirmed,    // It need not wait for the cluster any longer.
  kLeave,        // Its operator stops it.
  kHandedOver,   // Others announce what it had, or it waited long enough.
  kGoodbyeSaid,  // Others heard its goodbye, or it waited long enough.
  kDelivered,    // No packet is on its way to it.
};

// May it announce, propose assignments and be elected?
constexpr bool Acts(LifeStage stage) {
  using enum LifeStage;
  return stage == kReady || stage == kHandingOver || stage == kSayingGoodbye ||
         stage == kDelivering;
}

// True if it leaves or has left. There is no way back.
constexpr bool Leaves(LifeStage stage) {
  return stage >= LifeStage::kHandingOver;
}

// True if it has told the others that it left.
constexpr bool HasLeft(LifeStage stage) {
  return stage == LifeStage::kDelivering || stage == LifeStage::kGone;
}

constexpr LifeStage NextStage(LifeStage stage, LifeEvent event) {
  using enum LifeStage;
  switch (event) {           // No `default:`: a new event must be decided here.
    case LifeEvent::kAwait:  // A node that leaves has no use for the cluster.
      if (!Leaves(stage)) return kAwaiting;
      return HasLeft(stage) ? kGone : kWithdrawing;
    case LifeEvent::kExchange:
      return stage == kAwaiting ? kExchanged : stage;
    case LifeEvent::kConfirmed:
      return Leaves(stage) ? stage : kReady;
    case LifeEvent::kLeave:
      if (Leaves(stage)) return stage;
      return stage == kReady ? kHandingOver : kWithdrawing;
    case LifeEvent::kHandedOver:
      return stage == kHandingOver ? kSayingGoodbye : stage;
    case LifeEvent::kGoodbyeSaid:
      if (stage == kSayingGoodbye) return kDelivering;
      return stage == kWithdrawing ? kGone : stage;
    case LifeEvent::kDelivered:
      return stage == kDelivering ? kGone : stage;
  }
  LB_UNREACHABLE();
}

}  // namespace lb

#endif  // LB_DAEMON_AGENT_LIFE_STAGE_H_

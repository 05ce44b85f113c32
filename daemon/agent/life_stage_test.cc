#include "daemon/agent/life_stage.h"

#include <cstddef>
#include <string>

#include "gtest/gtest.h"

namespace lb {
namespace {

constexpr LifeStage kStages[] = {
    LifeStage::kAwaiting,    LifeStage::kExchanged,     LifeStage::kReady,
    LifeStage::kHandingOver, LifeStage::kSayingGoodbye, LifeStage::kDelivering,
    LifeStage::kWithdrawing, LifeStage::kGone};
constexpr LifeEvent kEvents[] = {
    LifeEvent::kAwait,    LifeEvent::kExchange,   LifeEvent::kConfirmed,
    LifeEvent::kLeave,    LifeEvent::kHandedOver, LifeEvent::kGoodbyeSaid,
    LifeEvent::kDelivered};

// Every stage meets every event; a letter names the next stage.
TEST(NextStageTest, DecidesEachEventInEachStage) {
  const struct {
    LifeEvent event;
    const char* name;
    std::string next;  // From awaiting, exchanged, ready, ... in this order.
  } kRows[] = {
      // From:                                         a e r h s d w g
      {LifeEvent::kAwait, "await", /*               */ "aaawwgwg"},
      {LifeEvent::kExchange, "exchange", /*         */ "eerhsdwg"},
      {LifeEvent::kConfirmed, "confirmed", /*       */ "rrrhsdwg"},
      {LifeEvent::kLeave, "leave", /*               */ "wwhhsdwg"},
      {LifeEvent::kHandedOver, "handed over", /*    */ "aerssdwg"},
      {LifeEvent::kGoodbyeSaid, "goodbye said", /*  */ "aerhddgg"},
      {LifeEvent::kDelivered, "delivered", /*       */ "aerhsgwg"},
  };
  const std::string letters = "aerhsdwg";
  for (const auto& row : kRows) {
    std::string next;
    for (const LifeStage stage : kStages) {
      next += letters[static_cast<size_t>(NextStage(stage, row.event))];
    }
    EXPECT_EQ(next, row.next) << row.name;
  }
}

// A node that leaves never comes back, and one that does not act only begins to
// by kConfirmed.
static_assert([] {
  for (const LifeStage stage : kStages) {
    for (const LifeEvent event : kEvents) {
      const LifeStage next = NextStage(stage, event);
      if (Leaves(stage) && !Leaves(next)) return false;
      if (HasLeft(stage) && !HasLeft(next)) return false;
      const bool begins = !Acts(stage) && Acts(next);
      if (begins && event != LifeEvent::kConfirmed) return false;
    }
  }
  return true;
}());

}  // namespace
}  // namespace lb

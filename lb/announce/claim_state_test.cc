#include "lb/announce/claim_state.h"

#include <string>

#include "gtest/gtest.h"

namespace lb::announce {
namespace {

constexpr ClaimState kStates[] = {
    ClaimState::kIdle,        ClaimState::kProbing,    ClaimState::kAwaiting,
    ClaimState::kAnnouncing,  ClaimState::kConflicted, ClaimState::kYielded,
    ClaimState::kHandingOver, ClaimState::kHandedOver};

// Every state meets every event; a letter names the next state.
TEST(NextStateTest, IsTheTableOfTheReadme) {
  const struct {
    ClaimEvent event;
    const char* name;
    std::string next;  // From idle, probing, announcing, ... in this order.
  } kRows[] = {
      // From:                                       i p w a c y h d
      {ClaimEvent::kAnnounce, "announce", /*      */ "wwwawwww"},
      {ClaimEvent::kProbe, "probe", /*            */ "pppppppp"},
      {ClaimEvent::kHandOver, "hand over", /*     */ "hddhddhd"},
      {ClaimEvent::kRest, "rest", /*              */ "iiiiiiii"},
      {ClaimEvent::kRetry, "retry", /*            */ "ipwapwhd"},
      {ClaimEvent::kUnanswered, "unanswered", /*  */ "iwwacwhd"},
      {ClaimEvent::kDelivered, "delivered", /*    */ "ipaacyhd"},
      {ClaimEvent::kUndelivered, "undelivered", /**/ "ipwwcyhd"},
      {ClaimEvent::kForeignClaim, "foreign", /*   */ "icwacydd"},
      {ClaimEvent::kForeignAnswer, "answer", /*   */ "iccccydd"},
      {ClaimEvent::kLesserClaim, "lesser", /*     */ "iwwacwdd"},
      {ClaimEvent::kGreaterClaim, "greater", /*   */ "iyyycydd"},
  };
  const std::string letters = "ipwacyhd";
  for (const auto& row : kRows) {
    std::string next;
    for (const ClaimState state : kStates) {
      next += letters[static_cast<size_t>(NextState(state, row.event))];
    }
    EXPECT_EQ(next, row.next) << row.name;
  }
}

// What others say never makes a silent address be answered, but for the word of
// a member that must yield to us.
static_assert([] {
  for (const ClaimState state : kStates) {
    if (IsWithheld(state) && WantsDelivery(state)) return false;
    if (Answers(state) && !WantsDelivery(state)) return false;
  }
  for (const ClaimState state : kStates) {
    for (const ClaimEvent event :
         {ClaimEvent::kForeignClaim, ClaimEvent::kForeignAnswer,
          ClaimEvent::kGreaterClaim}) {
      if (!Answers(state) && Answers(NextState(state, event))) return false;
    }
  }
  return true;
}());

TEST(ClaimStateTest, HasANameForEach) {
  std::string names;
  for (const ClaimState state : kStates) {
    names += ToString(state);
    names += Answers(state) ? "+ " : " ";
  }
  EXPECT_EQ(names,
            "idle probing awaiting delivery announcing+ conflicted yielded "
            "handing over+ handed over ");
}

}  // namespace
}  // namespace lb::announce

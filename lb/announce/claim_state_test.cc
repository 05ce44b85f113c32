#include "lb/announce/claim_state.h"

#include <string>

#include "gtest/gtest.h"

namespace lb::announce {
namespace {

constexpr ClaimState kStates[] = {
    ClaimState::kIdle,       ClaimState::kProbing, ClaimState::kAnnouncing,
    ClaimState::kConflicted, ClaimState::kYielded, ClaimState::kHandingOver,
    ClaimState::kHandedOver};

// Every state meets every event; a letter names the next state.
TEST(NextStateTest, IsTheTableOfTheReadme) {
  const struct {
    ClaimEvent event;
    const char* name;
    std::string next;  // From idle, probing, announcing, ... in this order.
  } kRows[] = {
      // From:                                       i p a c y h d
      {ClaimEvent::kAnnounce, "announce", /*      */ "aaaaaaa"},
      {ClaimEvent::kProbe, "probe", /*            */ "ppppppp"},
      {ClaimEvent::kHandOver, "hand over", /*     */ "hdhddhd"},
      {ClaimEvent::kRest, "rest", /*              */ "iiiiiii"},
      {ClaimEvent::kRetry, "retry", /*            */ "ipapahd"},
      {ClaimEvent::kUnanswered, "unanswered", /*  */ "iaacahd"},
      {ClaimEvent::kForeignClaim, "foreign", /*   */ "icacydd"},
      {ClaimEvent::kLesserClaim, "lesser", /*     */ "iaacadd"},
      {ClaimEvent::kGreaterClaim, "greater", /*   */ "iyycydd"},
  };
  const std::string letters = "ipacyhd";
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
    for (const ClaimEvent event :
         {ClaimEvent::kForeignClaim, ClaimEvent::kGreaterClaim}) {
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
            "idle probing announcing+ conflicted yielded handing over+ "
            "handed over ");
}

}  // namespace
}  // namespace lb::announce

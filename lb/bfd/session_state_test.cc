// The table of RFC 5880 section 6.8.6, each pair.
#include "lb/bfd/session_state.h"

#include <optional>

#include "gtest/gtest.h"

namespace lb::bfd {
namespace {

constexpr State kStates[] = {State::kAdminDown, State::kDown, State::kInit,
                             State::kUp};
constexpr SessionInput kInputs[] = {SessionInput::kPeerAdminDown,
                                    SessionInput::kPeerDown,
                                    SessionInput::kPeerInit,
                                    SessionInput::kPeerUp,
                                    SessionInput::kDetectionExpired,
                                    SessionInput::kDisable,
                                    SessionInput::kEnable};

// Nullopt: stays.
using Cell = std::optional<Transition>;
constexpr Cell kStays;

constexpr Cell To(State state, Diagnostic diagnostic = Diagnostic::kNone) {
  return Transition{state, diagnostic};
}
constexpr Cell kSignaled = To(State::kDown, Diagnostic::kNeighborSignaledDown);
constexpr Cell kExpired = To(State::kDown, Diagnostic::kDetectionExpired);
constexpr Cell kOff = To(State::kAdminDown, Diagnostic::kAdministrativelyDown);

// A row for each state, a column for each input.
constexpr Cell kTable[4][7] = {
    {kStays, kStays, kStays, kStays, kStays, kStays, To(State::kDown)},
    {kStays, To(State::kInit), To(State::kUp), kStays, kStays, kOff, kStays},
    {kSignaled, kStays, To(State::kUp), To(State::kUp), kExpired, kOff, kStays},
    {kSignaled, kSignaled, kStays, kStays, kExpired, kOff, kStays},
};

TEST(SessionStateTest, EveryPairIsAsTheTableHasIt) {
  for (int row = 0; row < 4; ++row) {
    for (int column = 0; column < 7; ++column) {
      EXPECT_EQ(NextState(kStates[row], kInputs[column]), kTable[row][column])
          << ToString(kStates[row]) << ", input " << column;
    }
  }
}

// No packet of a peer that has not heard us makes a session Up.
static_assert(!NextState(State::kDown, SessionInput::kPeerUp));
static_assert(NextState(State::kDown, SessionInput::kPeerDown)->state ==
              State::kInit);

TEST(SessionStateTest, EachStateOfThePeerIsAnInput) {
  EXPECT_EQ(InputOf(State::kAdminDown), SessionInput::kPeerAdminDown);
  EXPECT_EQ(InputOf(State::kDown), SessionInput::kPeerDown);
  EXPECT_EQ(InputOf(State::kInit), SessionInput::kPeerInit);
  EXPECT_EQ(InputOf(State::kUp), SessionInput::kPeerUp);
}

}  // namespace
}  // namespace lb::bfd

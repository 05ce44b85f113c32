#include "lb/bgp/session_state.h"

#include <cstddef>
#include <string>

#include "gtest/gtest.h"

namespace lb::bgp {
namespace {

constexpr SessionState kStates[] = {
    SessionState::kIdle,        SessionState::kConnect,
    SessionState::kActive,      SessionState::kOpenSent,
    SessionState::kOpenConfirm, SessionState::kEstablished};

// The letters of actions: - none, d dial, a abandon the dial, o send OPEN,
// k confirm, e establish, p prolong, r answer a refresh, n notify,
// u unexpected, c close.
constexpr char kActionLetters[] = "-daokeprnuc";
constexpr char kStateLetters[] = "icaosE";

// Every state meets every event: the letter of the next state, then the one of
// the action.
TEST(NextStepTest, IsTheTableOfTheStates) {
  const struct {
    SessionEvent event;
    const char* name;
    std::string next;
  } kRows[] = {
      // From:                                         i  c  a  o  s  E
      {SessionEvent::kDial, "dial", /*            */ "cd c- a- o- s- E- "},
      {SessionEvent::kListen, "listen", /*        */ "a- c- a- o- s- E- "},
      {SessionEvent::kConnected, "connected", /*  */ "i- oo oo o- s- E- "},
      {SessionEvent::kConnectFailed, "failed", /* */ "i- i- a- o- s- E- "},
      {SessionEvent::kOpen, "OPEN", /*            */ "i- c- a- sk iu iu "},
      {SessionEvent::kKeepalive, "KEEPALIVE", /*  */ "i- c- a- iu Ee Ep "},
      {SessionEvent::kUpdate, "UPDATE", /*        */ "i- c- a- iu iu Ep "},
      {SessionEvent::kRefresh, "refresh", /*      */ "i- c- a- iu iu Er "},
      {SessionEvent::kNotification, "notified", /**/ "i- c- a- ic ic ic "},
      {SessionEvent::kFault, "fault", /*          */ "i- c- a- in in in "},
      {SessionEvent::kExpired, "expired", /*      */ "i- c- a- in in in "},
      {SessionEvent::kCease, "cease", /*          */ "i- ia i- in in in "},
      {SessionEvent::kRestart, "restart", /*      */ "i- ia i- ic ic ic "},
      {SessionEvent::kClosed, "closed", /*        */ "i- c- a- ic ic ic "},
  };
  for (const auto& row : kRows) {
    std::string next;
    for (const SessionState state : kStates) {
      const SessionStep step = NextStep(state, row.event);
      next += kStateLetters[static_cast<size_t>(step.next)];
      next += kActionLetters[static_cast<size_t>(step.action)];
      next += ' ';
    }
    EXPECT_EQ(next, row.next) << row.name;
  }
}

// No connection is left behind: the way out of a connected state always closes.
static_assert([] {
  for (const SessionState state : kStates) {
    for (int number = 0; number <= static_cast<int>(SessionEvent::kClosed);
         ++number) {
      const auto step = NextStep(state, static_cast<SessionEvent>(number));
      const bool closes = step.action == SessionAction::kNotify ||
                          step.action == SessionAction::kUnexpected ||
                          step.action == SessionAction::kClose;
      const bool leaves = IsConnected(state) && !IsConnected(step.next);
      if (closes != leaves) return false;
    }
  }
  return true;
}());

TEST(SessionStateTest, HasANameForEachAndASubcodeForTheConnected) {
  std::string names;
  for (const SessionState state : kStates) {
    names += ToString(state);
    names += ' ';
    if (IsConnected(state)) names += '0' + UnexpectedMessageSubcode(state);
  }
  EXPECT_EQ(names, "Idle Connect Active OpenSent 1OpenConfirm 2Established 3");
}

}  // namespace
}  // namespace lb::bgp

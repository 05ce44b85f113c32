// TurnCause: says what the loop does from here to the end of the scope.
//
// A loop that measures its turns (TurnMeter) charges that time to the cause,
// less what causes further in take of it. Other loops, simulated ones say, do
// nothing with it: no clock is read, and nothing follows from it.
//
//   void Agent::SetDesired(...) {
//     const io::TurnCause cause(environment_.loop, "takes up manifests");
//     ...
//   }
//
// For what may take milliseconds: on a real loop it reads the clock twice, some
// 60 ns. Allocates nothing, cannot fail. Loop thread only.
#ifndef LB_IO_TURN_CAUSE_H_
#define LB_IO_TURN_CAUSE_H_

#include <string_view>

#include "lb/io/loop.h"

namespace lb::io {

class TurnCause {
 public:
  // `cause` completes "the loop ..." and lives as long as the program.
  TurnCause(Loop* loop, std::string_view cause)
      : loop_(loop), before_(loop->SetTurnCause(cause)) {}
  ~TurnCause() { loop_->SetTurnCause(before_); }
  TurnCause(const TurnCause&) = delete;
  TurnCause& operator=(const TurnCause&) = delete;

 private:
  Loop* const loop_;
  const std::string_view before_;
};

}  // namespace lb::io

#endif  // LB_IO_TURN_CAUSE_H_

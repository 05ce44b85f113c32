// AlteredWorld: a node's environment with a clock that runs wrong, or with a
// seeded defect in one of its interfaces.
//
// Wraps the interfaces of the environment it gets, which must outlive it; the
// node knows nothing of it.
#ifndef LB_TESTS_SIM_CHAOS_ALTERED_WORLD_H_
#define LB_TESTS_SIM_CHAOS_ALTERED_WORLD_H_

#include <memory>
#include <string>

#include "absl/time/time.h"
#include "lb/gossip/wire/keyring.h"
#include "lb/io/environment.h"
#include "tests/sim/chaos/defect.h"

namespace lb::chaos {

// A loop whose steady clock runs fast or slow, or has stood still for a while.
class SkewedLoop final : public io::Loop {
 public:
  explicit SkewedLoop(io::Loop* loop) : loop_(loop), turned_(loop->Now()) {}

  absl::Time Now() const override;
  absl::Time CivilNow() const override;
  std::unique_ptr<io::Timer> NewTimer(
      absl::AnyInvocable<void()> on_fire) override;
  void Post(absl::AnyInvocable<void()> task) override {
    loop_->Post(std::move(task));
  }

  // Parts per million; above 0: fast. Timers that are armed keep their time.
  void SetDrift(int parts_per_million);
  // From now on civil time runs backwards.
  void TurnCivilTime() { civil_turned_ = true; }
  // The clock has stood for `duration` and goes on.
  void StandStill(absl::Duration duration) { ahead_ -= duration; }

  // Returns the wrapped loop's time when this loop's time is `local`.
  absl::Time ToWrapped(absl::Time local) const;

 private:
  io::Loop* const loop_;
  absl::Time turned_;     // When the drift last changed.
  absl::Duration ahead_;  // Of the wrapped loop, at that time.
  double rate_ = 1;
  bool civil_turned_ = false;
};

// The node to which a world belongs.
struct WhichNode {
  std::string name;
  gossip::wire::Keyring keyring;
};

class AlteredWorld {
 public:
  AlteredWorld(const io::Environment& environment, const WhichNode& node,
               Defect defect);
  ~AlteredWorld();

  const io::Environment& environment() const { return environment_; }
  SkewedLoop& loop() { return *loop_; }

 private:
  std::unique_ptr<SkewedLoop> loop_;
  std::unique_ptr<io::DatagramTransport> datagrams_;
  std::unique_ptr<io::StreamTransport> streams_;
  std::unique_ptr<io::FrameTransport> frames_;
  std::unique_ptr<io::StateStore> state_;
  std::unique_ptr<io::AddressInstaller> installer_;
  std::unique_ptr<io::LinkMonitor> links_;
  io::Environment environment_;
};

}  // namespace lb::chaos

#endif  // LB_TESTS_SIM_CHAOS_ALTERED_WORLD_H_

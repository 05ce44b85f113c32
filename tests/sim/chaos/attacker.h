// Attacker: a host that is no member, and the harm that it does.
//
// It claims service addresses, sends garbage as frames and as gossip, and plays
// back gossip that it has recorded.
#ifndef LB_TESTS_SIM_CHAOS_ATTACKER_H_
#define LB_TESTS_SIM_CHAOS_ATTACKER_H_

#include <memory>

#include "absl/time/time.h"
#include "lb/base/prng.h"
#include "lb/io/frame_transport.h"
#include "lb/io/sim/sim_host.h"
#include "lb/io/sim/sim_world.h"
#include "lb/net/ip_address.h"
#include "tests/sim/chaos/recorder.h"

namespace lb::chaos {

class Attacker {
 public:
  // Garbage is drawn from `prng`. All must outlive it.
  Attacker(io::SimWorld* world, io::SimHost* host, Prng* prng);

  // Claims the address by ARP, again and again for `length`.
  void Steal(const net::IpAddress& vip, absl::Duration length);
  // Sends `count` frames and as many datagrams within a second.
  void SendGarbage(io::SimHost* to, int count);

  // Records what is sent to the host from now on.
  void Record(const io::SimHost& host);
  // Call it when a new run of the node on `host` begins.
  void OnStart(const io::SimHost& host);
  // Plays back for `length`. REQUIRES: Record() was called.
  void Replay(const Recorder::Target& target, absl::Duration length);

 private:
  io::SimWorld* const world_;
  io::SimHost* const host_;
  Prng* const prng_;
  std::unique_ptr<io::FramePort> port_;
  std::unique_ptr<Recorder> recorder_;  // Null: nothing will be played back.
};

}  // namespace lb::chaos

#endif  // LB_TESTS_SIM_CHAOS_ATTACKER_H_

// Recorder: a stranger without a key that plays gossip datagrams back.
//
// It sits beside the hosts that it listens to: what a cut keeps from them it
// does not hear, or it would be a way around the cut. Of each it keeps the
// datagrams of the node's run that is, and of the longest one before, by the
// time since that run began. It cannot read them: it tells them apart by their
// length and their time. Where a node counts from the same number in each run,
// what fitted its pings then fits them again at about the same time of its
// life.
//
// At most kTapeMax are kept of a run, the first ones.
#ifndef LB_TESTS_SIM_CHAOS_RECORDER_H_
#define LB_TESTS_SIM_CHAOS_RECORDER_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lb/base/prng.h"
#include "lb/io/sim/sim_host.h"
#include "lb/io/sim/sim_world.h"
#include "lb/net/endpoint.h"

namespace lb::chaos {

class Recorder {
 public:
  static constexpr size_t kTapeMax = 2048;
  // Between two calls of Play().
  static constexpr absl::Duration kInterval = absl::Milliseconds(40);

  // What it plays comes from `stranger`. Both must outlive it.
  Recorder(io::SimWorld* world, io::SimHost* stranger, const Prng& prng);
  ~Recorder();
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  void Listen(const io::SimHost& host);
  // A new run of the node on `host` begins.
  void OnStart(const io::SimHost& host);

  struct Target {
    const io::SimHost* recorded = nullptr;  // Whose datagrams.
    const io::SimHost* host = nullptr;      // To whom.
    bool as_sender = false;  // Else from the stranger's own address.
  };
  // Many at once, whatever they are.
  void PlayBurst(const Target& target);
  // The short ones, as answers are, of about the same time of its life, and
  // some others.
  void Play(const Target& target);

 private:
  struct Datagram {
    absl::Duration age;  // Of the run.
    net::Endpoint from;
    std::vector<uint8_t> bytes;
  };
  struct Tape {
    absl::Time began;
    size_t shortest = 0;
    std::vector<Datagram> datagrams;
  };
  struct Tapes {
    const io::SimHost* host = nullptr;
    Tape before;
    Tape now;
  };

  void OnDatagram(const net::Endpoint& from, const net::Endpoint& to,
                  absl::Span<const uint8_t> bytes);
  bool Arrives(const net::Endpoint& from, const net::Endpoint& to) const;
  Tapes* Find(const io::SimHost& host);
  void PlayAny(int count, const Target& target);
  void PlayOne(const Datagram& datagram, const Target& target);

  io::SimWorld* const world_;
  io::SimHost* const stranger_;
  Prng prng_;
  std::vector<Tapes> tapes_;
};

}  // namespace lb::chaos

#endif  // LB_TESTS_SIM_CHAOS_RECORDER_H_

// Recorder: a stranger without a key that plays gossip datagrams back.
//
// It sits beside the hosts that it listens to, and hears nothing that a cut
// keeps from them: otherwise it would be a way around the cut. For each host it
// keeps the datagrams of the node's present run, and of the longest run before,
// by the time since that run began. It cannot read them: it tells them apart by
// length and time. If a node counts from the same number in each run, old
// answers fit its pings again at about the same time of its life.
//
// It keeps the first kTapeMax datagrams of a run.
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

  // `stranger` sends the datagrams that it plays back. Both must outlive it.
  Recorder(io::SimWorld* world, io::SimHost* stranger, const Prng& prng);
  ~Recorder();
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  void Listen(const io::SimHost& host);
  // Call it when a new run of the node on `host` begins.
  void OnStart(const io::SimHost& host);

  struct Target {
    const io::SimHost* recorded = nullptr;  // Whose datagrams.
    const io::SimHost* host = nullptr;      // To whom.
    bool as_sender = false;  // Else from the stranger's own address.
  };
  // Plays many datagrams at once, of any kind.
  void PlayBurst(const Target& target);
  // Plays the short datagrams, as answers are, of about the same time of the
  // run, and some others.
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

#include "tests/sim/chaos/recorder.h"

#include <algorithm>
#include <utility>

#include "lb/base/check.h"

namespace lb::chaos {
namespace {

constexpr int kBurst = 100;
constexpr int kOthers = 1;  // At each Play().
// Two runs probe at slightly different rates.
constexpr absl::Duration kApart = absl::Milliseconds(500);
// The lengths of answers differ by the bytes of their numbers.
constexpr size_t kLonger = 4;

}  // namespace

Recorder::Recorder(io::SimWorld* world, io::SimHost* stranger, const Prng& prng)
    : world_(world), stranger_(stranger), prng_(prng) {
  world_->network().SetTap(
      [this](const net::Endpoint& from, const net::Endpoint& to,
             absl::Span<const uint8_t> bytes) { OnDatagram(from, to, bytes); });
}

Recorder::~Recorder() { world_->network().SetTap({}); }

Recorder::Tapes* Recorder::Find(const io::SimHost& host) {
  const auto found =
      std::find_if(tapes_.begin(), tapes_.end(),
                   [&](const Tapes& each) { return each.host == &host; });
  return found == tapes_.end() ? nullptr : &*found;
}

void Recorder::Listen(const io::SimHost& host) {
  if (Find(host) == nullptr) tapes_.push_back({.host = &host});
}

void Recorder::OnStart(const io::SimHost& host) {
  Tapes* const tapes = Find(host);
  if (tapes == nullptr) return;
  if (tapes->now.datagrams.size() >= tapes->before.datagrams.size()) {
    tapes->before = std::move(tapes->now);
  }
  tapes->now = {.began = world_->loop().Now()};
}

void Recorder::OnDatagram(const net::Endpoint& from, const net::Endpoint& to,
                          absl::Span<const uint8_t> bytes) {
  const auto found = std::find_if(
      tapes_.begin(), tapes_.end(),
      [&](const Tapes& each) { return each.host->endpoint() == to; });
  if (found == tapes_.end()) return;
  Tape& tape = found->now;
  if (tape.datagrams.size() >= kTapeMax || !Arrives(from, to)) return;
  tape.shortest = tape.datagrams.empty()
                      ? bytes.size()
                      : std::min(tape.shortest, bytes.size());
  tape.datagrams.push_back({.age = world_->loop().Now() - tape.began,
                            .from = from,
                            .bytes = {bytes.begin(), bytes.end()}});
}

bool Recorder::Arrives(const net::Endpoint& from,
                       const net::Endpoint& to) const {
  const io::SimNetwork& network = world_->network();
  const io::SimAttachment* const sender = network.FindHost(from.address);
  const io::SimAttachment* const receiver = network.FindHost(to.address);
  return sender != nullptr && receiver != nullptr &&
         network.CanReach(*sender, *receiver);
}

void Recorder::PlayBurst(const Target& target) { PlayAny(kBurst, target); }

void Recorder::Play(const Target& target) {
  PlayAny(kOthers, target);
  const Tapes& tapes = *Find(*target.recorded);
  const Tape& before = tapes.before;
  const absl::Duration age = world_->loop().Now() - tapes.now.began;
  const auto is_older = [](const Datagram& datagram, absl::Duration than) {
    return datagram.age < than;
  };
  for (auto each =
           std::lower_bound(before.datagrams.begin(), before.datagrams.end(),
                            age - kApart, is_older);
       each != before.datagrams.end() && each->age < age + kApart; ++each) {
    if (each->bytes.size() <= before.shortest + kLonger) {
      PlayOne(*each, target);
    }
  }
}

void Recorder::PlayAny(int count, const Target& target) {
  const Tapes* const tapes = Find(*target.recorded);
  LB_CHECK(tapes != nullptr);
  const auto& before = tapes->before.datagrams;
  const auto& now = tapes->now.datagrams;
  if (before.empty() && now.empty()) return;
  for (int i = 0; i < count; ++i) {
    const size_t which = prng_.Uniform(before.size() + now.size());
    PlayOne(which < before.size() ? before[which] : now[which - before.size()],
            target);
  }
}

void Recorder::PlayOne(const Datagram& datagram, const Target& target) {
  stranger_->SendAs(target.as_sender ? datagram.from : stranger_->endpoint(),
                    target.host->endpoint(), datagram.bytes);
}

}  // namespace lb::chaos

#include "daemon/lbctl/key_trial.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lb/gossip/wire/codec.h"
#include "lb/gossip/wire/encryption.h"
#include "lb/gossip/wire/messages.h"
#include "lb/io/posix/posix_environment.h"
#include "lb/io/posix/posix_loop.h"
#include "lb/io/posix/tcp_transport.h"

namespace lb::lbctl {
namespace {

using gossip::wire::Bytes;
using gossip::wire::Codec;
using gossip::wire::Keyring;
using gossip::wire::Mismatch;

constexpr absl::Duration kTrialTime = absl::Seconds(1);

KeyVerdict VerdictOf(Mismatch mismatch) {
  switch (mismatch) {
    case Mismatch::kOtherKey:
    case Mismatch::kOursRefused:
      return KeyVerdict::kOtherKey;
    case Mismatch::kTheirsClear:
      return KeyVerdict::kTheirsClear;
    case Mismatch::kOursClear:
      return KeyVerdict::kOursClear;
    case Mismatch::kOtherLabel:
      return KeyVerdict::kClosed;
  }
  return KeyVerdict::kClosed;
}

// One connection: a ping, and its answer.
class Trial {
 public:
  Trial(io::StreamTransport* transport, const Codec* codec,
        const net::Endpoint& to, absl::Time deadline)
      : codec_(codec) {
    transport->Connect(
        to, deadline, [this](absl::StatusOr<std::unique_ptr<io::Stream>> made) {
          if (!made.ok()) return Finish(KeyVerdict::kUntried);
          Begin(*std::move(made));
        });
  }

  bool done() const { return done_; }
  KeyVerdict verdict() const { return verdict_; }

 private:
  void Begin(std::unique_ptr<io::Stream> stream) {
    stream_ = std::move(stream);
    stream_->Receive(
        [this](absl::Span<const uint8_t> bytes) { OnBytes(bytes); },
        [this](const absl::Status&) { Finish(KeyVerdict::kClosed); });
    const Bytes ping = codec_->EncodeStream(gossip::wire::Ping{.sequence = 1},
                                            Codec::Direction::kRequest);
    if (!stream_->Send(ping).ok()) Finish(KeyVerdict::kClosed);
  }

  void OnBytes(absl::Span<const uint8_t> bytes) {
    received_.insert(received_.end(), bytes.begin(), bytes.end());
    const auto answer =
        codec_->DecodeStream(received_, Codec::Direction::kResponse);
    if (absl::IsUnavailable(answer.status())) return;  // More is to come.
    if (answer.ok()) {
      return Finish(std::holds_alternative<gossip::wire::Ack>(*answer)
                        ? KeyVerdict::kUnderstood
                        : KeyVerdict::kOtherKey);
    }
    const auto mismatch =
        codec_->StreamMismatch(received_, Codec::Direction::kResponse);
    Finish(mismatch ? VerdictOf(*mismatch) : KeyVerdict::kClosed);
  }

  void Finish(KeyVerdict verdict) {
    if (std::exchange(done_, true)) return;
    verdict_ = verdict;
  }

  const Codec* const codec_;
  std::unique_ptr<io::Stream> stream_;
  Bytes received_;
  bool done_ = false;
  KeyVerdict verdict_ = KeyVerdict::kSilent;
};

std::unique_ptr<io::TcpTransport> TransportOf(io::PosixLoop* loop,
                                              net::IpFamily family) {
  const net::IpAddress any = family == net::IpFamily::kIpv4
                                 ? net::IpAddress::Ipv4(0)
                                 : *net::ParseIpAddress("::");
  auto transport = io::TcpTransport::Create(loop, {any, 0});
  return transport.ok() ? *std::move(transport) : nullptr;
}

// Runs all trials at once.
std::vector<KeyVerdict> RunTrials(io::PosixLoop* loop,
                                  const std::vector<net::Endpoint>& endpoints,
                                  const Keyring& keyring,
                                  const std::string& label) {
  const auto ipv4 = TransportOf(loop, net::IpFamily::kIpv4);
  const auto ipv6 = TransportOf(loop, net::IpFamily::kIpv6);
  const Codec codec({.label = label}, keyring, [] {
    gossip::wire::Nonce nonce;
    io::FillRandom(absl::MakeSpan(nonce));
    return nonce;
  });
  std::vector<std::unique_ptr<Trial>> trials;
  for (const net::Endpoint& to : endpoints) {
    io::TcpTransport* const transport =
        to.address.is_ipv4() ? ipv4.get() : ipv6.get();
    trials.push_back(transport == nullptr
                         ? nullptr
                         : std::make_unique<Trial>(transport, &codec, to,
                                                   loop->Now() + kTrialTime));
  }
  loop->RunUntil(
      [&] {
        return std::all_of(trials.begin(), trials.end(), [](const auto& trial) {
          return trial == nullptr || trial->done();
        });
      },
      kTrialTime);
  std::vector<KeyVerdict> verdicts;
  for (const auto& trial : trials) {
    verdicts.push_back(trial == nullptr ? KeyVerdict::kUntried
                                        : trial->verdict());
  }
  return verdicts;
}

}  // namespace

std::vector<KeyVerdict> TryKeys(io::PosixLoop* loop,
                                const std::vector<net::Endpoint>& endpoints,
                                const Keyring& keyring,
                                const std::string& label) {
  std::vector<KeyVerdict> verdicts = RunTrials(loop, endpoints, keyring, label);
  std::vector<size_t> again;
  std::vector<net::Endpoint> to;
  for (size_t i = 0; i < endpoints.size(); ++i) {
    if (keyring.keys().size() < 2 || (verdicts[i] != KeyVerdict::kOtherKey &&
                                      verdicts[i] != KeyVerdict::kClosed)) {
      continue;
    }
    again.push_back(i);
    to.push_back(endpoints[i]);
  }
  if (to.empty()) return verdicts;
  Keyring other = keyring;
  other.Use(Bytes(keyring.keys()[1])).IgnoreError();  // It is in the ring.
  const std::vector<KeyVerdict> second = RunTrials(loop, to, other, label);
  for (size_t i = 0; i < to.size(); ++i) {
    if (second[i] == KeyVerdict::kUnderstood) {
      verdicts[again[i]] = KeyVerdict::kOtherDerivation;
    }
  }
  return verdicts;
}

}  // namespace lb::lbctl

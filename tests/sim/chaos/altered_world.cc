#include "tests/sim/chaos/altered_world.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/types/span.h"
#include "tests/sim/chaos/altered_frames.h"
#include "tests/sim/chaos/altered_gossip.h"

namespace lb::chaos {
namespace {

// Far from any time of a simulation, and long after 1970.
const absl::Time kTurn = absl::FromUnixSeconds(2'000'000'000);

class SkewedTimer final : public io::Timer {
 public:
  SkewedTimer(const SkewedLoop* loop, std::unique_ptr<io::Timer> timer)
      : loop_(loop), timer_(std::move(timer)) {}

  void Arm(absl::Time deadline) override {
    timer_->Arm(loop_->ToWrapped(deadline));
  }
  void Disarm() override { timer_->Disarm(); }

 private:
  const SkewedLoop* const loop_;
  const std::unique_ptr<io::Timer> timer_;
};

class AlteredStore final : public io::StateStore {
 public:
  AlteredStore(io::StateStore* store, io::Loop* loop, Defect defect)
      : store_(store), loop_(loop), defect_(defect) {}

  absl::StatusOr<std::string> Read(const std::string& name) override {
    return store_->Read(name);
  }
  void Write(const std::string&, std::string, OnWritten on_written) override {
    if (defect_ == Defect::kEndlessWrites) return;
    loop_->Post([on_written = std::move(on_written)]() mutable {
      on_written(absl::OkStatus());
    });
  }

 private:
  io::StateStore* const store_;
  io::Loop* const loop_;
  const Defect defect_;
};

class KeepingInstaller final : public io::AddressInstaller {
 public:
  explicit KeepingInstaller(io::AddressInstaller* installer)
      : installer_(installer) {}

  absl::Status Install(const std::string& interface,
                       const net::IpAddress& address) override {
    return installer_->Install(interface, address);
  }
  absl::Status Uninstall(const std::string&, const net::IpAddress&) override {
    return absl::OkStatus();
  }
  absl::StatusOr<std::vector<net::IpAddress>> Installed(
      const std::string& interface) override {
    return installer_->Installed(interface);
  }

 private:
  io::AddressInstaller* const installer_;
};

// Tells no address of the services' range, 172.20.64.0/18.
class BlindMonitor final : public io::LinkMonitor {
 public:
  explicit BlindMonitor(io::LinkMonitor* monitor) : monitor_(monitor) {}

  std::vector<io::Link> Links() const override {
    const net::IpPrefix services = *net::ParseIpPrefix("172.20.64.0/18");
    std::vector<io::Link> links = monitor_->Links();
    for (io::Link& link : links) {
      std::erase_if(link.addresses, [&](const net::IpPrefix& own) {
        return own.address.is_ipv4() && services.Contains(own.address);
      });
    }
    return links;
  }
  void SetObserver(absl::AnyInvocable<void()> on_change) override {
    monitor_->SetObserver(std::move(on_change));
  }

 private:
  io::LinkMonitor* const monitor_;
};

// Goes on telling the IPv6 addresses that a link once had.
class KeepingMonitor final : public io::LinkMonitor {
 public:
  explicit KeepingMonitor(io::LinkMonitor* monitor) : monitor_(monitor) {}

  std::vector<io::Link> Links() const override {
    std::vector<io::Link> links = monitor_->Links();
    for (io::Link& link : links) {
      std::set<net::IpPrefix>& kept = kept_[link.index];
      for (const net::IpPrefix& own : link.addresses) {
        if (own.address.is_ipv6()) kept.insert(own);
      }
      std::set<net::IpPrefix> told = kept;
      told.insert(link.addresses.begin(), link.addresses.end());
      link.addresses.assign(told.begin(), told.end());
    }
    return links;
  }
  void SetObserver(absl::AnyInvocable<void()> on_change) override {
    monitor_->SetObserver(std::move(on_change));
  }

 private:
  io::LinkMonitor* const monitor_;
  mutable std::map<int, std::set<net::IpPrefix>> kept_;  // By link's index.
};

using RandomBytes = std::function<void(absl::Span<uint8_t>)>;

// The only number of 32 bits that a node draws is the first number of its
// pings.
RandomBytes WithForeseenNumbers(RandomBytes random_bytes) {
  return [random_bytes = std::move(random_bytes)](absl::Span<uint8_t> out) {
    random_bytes(out);
    if (out.size() == sizeof(uint32_t)) std::fill(out.begin(), out.end(), 0);
  };
}

}  // namespace

absl::Time SkewedLoop::Now() const {
  const absl::Time now = loop_->Now();
  return now + ahead_ + (now - turned_) * (rate_ - 1);
}

absl::Time SkewedLoop::CivilNow() const {
  const absl::Time civil = loop_->CivilNow() + (Now() - loop_->Now());
  return civil_turned_ ? kTurn - (civil - kTurn) : civil;
}

std::unique_ptr<io::Timer> SkewedLoop::NewTimer(
    absl::AnyInvocable<void()> on_fire) {
  return std::make_unique<SkewedTimer>(this,
                                       loop_->NewTimer(std::move(on_fire)));
}

void SkewedLoop::SetDrift(int parts_per_million) {
  ahead_ = Now() - loop_->Now();
  turned_ = loop_->Now();
  rate_ = 1 + parts_per_million / 1e6;
}

absl::Time SkewedLoop::ToWrapped(absl::Time local) const {
  if (local == absl::InfiniteFuture()) return local;
  if (rate_ == 1) return local - ahead_;
  // Rounded up: a timer never fires before its time.
  return turned_ + (local - turned_ - ahead_) / rate_ + absl::Nanoseconds(2);
}

AlteredWorld::AlteredWorld(const io::Environment& environment,
                           const WhichNode& node, Defect defect)
    : loop_(std::make_unique<SkewedLoop>(environment.loop)),
      frames_(AlterFrames(environment.frames, environment.loop, defect)),
      environment_(environment) {
  environment_.loop = loop_.get();
  if (defect == Defect::kLaterStamp) {
    loop_->TurnCivilTime();
    streams_ = WithNothingProvisional(environment.streams, node.keyring);
    environment_.streams = streams_.get();
  }
  if (defect == Defect::kNoRefuting) {
    const auto word = std::make_shared<OwnWord>(OwnWord{.node = node.name});
    datagrams_ = WithoutRefutations(environment.datagrams, node.keyring, word);
    streams_ = WithoutRefutations(environment.streams, node.keyring, word);
    environment_.datagrams = datagrams_.get();
    environment_.streams = streams_.get();
  }
  if (defect == Defect::kUntoldLoss) {
    datagrams_ =
        WithoutUnrouted(environment.datagrams, node.keyring, node.name);
    streams_ = WithoutUnrouted(environment.streams, node.keyring, node.name);
    environment_.datagrams = datagrams_.get();
    environment_.streams = streams_.get();
  }
  if (defect == Defect::kForeseenNumbers) {
    environment_.random_bytes = WithForeseenNumbers(environment.random_bytes);
    datagrams_ = WithAnybodysAcks(environment.datagrams, node.keyring);
    environment_.datagrams = datagrams_.get();
  }
  if (frames_ != nullptr) environment_.frames = frames_.get();
  if (defect == Defect::kLyingDisk || defect == Defect::kEndlessWrites) {
    state_ = std::make_unique<AlteredStore>(environment.state, environment.loop,
                                            defect);
    environment_.state = state_.get();
  }
  if (defect == Defect::kBlindToOwn) {
    links_ = std::make_unique<BlindMonitor>(environment.links);
    environment_.links = links_.get();
  }
  if (defect == Defect::kKeptIpv6) {
    links_ = std::make_unique<KeepingMonitor>(environment.links);
    environment_.links = links_.get();
  }
  if (defect == Defect::kNoTakingBack) {
    installer_ = std::make_unique<KeepingInstaller>(environment.installer);
    environment_.installer = installer_.get();
  }
}

AlteredWorld::~AlteredWorld() = default;

}  // namespace lb::chaos

#include "tests/sim/chaos/bgp/altered_peering.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lb/base/status_macros.h"
#include "lb/bgp/session.h"
#include "lb/bgp/testing/heard_message.h"
#include "tests/sim/chaos/bgp/altered_update.h"

namespace lb::chaos {
namespace {

using Span = absl::Span<const uint8_t>;

constexpr absl::Duration kTick = absl::Milliseconds(20);
constexpr absl::Duration kFeigned = absl::Milliseconds(500);
constexpr uint8_t kKeepalive = 4;
constexpr uint8_t kRefresh = 5;

BgpBytes Keepalive() {
  BgpBytes message(16, 0xff);
  message.insert(message.end(), {0, 19, kKeepalive});
  return message;
}

bool AltersInput(Defect defect) {
  return defect == Defect::kUnenforcedHold || defect == Defect::kDeafToRefresh;
}

// One connection with a router.
struct Pipe {
  std::unique_ptr<io::Stream> stream;
  BgpBytes unfinished;  // Of the last message that the node sent.
  BgpBytes held;        // Waits for a slow router.
  bool finishing = false;
  bool is_closed = false;  // By the node: it wants to hear nothing more.
  BgpBytes heard;          // Of the last message of the router.
  io::Stream::OnBytes on_bytes;
  io::Stream::OnClosed on_closed;
  std::unique_ptr<io::Timer> timer;
};

}  // namespace

// What all connections of a run share.
struct AlteredPeering::Shared : std::enable_shared_from_this<Shared> {
  io::Loop* loop = nullptr;
  io::SimLoop* world = nullptr;
  bool booted = false;
  Defect defect = Defect::kNone;
  std::map<net::IpAddress, int> slow;  // Bytes in a second.
  std::vector<std::weak_ptr<Pipe>> pipes;
  // Closed by the node, with bytes that still go out.
  std::vector<std::shared_ptr<Pipe>> closed;
  bool ticks = false;
  size_t most_waiting = 0;

  bool IsSlow(const Pipe& pipe) const {
    return slow.contains(pipe.stream->remote().address);
  }

  // Nullopt: the message is lost.
  std::optional<BgpBytes> Alter(const Pipe& pipe, BgpBytes message) const {
    const net::IpAddress router = pipe.stream->remote().address;
    switch (defect) {
      case Defect::kLostWithdrawals:
        if (IsSlow(pipe) && Withdraws(message)) return std::nullopt;
        return message;
      case Defect::kNoEndOfRib:
        if (IsEndOfRib(message)) return std::nullopt;
        return message;
      case Defect::kBothInOne:
        return WithBothInOne(std::move(message));
      case Defect::kEarlyWithdrawal:
        return WithdrawnIfDraining(std::move(message));
      case Defect::kRoutersNextHop:
        if (!router.is_ipv4()) return message;
        return WithNextHop(
            std::move(message),
            static_cast<uint32_t>(absl::Uint128Low64(router.number())));
      case Defect::kEmptyRestart:
        if (!booted) return message;
        return WithRestart(std::move(message), /*restarted=*/true);
      case Defect::kForgottenRestart:
        return WithRestart(std::move(message), /*restarted=*/false);
      default:
        return message;
    }
  }

  absl::Status Send(Pipe& pipe, Span bytes) {
    pipe.unfinished.insert(pipe.unfinished.end(), bytes.begin(), bytes.end());
    bgp::Faults faults;
    BgpBytes out;
    while (auto message = bgp::TakeMessage(pipe.unfinished, faults)) {
      const auto altered = Alter(pipe, *std::move(message));
      if (altered) out.insert(out.end(), altered->begin(), altered->end());
    }
    if (!IsSlow(pipe) && pipe.held.empty()) return pipe.stream->Send(out);
    pipe.held.insert(pipe.held.end(), out.begin(), out.end());
    most_waiting = std::max(most_waiting,
                            pipe.held.size() + pipe.stream->unacknowledged());
    return absl::OkStatus();
  }

  void Hear(Pipe& pipe, Span bytes) {
    if (pipe.is_closed) return;
    if (!AltersInput(defect)) return pipe.on_bytes(bytes);
    pipe.heard.insert(pipe.heard.end(), bytes.begin(), bytes.end());
    bgp::Faults faults;
    BgpBytes passed;
    while (const auto message = bgp::TakeMessage(pipe.heard, faults)) {
      const uint8_t type = (*message)[18];
      const bool is_lost = defect == Defect::kDeafToRefresh && type == kRefresh;
      if (!is_lost) {
        passed.insert(passed.end(), message->begin(), message->end());
      }
      if (type == kKeepalive) pipe.timer->Arm(loop->Now() + kFeigned);
    }
    if (!passed.empty()) pipe.on_bytes(passed);
  }

  // A router that was heard once seems to be heard on and on.
  void Feign(Pipe& pipe) {
    if (defect != Defect::kUnenforcedHold) return;
    pipe.timer->Arm(loop->Now() + kFeigned);
    pipe.on_bytes(Keepalive());
  }

  void Release(Pipe& pipe, size_t most) {
    const size_t size = std::min(most, pipe.held.size());
    if (size == 0) return;
    const auto end = pipe.held.begin() + static_cast<ptrdiff_t>(size);
    // A stream that broke says so by itself.
    pipe.stream->Send(BgpBytes(pipe.held.begin(), end)).IgnoreError();
    pipe.held.erase(pipe.held.begin(), end);
    if (pipe.held.empty() && pipe.finishing) pipe.stream->FinishSending();
  }

  void ReleaseAll() {
    std::erase_if(pipes, [](const auto& weak) { return weak.expired(); });
    for (const auto& weak : pipes) {
      const auto pipe = weak.lock();
      const auto found = slow.find(pipe->stream->remote().address);
      Release(*pipe, found == slow.end()
                         ? pipe->held.size()
                         : static_cast<size_t>(found->second * kTick /
                                               absl::Seconds(1)));
    }
    std::erase_if(closed, [](const auto& pipe) { return pipe->held.empty(); });
  }

  void TickSoon() {
    if (std::exchange(ticks, true)) return;
    world->ScheduleAt(world->Now() + kTick, [weak = weak_from_this()] {
      const auto self = weak.lock();
      if (self == nullptr) return;
      self->ticks = false;
      self->ReleaseAll();
      if (!self->slow.empty()) self->TickSoon();
    });
  }
};

class AlteredPeering::Factory final : public io::StreamFactory {
 public:
  Factory(io::StreamFactory* streams, std::shared_ptr<Shared> shared)
      : streams_(streams), shared_(std::move(shared)) {}

  absl::StatusOr<std::unique_ptr<io::StreamTransport>> Listen(
      const net::Endpoint& at, const io::StreamOptions& options) override {
    return streams_->Listen(at, options);
  }
  absl::StatusOr<std::unique_ptr<io::StreamDialer>> MakeDialer(
      const net::IpAddress& source, const io::StreamOptions& options) override {
    LB_ASSIGN_OR_RETURN(auto dialer, streams_->MakeDialer(source, options));
    return std::make_unique<Dialer>(std::move(dialer), shared_);
  }

 private:
  class AlteredStream final : public io::Stream {
   public:
    AlteredStream(std::unique_ptr<io::Stream> stream,
                  std::shared_ptr<Shared> shared)
        : shared_(std::move(shared)), pipe_(std::make_shared<Pipe>()) {
      pipe_->stream = std::move(stream);
      shared_->pipes.push_back(pipe_);
    }
    ~AlteredStream() override {
      pipe_->is_closed = true;
      if (pipe_->timer != nullptr) pipe_->timer->Disarm();
      if (pipe_->finishing && !pipe_->held.empty()) {
        shared_->closed.push_back(pipe_);
      }
    }

    net::Endpoint local() const override { return pipe_->stream->local(); }
    net::Endpoint remote() const override { return pipe_->stream->remote(); }
    // What a slow router has not taken seems to fill the queue.
    size_t unacknowledged() const override {
      const size_t waiting =
          pipe_->stream->unacknowledged() + pipe_->held.size();
      const auto slow = shared_->slow.find(remote().address);
      if (slow == shared_->slow.end()) return waiting;
      const size_t window = slow->second == 0 ? 0 : kSlowWindow;
      return waiting + bgp::Session::kAheadMax - window;
    }
    absl::Status SetMd5Key(std::string_view key) override {
      return pipe_->stream->SetMd5Key(key);
    }
    absl::Status Send(Span bytes) override {
      return shared_->Send(*pipe_, bytes);
    }
    void FinishSending() override {
      pipe_->finishing = true;
      if (pipe_->held.empty()) pipe_->stream->FinishSending();
    }
    void Receive(OnBytes on_bytes, OnClosed on_closed) override {
      pipe_->on_bytes = std::move(on_bytes);
      pipe_->on_closed = std::move(on_closed);
      pipe_->timer =
          shared_->loop->NewTimer([shared = shared_.get(), pipe = pipe_.get()] {
            shared->Feign(*pipe);
          });
      // The node may destroy this stream within its callbacks.
      pipe_->stream->Receive(
          [shared = shared_, pipe = std::weak_ptr(pipe_)](Span bytes) {
            if (const auto live = pipe.lock()) shared->Hear(*live, bytes);
          },
          [pipe = std::weak_ptr(pipe_)](absl::Status reason) {
            const auto live = pipe.lock();
            if (live == nullptr || live->is_closed) return;
            live->timer->Disarm();
            std::exchange(live->on_closed, nullptr)(std::move(reason));
          });
    }

   private:
    const std::shared_ptr<Shared> shared_;
    const std::shared_ptr<Pipe> pipe_;
  };

  class Dialer final : public io::StreamDialer {
   public:
    Dialer(std::unique_ptr<io::StreamDialer> dialer,
           std::shared_ptr<Shared> shared)
        : dialer_(std::move(dialer)), shared_(std::move(shared)) {}

    void Connect(const net::Endpoint& to, absl::Time deadline,
                 OnConnected on_connected) override {
      dialer_->Connect(
          to, deadline,
          [shared = shared_, on_connected = std::move(on_connected)](
              absl::StatusOr<std::unique_ptr<io::Stream>> stream) mutable {
            if (!stream.ok()) return on_connected(stream.status());
            on_connected(
                std::make_unique<AlteredStream>(*std::move(stream), shared));
          });
    }

   private:
    const std::unique_ptr<io::StreamDialer> dialer_;
    const std::shared_ptr<Shared> shared_;
  };

  io::StreamFactory* const streams_;
  const std::shared_ptr<Shared> shared_;
};

// Sockets that hear the last packet of each peer over and over.
class AlteredPeering::Listeners final : public io::DatagramFactory {
 public:
  Listeners(io::DatagramFactory* datagrams, io::Loop* loop)
      : datagrams_(datagrams), loop_(loop) {}

  absl::StatusOr<std::unique_ptr<io::DatagramTransport>> Bind(
      const net::Endpoint& at, const io::SocketOptions& options) override {
    return datagrams_->Bind(at, options);
  }
  absl::StatusOr<std::unique_ptr<io::DatagramListener>> BindListener(
      const net::Endpoint& at, const io::SocketOptions& options) override {
    LB_ASSIGN_OR_RETURN(auto listener, datagrams_->BindListener(at, options));
    return std::make_unique<Listener>(std::move(listener), loop_);
  }

 private:
  class Listener final : public io::DatagramListener {
   public:
    Listener(std::unique_ptr<io::DatagramListener> listener, io::Loop* loop)
        : listener_(std::move(listener)),
          loop_(loop),
          timer_(loop->NewTimer([this] { Repeat(); })) {
      timer_->Arm(loop->Now() + kTick);
    }

    net::Endpoint local() const override { return listener_->local(); }
    void SetReceiver(Receiver receiver) override {
      receiver_ = std::move(receiver);
      listener_->SetReceiver([this](const io::ArrivedDatagram& datagram) {
        last_[datagram.from.address] = {
            datagram,
            BgpBytes(datagram.payload.begin(), datagram.payload.end())};
        receiver_(datagram);
      });
    }
    void ReceiveWaiting() override { listener_->ReceiveWaiting(); }

   private:
    void Repeat() {
      timer_->Arm(loop_->Now() + kTick);
      for (auto& [from, last] : std::map(last_)) {
        io::ArrivedDatagram again = last.first;
        again.interface = "eth0";
        again.at = loop_->Now();
        again.payload = last.second;
        receiver_(again);
      }
    }

    const std::unique_ptr<io::DatagramListener> listener_;
    io::Loop* const loop_;
    Receiver receiver_;
    std::map<net::IpAddress, std::pair<io::ArrivedDatagram, BgpBytes>> last_;
    const std::unique_ptr<io::Timer> timer_;
  };

  io::DatagramFactory* const datagrams_;
  io::Loop* const loop_;
};

// Shows the links as they were at the start.
class AlteredPeering::FrozenMonitor final : public io::LinkMonitor {
 public:
  explicit FrozenMonitor(io::LinkMonitor* monitor)
      : monitor_(monitor), links_(monitor->Links()) {}

  std::vector<io::Link> Links() const override { return links_; }
  void SetObserver(absl::AnyInvocable<void()> on_change) override {
    monitor_->SetObserver(std::move(on_change));
  }

 private:
  io::LinkMonitor* const monitor_;
  const std::vector<io::Link> links_;
};

AlteredPeering::AlteredPeering(const io::Environment& environment,
                               io::SimLoop* world, bool booted, Defect defect)
    : shared_(std::make_shared<Shared>()),
      streams_(std::make_unique<Factory>(environment.stream_factory, shared_)),
      environment_(environment) {
  shared_->loop = environment.loop;
  shared_->world = world;
  shared_->booted = booted;
  shared_->defect = defect;
  environment_.stream_factory = streams_.get();
  if (defect == Defect::kDeafToBfd) {
    datagrams_ = std::make_unique<Listeners>(environment.datagram_factory,
                                             environment.loop);
    environment_.datagram_factory = datagrams_.get();
  }
  if (defect == Defect::kFrozenLinks) {
    links_ = std::make_unique<FrozenMonitor>(environment.links);
    environment_.links = links_.get();
  }
}

AlteredPeering::~AlteredPeering() = default;

void AlteredPeering::SetSlow(const net::IpAddress& router,
                             int bytes_per_second) {
  shared_->slow[router] = bytes_per_second;
  shared_->TickSoon();
}

void AlteredPeering::SetFast(const net::IpAddress& router) {
  shared_->slow.erase(router);
  shared_->ReleaseAll();
}

size_t AlteredPeering::most_waiting() const { return shared_->most_waiting; }

}  // namespace lb::chaos

#include "lb/io/sim/sim_dial.h"

#include <optional>
#include <utility>

#include "fmt/format.h"
#include "lb/io/sim/sim_connection.h"
#include "lb/io/sim/sim_streams.h"

namespace lb::io {
namespace {

bool SameKey(const Md5Key* one, const Md5Key* other) {
  if (one == nullptr || other == nullptr) return one == other;
  return one->key == other->key;
}

SimConnection::End MakeEnd(const SimAttachment* at,
                           const net::Endpoint& endpoint,
                           const StreamOptions& options,
                           const net::IpAddress& peer) {
  SimConnection::End end = {.at = at, .endpoint = endpoint};
  if (const Md5Key* const key = FindMd5Key(options, peer)) {
    end.md5_key = key->key;
  }
  if (options.user_timeout != absl::ZeroDuration()) {
    end.timeout = options.user_timeout;
  }
  return end;
}

}  // namespace

SimDial::SimDial(SimNetwork* network, const SimAttachment* at,
                 StreamOptions options, Call call)
    : network_(network),
      at_(at),
      options_(std::move(options)),
      run_(at->process->run()),
      call_(std::move(call)) {}

std::string SimDial::Place() const {
  return fmt::format("connect to {}", call_.to.ToString());
}

void SimDial::Start(const net::IpAddress& source) {
  const std::optional<net::IpAddress> from =
      at_->SourceFor(source, call_.to.address.family());
  if (!from) {
    Refuse(absl::UnavailableError(
        fmt::format("{}: want the family of {}", Place(), source.ToString())));
    return;
  }
  if (call_.deadline <= network_->loop()->Now()) {
    at_->process->Post([self = shared_from_this()] { self->AnswerLate(); });
    return;
  }
  const absl::Status fits = at_->CheckSocket(Place(), source, options_.socket);
  if (!fits.ok() && at_->process->running()) {
    Refuse(fits);
    return;
  }
  from_ = {*from, at_->streams->NextPort()};
  timer_ = at_->process->NewTimer([weak = weak_from_this()] {
    if (const auto late = weak.lock()) late->AnswerLate();
  });
  timer_->Arm(call_.deadline);
  SendSyn(kConnectRetryTimeout);
}

void SimDial::Abandon() {
  timer_ = nullptr;
  const auto dropped = std::exchange(call_.on_connected, nullptr);
}

void SimDial::SendSyn(absl::Duration retry) {
  SimLoop* const loop = network_->loop();
  if (is_answered()) return;
  if (loop->Now() > call_.deadline) {
    // The process was stopped: what holds the dial would be gone before its
    // timer.
    at_->process->Post([self = shared_from_this()] { self->AnswerLate(); });
    return;
  }
  const SimAttachment* const host = network_->FindHost(call_.to.address);
  if (host != nullptr && network_->Passes(*at_, *host) &&
      network_->CanReach(*host, *at_)) {
    loop->ScheduleAt(
        loop->Now() + network_->paths().DrawDelay(at_->host, host->host,
                                                  network_->prng()),
        [self = shared_from_this(), host] { self->OnSynArrived(host); });
    return;
  }
  SendSynLater(retry);
}

void SimDial::SendSynLater(absl::Duration retry) {
  at_->process->ScheduleAt(
      network_->loop()->Now() + retry,
      [self = shared_from_this(), retry] { self->SendSyn(2 * retry); });
}

bool SimDial::Agrees(const StreamOptions& listener, int host) const {
  const std::string_view interface = InterfaceBetween(at_->host, host);
  return GoesBy(options_.socket, interface) &&
         GoesBy(listener.socket, interface) &&
         TtlPasses(options_.socket, listener.socket) &&
         TtlPasses(listener.socket, options_.socket) &&
         SameKey(FindMd5Key(options_, call_.to.address),
                 FindMd5Key(listener, from_.address));
}

void SimDial::OnSynArrived(const SimAttachment* host) {
  if (host != at_ && !host->IsConnected()) {
    SendSyn(kConnectRetryTimeout);
    return;
  }
  const absl::Time back =
      network_->loop()->Now() +
      network_->paths().DrawDelay(host->host, at_->host, network_->prng());
  const std::shared_ptr<SimListener> listener =
      host->streams->FindListener(call_.to);
  const bool is_refused = !host->process->running() || listener == nullptr ||
                          listener->on_accepted == nullptr;
  // A kernel refuses as a socket without options would.
  if (!Agrees(is_refused ? StreamOptions() : listener->options, host->host)) {
    SendSynLater(kConnectRetryTimeout);
    return;
  }
  if (is_refused) {
    at_->process->ScheduleAt(back, [self = shared_from_this()] {
      self->Answer(RefusedError(fmt::format("{}: refused", self->Place())));
    });
    return;
  }
  const auto connection = SimConnection::Make(
      network_, MakeEnd(at_, from_, options_, call_.to.address),
      MakeEnd(host, call_.to, listener->options, from_.address), back);
  at_->streams->Remember(connection);
  host->streams->Remember(connection);
  network_->loop()->ScheduleAt(back, [self = shared_from_this(), connection] {
    auto stream = connection->TakeStream(SimConnection::kConnector);
    self->at_->process->Deliver(self->run_,
                                [self, stream = std::move(stream)]() mutable {
                                  self->Answer(std::move(stream));
                                });
  });
  auto stream = connection->TakeStream(SimConnection::kAcceptor);
  host->process->Deliver(
      host->process->run(), [listener, stream = std::move(stream)]() mutable {
        const auto on_accepted = listener->on_accepted;  // Lives while it runs.
        if (on_accepted != nullptr) (*on_accepted)(std::move(stream));
      });
}

void SimDial::Refuse(absl::Status why) {
  at_->process->Post(
      [self = shared_from_this(), why = std::move(why)] { self->Answer(why); });
}

void SimDial::Answer(absl::StatusOr<std::unique_ptr<Stream>> stream) {
  if (is_answered()) return;  // A stream that came late is reset.
  timer_ = nullptr;
  std::exchange(call_.on_connected, nullptr)(std::move(stream));
}

void SimDial::AnswerLate() {
  Answer(absl::DeadlineExceededError(fmt::format("{}: no answer", Place())));
}

}  // namespace lb::io

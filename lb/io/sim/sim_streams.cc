#include "lb/io/sim/sim_streams.h"

#include <utility>

#include "fmt/format.h"
#include "lb/io/sim/sim_connection.h"

namespace lb::io {

struct SimStreamTransport::Pending {
  int run = 0;  // Of the process that connects.
  net::Endpoint from;
  net::Endpoint to;
  absl::Time deadline;
  OnConnected on_connected;  // Empty: answered.
  std::unique_ptr<Timer> timer;
};

SimStreamTransport::SimStreamTransport(SimNetwork* network,
                                       const SimAttachment* at)
    : network_(network), at_(at) {
  for (const net::Endpoint& endpoint : at->endpoints) {
    network->Attach(endpoint, this);
  }
}

void SimStreamTransport::Connect(const net::Endpoint& to, absl::Time deadline,
                                 OnConnected on_connected) {
  auto pending = std::make_shared<Pending>(
      Pending{.run = at_->process->run(),
              .to = to,
              .deadline = deadline,
              .on_connected = std::move(on_connected)});
  const net::Endpoint* from = at_->EndpointOf(to.address.family());
  if (from == nullptr) {
    at_->process->Post([this, pending] {
      Answer(pending, absl::UnavailableError(fmt::format(
                          "connect to {}: want the family of {}",
                          pending->to.ToString(), local().ToString())));
    });
    return;
  }
  if (deadline <= network_->loop()->Now()) {
    at_->process->Post([this, pending] { AnswerLate(pending); });
    return;
  }
  pending->from = {from->address, next_port_++};
  if (next_port_ == 0) next_port_ = kFirstEphemeralPort;
  pending->timer =
      at_->process->NewTimer([this, weak = std::weak_ptr<Pending>(pending)] {
        if (const auto late = weak.lock()) AnswerLate(late);
      });
  pending->timer->Arm(deadline);
  SendSyn(pending, kConnectRetryTimeout);
}

void SimStreamTransport::SendSyn(const std::shared_ptr<Pending>& pending,
                                 absl::Duration retry) {
  SimLoop* const loop = network_->loop();
  if (!pending->on_connected || loop->Now() > pending->deadline) return;
  const SimAttachment* const host = network_->FindHost(pending->to.address);
  if (host != nullptr && network_->Passes(*at_, *host) &&
      network_->CanReach(*host, *at_)) {
    loop->ScheduleAt(loop->Now() + network_->paths().DrawDelay(
                                       at_->host, host->host, network_->prng()),
                     [this, pending, host] { OnSynArrived(pending, host); });
    return;
  }
  at_->process->ScheduleAt(loop->Now() + retry, [this, pending, retry] {
    SendSyn(pending, 2 * retry);
  });
}

void SimStreamTransport::OnSynArrived(const std::shared_ptr<Pending>& pending,
                                      const SimAttachment* host) {
  if (host != at_ && !host->IsConnected()) {
    SendSyn(pending, kConnectRetryTimeout);
    return;
  }
  const absl::Time back =
      network_->loop()->Now() +
      network_->paths().DrawDelay(host->host, at_->host, network_->prng());
  SimStreamTransport* const peer = network_->FindStreams(pending->to);
  const std::shared_ptr<OnAccepted> on_accepted =
      peer == nullptr ? nullptr : peer->on_accepted_;
  if (!host->process->running() || on_accepted == nullptr) {
    at_->process->ScheduleAt(back, [this, pending] {
      Answer(pending, absl::UnavailableError(fmt::format(
                          "connect to {}: refused", pending->to.ToString())));
    });
    return;
  }
  const auto connection = SimConnection::Make(network_, {at_, pending->from},
                                              {peer->at_, pending->to}, back);
  Remember(connection);
  peer->Remember(connection);
  network_->loop()->ScheduleAt(back, [this, pending, connection] {
    auto stream = connection->TakeStream(SimConnection::kConnector);
    at_->process->Deliver(
        pending->run, [this, pending, stream = std::move(stream)]() mutable {
          Answer(pending, std::move(stream));
        });
  });
  auto stream = connection->TakeStream(SimConnection::kAcceptor);
  peer->at_->process->Deliver(
      peer->at_->process->run(),
      [on_accepted, stream = std::move(stream)]() mutable {
        (*on_accepted)(std::move(stream));
      });
}

void SimStreamTransport::Answer(
    const std::shared_ptr<Pending>& pending,
    absl::StatusOr<std::unique_ptr<Stream>> stream) {
  if (!pending->on_connected) return;  // A stream that came late is reset.
  pending->timer = nullptr;
  std::exchange(pending->on_connected, nullptr)(std::move(stream));
}

void SimStreamTransport::AnswerLate(const std::shared_ptr<Pending>& pending) {
  Answer(pending, absl::DeadlineExceededError(fmt::format(
                      "connect to {}: no answer", pending->to.ToString())));
}

void SimStreamTransport::SetAcceptor(OnAccepted on_accepted) {
  on_accepted_ = on_accepted
                     ? std::make_shared<OnAccepted>(std::move(on_accepted))
                     : nullptr;
}

void SimStreamTransport::OnNodeStopped() {
  for (const auto& weak : std::exchange(connections_, {})) {
    if (const auto connection = weak.lock()) connection->OnNodeStopped(at_);
  }
}

void SimStreamTransport::Remember(
    const std::shared_ptr<SimConnection>& connection) {
  if (connections_.size() >= prune_at_) {
    std::erase_if(connections_,
                  [](const auto& weak) { return weak.expired(); });
    prune_at_ = 16 + 2 * connections_.size();
  }
  connections_.push_back(connection);
}

}  // namespace lb::io

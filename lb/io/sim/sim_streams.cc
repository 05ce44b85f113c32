#include "lb/io/sim/sim_streams.h"

#include <optional>
#include <string>
#include <utility>

#include "fmt/format.h"
#include "lb/base/check.h"
#include "lb/base/status_macros.h"
#include "lb/io/sim/sim_connection.h"
#include "lb/io/sim/sim_dial.h"

namespace lb::io {
namespace {

class SimStreamDialer final : public StreamDialer {
 public:
  SimStreamDialer(SimNetwork* network, const SimAttachment* at,
                  const net::IpAddress& source, StreamOptions options)
      : network_(network),
        at_(at),
        source_(source),
        options_(std::move(options)) {}
  ~SimStreamDialer() override {
    for (const auto& weak : dials_) {
      if (const auto dial = weak.lock()) dial->Abandon();
    }
  }
  SimStreamDialer(const SimStreamDialer&) = delete;
  SimStreamDialer& operator=(const SimStreamDialer&) = delete;

  void Connect(const net::Endpoint& to, absl::Time deadline,
               OnConnected on_connected) override {
    std::erase_if(dials_, [](const auto& weak) {
      const auto dial = weak.lock();
      return dial == nullptr || dial->is_answered();
    });
    const auto dial = std::make_shared<SimDial>(
        network_, at_, options_,
        SimDial::Call{to, deadline, std::move(on_connected)});
    dials_.push_back(dial);
    dial->Start(source_);
  }

 private:
  SimNetwork* const network_;
  const SimAttachment* const at_;
  const net::IpAddress source_;
  const StreamOptions options_;
  std::vector<std::weak_ptr<SimDial>> dials_;  // Those without an answer.
};

// What local() is: where the socket is bound, or the host's first address.
enum class Named { kAsBound, kAsHost };

class SimStreamTransport final : public StreamTransport {
 public:
  SimStreamTransport(SimNetwork* network, const SimAttachment* at,
                     std::shared_ptr<SimListener> listener, Named named)
      : at_(at),
        listener_(std::move(listener)),
        named_(named),
        dialer_(network, at, listener_->at.address, listener_->options) {}
  ~SimStreamTransport() override {
    at_->streams->Close(*listener_);
    const auto on_accepted = std::exchange(listener_->on_accepted, nullptr);
  }
  SimStreamTransport(const SimStreamTransport&) = delete;
  SimStreamTransport& operator=(const SimStreamTransport&) = delete;

  net::Endpoint local() const override {
    if (named_ == Named::kAsBound) return listener_->at;
    return {at_->addresses[0], listener_->at.port};
  }
  void Connect(const net::Endpoint& to, absl::Time deadline,
               OnConnected on_connected) override {
    dialer_.Connect(to, deadline, std::move(on_connected));
  }
  void SetAcceptor(OnAccepted on_accepted) override {
    listener_->on_accepted =
        on_accepted && at_->process->running()
            ? std::make_shared<OnAccepted>(std::move(on_accepted))
            : nullptr;
  }

 private:
  const SimAttachment* const at_;
  const std::shared_ptr<SimListener> listener_;
  const Named named_;
  SimStreamDialer dialer_;
};

}  // namespace

SimStreamFactory::SimStreamFactory(SimNetwork* network, SimAttachment* at)
    : network_(network), at_(at) {
  at->streams = this;
}

absl::StatusOr<std::unique_ptr<StreamTransport>> SimStreamFactory::Listen(
    const net::Endpoint& at, const StreamOptions& options) {
  const std::string place = fmt::format("tcp {}", at.ToString());
  LB_RETURN_IF_ERROR(Validate(options, at.address));
  LB_RETURN_IF_ERROR(at_->CheckSocket(place, at.address, options.socket));
  const std::optional<net::Endpoint> there = listeners_.Choose(at);
  if (!there) {
    return absl::UnavailableError(fmt::format("{}: in use", place));
  }
  return std::make_unique<SimStreamTransport>(
      network_, at_, Open(*there, options), Named::kAsBound);
}

absl::StatusOr<std::unique_ptr<StreamDialer>> SimStreamFactory::MakeDialer(
    const net::IpAddress& source, const StreamOptions& options) {
  LB_RETURN_IF_ERROR(Validate(options, source));
  return std::make_unique<SimStreamDialer>(network_, at_, source, options);
}

std::unique_ptr<StreamTransport> SimStreamFactory::ListenHost(uint16_t port) {
  const net::Endpoint at = {net::IpAddress::Ipv6(0), port};
  LB_CHECK(listeners_.IsFree(at));
  return std::make_unique<SimStreamTransport>(network_, at_, Open(at, {}),
                                              Named::kAsHost);
}

std::shared_ptr<SimListener> SimStreamFactory::Open(
    const net::Endpoint& at, const StreamOptions& options) {
  const std::shared_ptr<SimListener> listener(
      new SimListener{.at = at, .options = options, .on_accepted = nullptr});
  listeners_.Add(at, listener);
  return listener;
}

void SimStreamFactory::OnNodeStopping() {
  for (const auto& weak : std::exchange(connections_, {})) {
    if (const auto connection = weak.lock()) connection->OnNodeStopped(at_);
  }
}

void SimStreamFactory::OnNodeStopped() {
  for (const auto& listener : listeners_.All()) {
    const auto on_accepted = std::exchange(listener->on_accepted, nullptr);
  }
}

std::shared_ptr<SimListener> SimStreamFactory::FindListener(
    const net::Endpoint& to) const {
  return listeners_.Find(to);
}

uint16_t SimStreamFactory::NextPort() {
  const uint16_t port = next_port_++;
  if (next_port_ == 0) next_port_ = kFirstEphemeralPort;
  return port;
}

void SimStreamFactory::Remember(
    const std::shared_ptr<SimConnection>& connection) {
  if (connections_.size() >= prune_at_) {
    std::erase_if(connections_,
                  [](const auto& weak) { return weak.expired(); });
    prune_at_ = 16 + 2 * connections_.size();
  }
  connections_.push_back(connection);
}

}  // namespace lb::io

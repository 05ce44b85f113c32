#include "tests/sim/chaos/bgp/router.h"

#include <utility>

#include "lb/base/check.h"

namespace lb::chaos {
namespace {

constexpr uint16_t kPort = 179;

class NoListener final : public io::StreamTransport {
 public:
  explicit NoListener(OnAccepted* on_accepted) : on_accepted_(on_accepted) {}
  ~NoListener() override { *on_accepted_ = nullptr; }

  net::Endpoint local() const override { return {{}, kPort}; }
  void Connect(const net::Endpoint&, absl::Time, OnConnected) override {
    LB_CHECK(false);  // Nodes dial.
  }
  void SetAcceptor(OnAccepted on_accepted) override {
    *on_accepted_ = std::move(on_accepted);
  }

 private:
  OnAccepted* const on_accepted_;
};

}  // namespace

// The router's listener as the session with one node sees it.
class Router::Port final : public io::StreamFactory {
 public:
  absl::StatusOr<std::unique_ptr<io::StreamTransport>> Listen(
      const net::Endpoint&, const io::StreamOptions&) override {
    return std::make_unique<NoListener>(&on_accepted_);
  }
  absl::StatusOr<std::unique_ptr<io::StreamDialer>> MakeDialer(
      const net::IpAddress&, const io::StreamOptions&) override {
    return absl::UnimplementedError("nodes dial");
  }
  void Accept(std::unique_ptr<io::Stream> stream) {
    on_accepted_(std::move(stream));
  }

 private:
  io::StreamTransport::OnAccepted on_accepted_;
};

Router::Router(io::SimHost* host, const RouterTerms& terms, int nodes,
               NodeAt node_at)
    : host_(host), terms_(terms), nodes_(nodes), node_at_(std::move(node_at)) {}

Router::~Router() { Stop(); }

net::IpAddress Router::address() const {
  if (!terms_.over_ipv6) return host_->address();
  for (const net::IpPrefix& own :
       const_cast<io::SimHost*>(host_)->links().Find("eth0")->addresses) {
    if (own.address.is_ipv6() && own.length == 64 &&
        own.address.ToString().starts_with("fd00")) {
      return own.address;
    }
  }
  LB_CHECK(false);
  return {};
}

void Router::Start() {
  LB_CHECK(!running());
  const io::Environment environment = host_->environment();
  for (int i = 0; i < nodes_; ++i) {
    Session session;
    session.port = std::make_unique<Port>();
    session.router = std::make_unique<bgp::SimRouter>(
        environment.loop, session.port.get(),
        bgp::SimRouterOptions{.asn = kRoutersAs,
                              .peer_asn = kNodesAs,
                              .hold_seconds = terms_.hold_seconds,
                              .restart_seconds = terms_.restart_seconds});
    sessions_.push_back(std::move(session));
  }
  auto listener = environment.stream_factory->Listen(
      {net::IpAddress::Ipv6(0), kPort}, {.socket = {.ttl = 255}});
  LB_CHECK(listener.ok());
  listener_ = *std::move(listener);
  listener_->SetAcceptor([this](std::unique_ptr<io::Stream> stream) {
    const auto node = node_at_(stream->remote().address);
    if (node) sessions_[*node - 1].port->Accept(std::move(stream));
  });
  bfd_ = std::make_unique<bfd::BfdNode>(bfd::Ports::From(environment));
  bfd_->SetObserver([this](const bfd::SessionEvent& event) { OnBfd(event); });
  FollowBfd();
}

void Router::Stop() {
  bfd_ = nullptr;
  listener_ = nullptr;
  sessions_.clear();
}

void Router::Kill() {
  host_->Kill();
  Stop();
}

void Router::Crash() {
  host_->Crash();
  Stop();
}

void Router::PowerOn() {
  if (!host_->running()) host_->Restart();
}

void Router::SetBfdWith(const std::vector<net::IpAddress>& addresses) {
  bfd_with_ = addresses;
  if (bfd_ != nullptr) FollowBfd();
}

void Router::FollowBfd() {
  bfd::Endpoint::Sessions sessions;
  for (const net::IpAddress& address : bfd_with_) {
    sessions[{.remote = address, .interface = "eth0"}] = {
        .desired_min_tx = kBfdInterval,
        .required_min_rx = kBfdInterval,
        .detect_multiplier = kBfdMultiplier};
  }
  LB_CHECK(bfd_->SetSessions(sessions).ok());
}

void Router::OnBfd(const bfd::SessionEvent& event) {
  if (event.change != bfd::SessionChange::kPeerFailed) return;
  const auto node = node_at_(event.key.remote);
  if (!node) return;
  session(*node).Notify(6, 10);
  session(*node).ForgetStale();
}

}  // namespace lb::chaos

#include "tests/kubernetes/relay.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lb/base/bytes.h"
#include "lb/base/check.h"
#include "lb/net/ip_address.h"

namespace lb::kubernetes {

Relay::Relay(io::StreamFactory* factory, const net::Endpoint& server)
    : factory_(factory), server_(server) {
  auto listener = factory_->Listen({server.address, 0}, {});
  LB_CHECK(listener.ok());
  listener_ = *std::move(listener);
  listener_->SetAcceptor([this](std::unique_ptr<io::Stream> client) {
    OnAccepted(std::move(client));
  });
}

void Relay::Set(Way way) {
  way_ = way;
  if (way == Way::kClosed) links_.clear();
  if (way != Way::kSilent) return;
  for (Link& link : links_) link.is_silent = true;
}

void Relay::OnAccepted(std::unique_ptr<io::Stream> client) {
  if (way_ == Way::kClosed) return;
  const auto link = links_.emplace(links_.end());
  link->client = std::move(client);
  if (way_ == Way::kSilent) return;
  link->client->Receive(
      [this, link](absl::Span<const uint8_t> bytes) {
        OnClientBytes(*link, bytes);
      },
      [this, link](const absl::Status&) {
        if (!link->is_silent) links_.erase(link);
      });
  auto dialer = factory_->MakeDialer(server_.address, {});
  LB_CHECK(dialer.ok());
  link->dialer = *std::move(dialer);
  link->dialer->Connect(
      server_, absl::InfiniteFuture(),
      [this, link](absl::StatusOr<std::unique_ptr<io::Stream>> server) {
        if (!server.ok()) {
          links_.erase(link);
          return;
        }
        link->server = *std::move(server);
        link->server->Receive(
            [link](absl::Span<const uint8_t> bytes) {
              if (!link->is_silent) (void)link->client->Send(bytes);
            },
            [this, link](const absl::Status&) {
              if (!link->is_silent) links_.erase(link);
            });
        (void)link->server->Send(AsBytes(link->early));
      });
}

void Relay::OnClientBytes(Link& link, absl::Span<const uint8_t> bytes) {
  if (link.is_silent) return;
  if (link.server == nullptr) {
    link.early += AsText(bytes);
  } else {
    (void)link.server->Send(bytes);
  }
}

}  // namespace lb::kubernetes

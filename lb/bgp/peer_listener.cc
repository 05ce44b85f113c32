#include "lb/bgp/peer_listener.h"

#include <algorithm>
#include <utility>

#include "lb/bgp/peer_sockets.h"

namespace lb::bgp {
namespace {

bool SameKeys(const std::vector<io::Md5Key>& one,
              const std::vector<io::Md5Key>& other) {
  return std::equal(one.begin(), one.end(), other.begin(), other.end(),
                    [](const io::Md5Key& a, const io::Md5Key& b) {
                      return a.peer == b.peer && a.key == b.key;
                    });
}

}  // namespace

PeerListener::PeerListener(const Ports& ports, const net::Endpoint& at,
                           Owner owner)
    : ports_(ports),
      at_(at),
      owner_(std::move(owner)),
      retry_(ports.loop->NewTimer([this] { Open(); })) {}

void PeerListener::Follow(const std::vector<const PeerOptions*>& peers) {
  io::StreamOptions options = ListenerOptionsFor(peers);
  const bool is_wanted = !peers.empty();
  if (is_wanted == is_wanted_ &&
      SameKeys(options.md5_keys, options_.md5_keys)) {
    return;
  }
  is_wanted_ = is_wanted;
  options_ = std::move(options);
  transport_ = nullptr;  // The port is free again for the next one.
  retry_->Disarm();
  failed_ = absl::OkStatus();
  if (is_wanted_) Open();
}

void PeerListener::Open() {
  auto transport = ports_.stream_factory->Listen(at_, options_);
  if (!transport.ok()) {
    retry_->Arm(ports_.loop->Now() + kRetry);
    if (std::exchange(failed_, transport.status()) != failed_) {
      owner_.on_failed(failed_);
    }
    return;
  }
  failed_ = absl::OkStatus();
  transport_ = *std::move(transport);
  transport_->SetAcceptor([this](std::unique_ptr<io::Stream> stream) {
    owner_.on_accepted(std::move(stream));
  });
}

}  // namespace lb::bgp

#include "tests/sim/foreign_host.h"

#include <variant>

#include "lb/announce/arp_responder.h"
#include "lb/announce/ndp_responder.h"
#include "lb/base/check.h"
#include "lb/net/arp.h"
#include "lb/net/ethernet.h"
#include "lb/net/ndp.h"

namespace lb {

ForeignHost::ForeignHost(io::SimHost* host, Has has)
    : host_(host), has_(std::move(has)) {
  auto port = host_->environment().frames->Open("eth0", "arp or icmp6");
  LB_CHECK(port.ok());
  port_ = *std::move(port);
  port_->SetReceiver(
      [this](absl::Span<const uint8_t> frame) { OnFrame(frame); });
}

void ForeignHost::OnFrame(absl::Span<const uint8_t> bytes) {
  const auto frame = net::ParseEthernet(bytes);
  if (!frame.ok()) return;
  if (frame->header.ether_type == net::kEtherTypeArp) {
    const auto packet = net::ParseArp(frame->payload);
    const bool asks = packet.ok() &&
                      packet->operation == net::ArpOperation::kRequest &&
                      packet->sender_ip != packet->target_ip;
    if (asks && has_(packet->target_ip)) {
      Send(announce::ArpReplyFrame(host_->mac(), *packet));
    }
    return;
  }
  const auto packet = net::ParseNdp(frame->payload);
  if (!packet.ok()) return;
  const auto* asked = std::get_if<net::NeighborSolicitation>(&packet->message);
  if (asked != nullptr && has_(asked->target)) {
    Send(announce::NdpReplyFrame(host_->mac(), frame->header, *packet));
  }
}

void ForeignHost::Send(absl::Span<const uint8_t> frame) {
  ++answers_;
  port_->Send(frame).IgnoreError();
}

}  // namespace lb

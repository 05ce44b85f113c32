#include "lb/announce/frame_outbox.h"

namespace lb::announce {

bool FrameOutbox::AddReply(const std::string& interface,
                           const net::IpAddress& vip,
                           std::vector<uint8_t> reply) {
  AddressCounters& counters = counters_.at(vip);
  ++counters.requests_received;
  if (is_full()) return false;
  ++counters.responses_sent;
  frames_.push_back({interface, vip, std::move(reply)});
  return true;
}

void FrameOutbox::AddUnasked(const std::string& interface, UnaskedFrame frame) {
  if (const auto it = counters_.find(frame.vip); it != counters_.end()) {
    AddressCounters& counters = it->second;
    ++(frame.is_probe ? counters.probes_sent : counters.gratuitous_sent);
  }
  frames_.push_back({interface, frame.vip, std::move(frame.bytes)});
}

void FrameOutbox::Drop(const Announcement& announcement) {
  std::erase_if(frames_, [&](const OutgoingFrame& frame) {
    return frame.vip == announcement.vip &&
           frame.interface == announcement.interface;
  });
}

}  // namespace lb::announce
